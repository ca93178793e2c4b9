"""Read labelled names as people have them: other columns, other class words, hosts alone.

Rows that cannot be learned from are left out, counted by reason, and shown by example.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from malicious_domains.inputs.streams import InputError
from malicious_domains.names.errors import Invalid, quote_text
from malicious_domains.names.parse import InvalidDomain, parse

from .mapping import FIELDS, ReadOptions, map_columns, parse_class
from .record_files import Table, open_table
from .schema import LABEL, CorpusError, LabelledName

MOST_LEFT_OUT = 0.01  # share of the rows that may be left out of a file unless read leniently
_TOO_MANY = f"that is over {MOST_LEFT_OUT:.0%}: fix them, or learn from the rest with --lenient"
_EXAMPLES = 3  # rows that are shown for each reason
_NO_CLASS = Invalid("", "no class", reason="no_class")


@dataclass
class LeftOut:
    """Rows that are not learned from, counted by reason, with some examples."""

    of: int = 0  # rows that were read, these included
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, record: int, row: Invalid) -> None:
        """Count a row by its reason; records are numbered from 1 on."""
        self.of += 1
        self.reasons[row.reason] += 1
        shown = self.examples.setdefault(row.reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(
                f"record {record} {quote_text(row.domain)}" + f": {row.error}" * (not shown)
            )

    @property
    def rows(self) -> int:
        """The number of these rows."""
        return self.reasons.total()

    def __str__(self) -> str:
        lines = (
            f"\n  {count:,} {reason}: {'; '.join(self.examples[reason])}"
            for reason, count in self.reasons.most_common()
        )
        return f"{self.rows:,} of {self.of:,} rows left out{''.join(lines)}"


@dataclass
class ReadReport:
    """How a file was read, for the artifact's record and the screen."""

    columns: dict[str, str]  # the file's column for each field
    kind: str = ""  # the class of all rows, if the file has no column for it
    classes: dict[str, str] = field(default_factory=dict)  # the class of each word in the file
    left_out: LeftOut = field(default_factory=LeftOut)

    def record(self) -> dict[str, Any]:
        """Return columns, words for the classes, and the rows left out by reason."""
        left_out = dict(self.left_out.reasons)
        return {"columns": self.columns, "classes": self.classes, "left_out": left_out}

    def __str__(self) -> str:
        parts = [f"{name} from {column!r}" for name, column in self.columns.items()]
        if words := ", ".join(f"{w!r} is {kind}" for w, kind in self.classes.items() if w != kind):
            parts.append(words)
        if "domain" not in self.columns:
            parts.append("the label from the host")
        if "class" not in self.columns:
            parts.append(f"every row is {self.kind}")
        return ", ".join(parts)


class Reading:
    """The rows of a CSV, of JSON lines or of Parquet, one after the other.

    A row's label is that of the file, or taken from the host.
    """

    report: ReadReport  # once rows are read

    def __init__(self, path: Path, options: ReadOptions | None = None, kind: str = "") -> None:
        """Read a file; kind: the only class to keep, and that of all rows without a class."""
        self._path, self._options, self._kind = path, options or ReadOptions(), kind

    def __iter__(self) -> Iterator[LabelledName]:
        """Yield the rows that can be learned from.

        Raises CorpusError if columns are unknown or ambiguous, a class has an unknown word, or, at
        the end, more than MOST_LEFT_OUT of the rows were left out and options are not lenient;
        InputError if the file cannot be read.
        """
        path, options = self._path, self._options
        with _name_errors(path), open_table(path, options.numbered) as table:
            columns = _choose_columns(table, options.columns, self._kind)
            self.report = ReadReport(columns, "" if "class" in columns else self._kind)
            yield from self._read_rows(table)
            left_out = self.report.left_out
            if left_out.rows > MOST_LEFT_OUT * left_out.of and not options.lenient:
                raise CorpusError(f"{left_out}\n{_TOO_MANY}")

    def _read_rows(self, table: Table) -> Iterator[LabelledName]:
        columns, left_out = self.report.columns, self.report.left_out
        names = [x for x in FIELDS if x in columns]
        # A missing column is the empty cell that is put last.
        cells = itemgetter(*(names.index(x) if x in names else -1 for x in FIELDS))
        for number, record in enumerate(table.records([columns[x] for x in names]), 1):
            if isinstance(record, Invalid):
                row: LabelledName | Invalid | None = record
            else:
                row = self._make_row(number, *cells((*record, "")))
            if isinstance(row, Invalid):
                left_out.add(number, row)
            elif row:
                left_out.of += 1
                yield row

    def _make_row(
        self, number: int, host: str, label: str, word: str, subclass: str, group: str
    ) -> LabelledName | Invalid | None:
        """Return a row, why there is none, or None for one of the other class."""
        report = self.report
        kind = report.kind or report.classes.get(word) or self._learn_class(number, word)
        if not kind:
            return _NO_CLASS._replace(domain=host or label)
        if self._kind and kind != self._kind:
            return None
        if not LABEL.fullmatch(label):
            try:
                host, label, *_ = parse(host or label)
            except InvalidDomain as error:
                return Invalid(host or label, str(error), error.status, error.reason)
        texts = _replace_surrogates(host or label), _replace_surrogates(subclass or kind)
        return LabelledName(texts[0], label, kind, texts[1], _replace_surrogates(group))

    def _learn_class(self, number: int, word: str) -> str:
        """Return the class of a word that occurs for the first time; empty for an empty one."""
        if not word or word.isspace():
            return ""
        try:
            kind = parse_class(word)
        except CorpusError as error:
            column = self.report.columns["class"]
            if word == column:  # the header once more, where files were put together
                return ""
            raise CorpusError(f"column {column!r}, record {number} has {error}") from error
        self.report.classes[word] = kind
        return kind


@contextmanager
def _name_errors(path: Path) -> Iterator[None]:
    """Begin the errors of the block with the file's name."""
    try:
        yield
    except (CorpusError, InputError) as error:
        if str(error).startswith(f"{path}: "):
            raise
        raise CorpusError(f"{path}: {error}") from error


def _choose_columns(table: Table, given: Mapping[str, str], kind: str) -> dict[str, str]:
    try:
        chosen = map_columns(table.columns, given, table.find)
    except CorpusError as error:
        raise CorpusError(f"{error}; {table.shown}") from error
    missing = [] if chosen.keys() & {"host", "domain"} else ["names"]
    missing += [] if kind or "class" in chosen else ["classes"]
    if missing:
        raise CorpusError(f"no column of {' or of '.join(missing)} is known; {table.shown}")
    return chosen


def _replace_surrogates(text: str) -> str:
    """Replace bytes that were not of the file's encoding, which no file could hold."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)
