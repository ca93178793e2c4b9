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
from .record_files import Table, open_table, read_cells
from .schema import LABEL, CorpusError, LabelledName

MOST_LEFT_OUT = 0.01  # share of the rows that may be left out of a file unless read leniently
_TOO_MANY = f"that is over {MOST_LEFT_OUT:.0%}: fix them, or learn from the rest with --lenient"
_EXAMPLES = 3  # rows that are shown for each reason


@dataclass
class ReadReport:
    """How a file was read, for the artifact's record and the screen."""

    columns: dict[str, str]  # the file's column for each field
    kind: str = ""  # the class of all rows, if the file has no column for it
    classes: dict[str, str] = field(default_factory=dict)  # the class of each word in the file
    read: int = 0  # rows, with those that were left out
    left_out: Counter[str] = field(default_factory=Counter)  # rows not learned from, by reason
    examples: dict[str, list[str]] = field(default_factory=dict)  # some of them, by reason

    def leave_out(self, record: int, row: Invalid) -> None:
        """Count a row by its reason, the first ones as examples; records count from 1 on."""
        self.left_out[row.reason] += 1
        shown = self.examples.setdefault(row.reason, [])
        if len(shown) < _EXAMPLES:
            why = f": {row.error}" * (not shown)
            shown.append(f"record {record} {quote_text(row.domain)}{why}")

    def record(self) -> dict[str, Any]:
        """Return columns, words for the classes, and the rows left out by reason."""
        left_out = dict(self.left_out)
        return {"columns": self.columns, "classes": self.classes, "left_out": left_out}

    def describe_left_out(self) -> str:
        """Return the numbers of rows that were left out, with examples; "" if there are none."""
        lines = [
            f"\n  {count:,} {reason}: {'; '.join(self.examples[reason])}"
            for reason, count in self.left_out.most_common()
        ]
        head = f"{self.left_out.total():,} of {self.read:,} rows left out"
        return f"{head}{''.join(lines)}" if lines else ""

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
            left_out, read = self.report.left_out.total(), self.report.read
            if left_out > MOST_LEFT_OUT * read and not options.lenient:
                raise CorpusError(f"{self.report.describe_left_out()}\n{_TOO_MANY}")

    def _read_rows(self, table: Table) -> Iterator[LabelledName]:
        report = self.report
        names = [x for x in FIELDS if x in report.columns]
        # A missing column is the empty cell that is put last.
        cells = itemgetter(*(names.index(x) if x in names else -1 for x in FIELDS))
        for number, record in enumerate(read_cells(table, [*report.columns.values()]), 1):
            row: LabelledName | Invalid | None = (
                record
                if isinstance(record, Invalid)
                else self._make_row(number, *cells((*record, "")))
            )
            report.read += row is not None
            if isinstance(row, Invalid):
                report.leave_out(number, row)
            elif row:
                yield row

    def _make_row(
        self, number: int, host: str, label: str, word: str, subclass: str, group: str
    ) -> LabelledName | Invalid | None:
        """Return a row, why there is none, or None for one of the other class."""
        report = self.report
        kind = report.kind or report.classes.get(word) or self._learn_class(number, word)
        if not kind:
            return Invalid(host or label, "no class", reason="no_class")
        if self._kind and kind != self._kind:
            return None
        if not LABEL.fullmatch(label):
            try:
                host, label, *_ = parse(host or label)
            except InvalidDomain as error:
                return Invalid(host or label, str(error), error.status, error.reason)
        texts = map(_replace_surrogates, (host or label, subclass or kind, group))
        host, subclass, group = texts
        return LabelledName(host, label, kind, subclass, group)

    def _learn_class(self, number: int, word: str) -> str:
        """Return the class of a word that occurs for the first time; empty for an empty one."""
        column = self.report.columns["class"]
        if not word.strip():
            return ""
        try:
            self.report.classes[word] = parse_class(word)
        except CorpusError as error:
            if word == column:  # the header once more, where files were put together
                return ""
            raise CorpusError(f"column {column!r}, record {number} has {error}") from error
        return self.report.classes[word]


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
