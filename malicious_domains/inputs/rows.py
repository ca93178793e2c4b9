"""Read names out of lines, CSV and JSON: a row out for each row in.

A row is the text to score, or an Invalid that says why there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ..names.errors import Invalid
from .csv_records import (
    MAX_SHOWN,
    detect_delimiter,
    looks_like_header,
    normalize_name,
    read_preamble,
    read_records,
)
from .json_documents import BROKEN, compile_path, read_documents
from .streams import InputError
from .zeek_header import ZEEK_START, ZeekHeader

Row = str | Invalid  # a name, or why there is none in a row of the input
NULL_ROW = Invalid("null", "no name", "skipped", "placeholder")
_EMPTY = Invalid("", "an empty line", "skipped", "comment")


@dataclass
class Notes:
    """What is worth a line of the log."""

    without_field: int = 0  # JSON objects that lack the field: other events, no rows
    lines: list[str] = field(default_factory=list)


def read_lines(lines: Iterator[str]) -> Iterator[Row]:
    r"""Yield one name a line; raise InputError for a Zeek log, of which a column must be named.

    >>> [*read_lines(iter(["example.com\r\n", "example.org"]))]
    ['example.com', 'example.org']
    """
    first = next(lines, None)
    if first is not None and first.startswith(f"{ZEEK_START} "):
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
    delimiter: str | None = None  # None: detected in the first row
    header: bool | None = None

    @property
    def number(self) -> int | None:
        """The column's number from 1 on, None for a name."""
        return int(self.name) if self.name.isascii() and self.name.isdigit() else None

    def detect_delimiter(self, line: str) -> str:
        """Return the delimiter under which the column exists, else the most frequent one."""

        def fit(cells: Sequence[str]) -> int:
            if self.number:
                return len(cells) >= self.number and len(cells) > 1
            return normalize_name(self.name) in map(normalize_name, cells)

        return detect_delimiter([line], fit)


def read_csv_column(lines: Iterator[str], column: Column, notes: Notes) -> Iterator[Row]:
    r"""Yield a column of a CSV or a Zeek log, one cell a record.

    A record whose quote is not closed is an Invalid that names its line. Raises InputError if
    there is no such column, or two.

    >>> lines = iter(["client;query\n", "10.0.0.1;example.com\n"])
    >>> [*read_csv_column(lines, Column("query"), Notes())]
    ['example.com']
    """
    number, lines, delimiter = read_preamble(lines, column.delimiter, column.detect_delimiter)
    if delimiter == ZEEK_START:
        yield from _read_zeek_column(lines, column, notes)
        return
    at = None
    for record in read_records(lines, delimiter, number):
        if isinstance(record, Invalid):
            yield record
            continue
        if at is None:
            at, is_header = find_column(record, column, notes)
            if is_header:
                continue
        yield pick_cell(record, at, column)
    if at is None:
        find_column([], column, notes)  # an empty input has no column


def _read_zeek_column(lines: Iterator[str], column: Column, notes: Notes) -> Iterator[Row]:
    """Yield a column of a Zeek log, whose #fields line is its header; nothing in it is quoted."""
    header, at = ZeekHeader(), None
    for line in lines:
        if line.startswith("#"):
            header = header.read_line(line)
            if line.startswith("#fields"):
                at, _ = find_column(header.fields, column, notes)
        elif at is None:
            raise InputError("a Zeek log without a line #fields before its events")
        else:
            yield pick_cell(line.rstrip("\r\n").split(header.separator), at, column)


def find_column(record: Sequence[str], column: Column, notes: Notes) -> tuple[int, bool]:
    """Return the column's index in a first row, and whether that is a header.

    Raises InputError if there is no such column, or two.
    """
    exact = [i for i, name in enumerate(record) if name == column.name]
    wanted = normalize_name(column.name)
    matches = exact or [i for i, name in enumerate(record) if normalize_name(name) == wanted]
    if matches and column.header is not False:
        if len(matches) > 1:
            raise InputError(f"{len(matches)} columns are called {column.name!r}: give its number")
        if not exact:
            notes.lines.append(f"column {record[matches[0]]!r} is taken for {column.name!r}")
        return matches[0], True
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
    """Return the column's cell of a record, or an Invalid where the record is too short."""
    if at < len(record):
        return record[at]
    return Invalid(",".join(record)[:MAX_SHOWN], f"no column {column.name!r} in this row")


# --- JSON ---


def read_json_field(lines: Iterator[str], path: str, notes: Notes) -> Iterator[Row]:
    r"""Yield a field of JSON objects, one a line, or of one array of objects.

    path is a key, or keys with dots between them and [] after one that holds an array
    (dns.queries[].rrname). An object that lacks it is counted in notes and gives no row; a line
    that is not JSON is an Invalid. Raises InputError for a damaged array.

    >>> [*read_json_field(iter(['{"dns": {"query": "example.com"}}\n']), "dns.query", Notes())]
    ['example.com']
    """
    find_values = compile_path(path)
    for document, text in read_documents(lines):
        if document is BROKEN:
            advice = "; `jq -c .` puts an object on one line" if text in "{[" else ""
            yield Invalid(text[:MAX_SHOWN], f"not a JSON object on one line{advice}")
        elif not isinstance(document, dict):
            yield Invalid(text[:MAX_SHOWN], f"no JSON object with a text {path!r}")
        else:
            values = [*find_values(document)]
            notes.without_field += not values
            yield from (_make_row(value, path) for value in values)


def _make_row(value: Any, path: str) -> Row:
    if isinstance(value, str):
        return value
    if value is None or value != value:  # null, NaN
        return NULL_ROW if value is None else NULL_ROW._replace(domain="NaN")
    return Invalid(json.dumps(value)[:MAX_SHOWN], f"{path!r} is no text")
