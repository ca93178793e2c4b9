"""Labelled names as people have them: other columns, other words for the classes, hosts alone.

What cannot be learned from is left out, counted by reason and shown by example.
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
from malicious_domains.model.score import Invalid
from malicious_domains.names.errors import quote_text
from malicious_domains.names.parse import InvalidDomain, parse

from .class_words import class_of
from .mapping import FIELDS, ReadOptions, choose
from .record_files import Table, opened_table
from .schema import LABEL, CorpusError, LabelledName

MOST_LEFT_OUT = 0.01  # share of the rows that may be left out of a file that is not read leniently
_TOO_MANY = f"that is over {MOST_LEFT_OUT:.0%}: mend them, or learn from the rest with --lenient"
_EXAMPLES = 3  # rows that are shown for each reason
_NO_CLASS = Invalid("", "no class", reason="no_class")


@dataclass
class LeftOut:
    """Rows that nothing is learned from, by reason, with some of them for a person to look at."""

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
        """How many there are."""
        return self.reasons.total()

    def __str__(self) -> str:
        lines = (
            f"\n  {count:,} {reason}: {'; '.join(self.examples[reason])}"
            for reason, count in self.reasons.most_common()
        )
        return f"{self.rows:,} of {self.of:,} rows left out{''.join(lines)}"


@dataclass
class Taken:
    """How a file was read: what an artifact records, and a person is told."""

    columns: dict[str, str]  # theirs by ours
    kind: str = ""  # the class of all rows, if it was told and not read
    classes: dict[str, str] = field(default_factory=dict)  # ours by each of their words
    left_out: LeftOut = field(default_factory=LeftOut)

    def record(self) -> dict[str, Any]:
        """Columns, words for the classes, and numbers of rows that were left out, by reason."""
        left_out = dict(self.left_out.reasons)
        return {"columns": self.columns, "classes": self.classes, "left_out": left_out}

    def __str__(self) -> str:
        parts = [f"{ours} from {theirs!r}" for ours, theirs in self.columns.items()]
        if words := ", ".join(f"{w!r} is {kind}" for w, kind in self.classes.items() if w != kind):
            parts.append(words)
        if "domain" not in self.columns:
            parts.append("the label from the host")
        if "class" not in self.columns:
            parts.append(f"every row is {self.kind}")
        return ", ".join(parts)


class Reading:
    """The rows of a CSV, of JSON lines or of Parquet, one after the other.

    A label stands as it is, or is taken from the host.
    """

    taken: Taken  # how they were read, once they are

    def __init__(self, path: Path, options: ReadOptions | None = None, kind: str = "") -> None:
        """kind: the only class that is wanted, and that of all rows where no column tells it."""
        self._path, self._options, self._kind = path, options or ReadOptions(), kind

    def __iter__(self) -> Iterator[LabelledName]:
        """The rows that can be learned from.

        Raises CorpusError if the columns are not known or not clear, a class is called by an
        unknown word, or, at the end, more than MOST_LEFT_OUT of the rows had to be left out and
        options are not lenient; InputError if the file cannot be read.
        """
        path, options = self._path, self._options
        with _named(path), opened_table(path, options.numbered) as table:
            reader = _Reader(_chosen(table, options.columns, self._kind), self._kind)
            self.taken = reader.taken
            yield from reader.rows(table)
            left_out = reader.taken.left_out
            if left_out.rows > MOST_LEFT_OUT * left_out.of and not options.lenient:
                raise CorpusError(f"{left_out}\n{_TOO_MANY}")


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors of the block begin with the file's name."""
    try:
        yield
    except (CorpusError, InputError) as error:
        if str(error).startswith(f"{path}: "):
            raise
        raise CorpusError(f"{path}: {error}") from error


def _chosen(table: Table, told: Mapping[str, str], kind: str) -> dict[str, str]:
    try:
        chosen = choose(table.columns, told, table.find)
    except CorpusError as error:
        raise CorpusError(f"{error}; {table.shown}") from error
    missing = [] if chosen.keys() & {"host", "domain"} else ["names"]
    missing += [] if kind or "class" in chosen else ["classes"]
    if missing:
        raise CorpusError(f"no column of {' or of '.join(missing)} is known; {table.shown}")
    return chosen


class _Reader:
    """From records to rows."""

    def __init__(self, columns: dict[str, str], kind: str) -> None:
        self.taken = Taken(columns, "" if "class" in columns else kind)
        self._wanted = kind
        self._classes = self.taken.classes

    def rows(self, table: Table) -> Iterator[LabelledName]:
        """The rows that are learned from; the others are counted."""
        columns = self.taken.columns
        names = [x for x in FIELDS if x in columns]
        # Of a column that there is not: the empty cell that is put last.
        cells = itemgetter(*(names.index(x) if x in names else -1 for x in FIELDS))
        for number, record in enumerate(table.records([columns[x] for x in names]), 1):
            if isinstance(record, Invalid):
                row: LabelledName | Invalid | None = record
            else:
                row = self._row(number, *cells((*record, "")))
            if isinstance(row, Invalid):
                self.taken.left_out.add(number, row)
            elif row:
                self.taken.left_out.of += 1
                yield row

    def _row(
        self, number: int, host: str, label: str, word: str, subclass: str, group: str
    ) -> LabelledName | Invalid | None:
        """A row, why it is none, or None for one of the class that is not wanted."""
        kind = self.taken.kind or self._classes.get(word) or self._class(number, word)
        if not kind:
            return _NO_CLASS._replace(domain=host or label)
        if self._wanted and kind != self._wanted:
            return None
        if not LABEL.fullmatch(label):
            try:
                host, label, *_ = parse(host or label)
            except InvalidDomain as error:
                return Invalid(host or label, str(error), error.status, error.reason)
        return LabelledName(
            _text(host or label), label, kind, _text(subclass or kind), _text(group)
        )

    def _class(self, number: int, word: str) -> str:
        """The class of a word that is met for the first time; empty for an empty one."""
        if not word or word.isspace():
            return ""
        try:
            self._classes[word] = class_of(word)
        except CorpusError as error:
            column = self.taken.columns["class"]
            if word == column:  # the header once more, where files were put together
                return ""
            raise CorpusError(f"column {column!r}, record {number} has {error}") from error
        return self._classes[word]


def _text(text: str) -> str:
    """A text without the bytes that were not of its encoding, which no file could hold."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)
