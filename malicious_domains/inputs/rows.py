"""Names out of lines, CSV and JSON lines: a row out for each row in.

A row is the text to judge, or an Invalid that says why there is none in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ..model.score import Invalid
from .csv_records import (
    MAX_SHOWN,
    ZEEK_START,
    detect_delimiter,
    looks_like_header,
    normalize_name,
    read_preamble,
    read_records,
)
from .json_documents import BROKEN, compile_path, read_documents
from .streams import InputError

Row = str | Invalid  # a name, or why there is none in a row of the input
NULL_ROW = Invalid("null", "no name", "skipped", "placeholder")
_EMPTY = Invalid("", "an empty line", "skipped", "comment")


@dataclass
class Notes:
    """What was seen on the way that is worth a line of talk."""

    without_field: int = 0  # JSON objects that lack the field: other events, no rows
    lines: list[str] = field(default_factory=list)


def read_lines(lines: Iterator[str]) -> Iterator[Row]:
    """One name a line; raises InputError for a Zeek log, of which a column must be named."""
    first = next(lines, None)
    if first is not None and first.startswith(ZEEK_START):
        raise InputError("this is a Zeek log: name the column, --column query")
    for line in chain([] if first is None else [first], lines):
        text = line.rstrip("\r\n")
        yield text if text and not text.isspace() else _EMPTY._replace(domain=text)


# --- CSV ---


@dataclass(frozen=True)
class Column:
    """Which column of a CSV has the names: by its header, or by number from 1 on.

    header: whether there is a first row of names; None: unless the column is a number.
    """

    name: str
    delimiter: str | None = None  # None: found in the first row
    header: bool | None = None

    @property
    def number(self) -> int | None:
        """The column's number from 1 on, None for a name."""
        return int(self.name) if self.name.isascii() and self.name.isdigit() else None

    def delimiter_of(self, line: str) -> str:
        """The delimiter under which the column is there, else the most frequent one."""

        def fit(cells: Sequence[str]) -> int:
            if self.number:
                return len(cells) >= self.number and len(cells) > 1
            return normalize_name(self.name) in map(normalize_name, cells)

        return detect_delimiter(line, fit)


def read_csv_column(lines: Iterator[str], column: Column, notes: Notes) -> Iterator[Row]:
    """A column of a CSV; raises InputError if it is not there, or there twice.

    A row whose quote is not closed within MAX_QUOTED_LINES lines, or at all, is an Invalid that
    names its line; the rows after it are read as if it were not there.
    """
    number, lines, delimiter = read_preamble(lines, column.delimiter, column.delimiter_of)
    if delimiter == ZEEK_START:
        yield from _zeek(lines, column, notes)
        return
    at = None
    for record in read_records(lines, delimiter, number):
        if isinstance(record, Invalid):
            yield record
        elif at is None:
            at, header = find_column(record, column, notes)
            if not header:
                yield pick_cell(record, at, column)
        else:
            yield pick_cell(record, at, column)
    if at is None:
        find_column([], column, notes)  # an empty input has no column


def _zeek(lines: Iterator[str], column: Column, notes: Notes) -> Iterator[Row]:
    """A column of a Zeek log, whose #fields line is its header; nothing in it is quoted."""
    separator, at = "\t", None
    for line in lines:
        if line.startswith(ZEEK_START):
            separator = line.split()[1].encode("ascii", "replace").decode("unicode_escape")
        elif line.startswith("#fields"):
            names = line.rstrip("\r\n").split(separator)[1:]
            at, _ = find_column(names, column, notes)
        elif not line.startswith("#"):
            if at is None:
                raise InputError("a Zeek log without a line #fields before its events")
            yield pick_cell(line.rstrip("\r\n").split(separator), at, column)


def find_column(record: Sequence[str], column: Column, notes: Notes) -> tuple[int, bool]:
    """Where the column is in a first row, and whether that is a header; raises InputError."""
    exact = [i for i, name in enumerate(record) if name == column.name]
    near = [
        i for i, name in enumerate(record) if normalize_name(name) == normalize_name(column.name)
    ]
    found = exact or near
    if found and column.header is not False:
        if len(found) > 1:
            raise InputError(f"{len(found)} columns are called {column.name!r}: give its number")
        if not exact:
            notes.lines.append(f"column {record[found[0]]!r} is taken for {column.name!r}")
        return found[0], True
    if column.number and 1 <= column.number <= len(record):
        return column.number - 1, bool(column.header)
    shown = "; the first row is no header that could be shown"
    if looks_like_header(record):
        shown = f"; the header is {','.join(record)[:200]!r}"
    raise InputError(
        f"no column {column.name!r}{shown}; give a name of the header, or a number from 1 to "
        f"{len(record)} where there is none"
    )


def pick_cell(record: Sequence[str], at: int, column: Column) -> Row:
    """The column's cell of a record, or an Invalid where the record is too short."""
    if at < len(record):
        return record[at]
    shown = ",".join(record)[:MAX_SHOWN]
    return Invalid(shown, f"no column {column.name!r} in this row")


# --- JSON ---


def read_json_field(lines: Iterator[str], path: str, notes: Notes) -> Iterator[Row]:
    """A field of JSON objects, one a line, or of one array of objects.

    path is a key, or keys with dots between them and [] after one that holds an array
    (dns.queries[].rrname). An object that lacks it is counted in notes and gives no row; a line
    that is no JSON is an Invalid. Raises InputError for an array that is too long to be read.
    """
    values = compile_path(path)
    for document, text in read_documents(lines):
        if document is BROKEN:
            hint = "; `jq -c .` puts an object on one line" if text in "{[" else ""
            yield Invalid(text[:MAX_SHOWN], f"not a JSON object on one line{hint}")
            continue
        if not isinstance(document, dict):
            yield Invalid(text[:MAX_SHOWN], f"no JSON object with a text {path!r}")
            continue
        found = list(values(document))
        notes.without_field += not found
        for value in found:
            yield _text(value, path)


def _text(value: Any, path: str) -> Row:
    if isinstance(value, str):
        return value
    if value is None or value != value:  # null, NaN
        return NULL_ROW if value is None else NULL_ROW._replace(domain="NaN")
    return Invalid(json.dumps(value)[:MAX_SHOWN], f"{path!r} is no text")
