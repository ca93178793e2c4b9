"""Names out of lines, CSV and JSON lines: a row out for each row in.

A row is the text to judge, or an Invalid that says why there is none in it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from lambda_app.chalicelib.model.score import Invalid

from .streams import InputError

Row = str | Invalid  # a name, or why there is none in a row of the input
DELIMITERS = ",;\t|"
MAX_QUOTED_LINES = 100  # that one quoted field may span, before its quote counts as unclosed
MAX_ARRAY = 200_000_000  # characters of a JSON array, which is read whole
_ZEEK = "#separator "  # how a Zeek log in TSV begins
_EMPTY = Invalid("", "an empty line", "skipped", "comment")
_SHOWN = 80  # characters of the input that a message shows


@dataclass
class Notes:
    """What was seen on the way that is worth a line of talk."""

    without_field: int = 0  # JSON objects that lack the field: other events, no rows
    lines: list[str] = field(default_factory=list)


def from_lines(lines: Iterator[str]) -> Iterator[Row]:
    """One name a line; raises InputError for a Zeek log, of which a column must be named."""
    first = next(lines, None)
    if first is not None and first.startswith(_ZEEK):
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


def from_csv(lines: Iterator[str], column: Column, notes: Notes) -> Iterator[Row]:
    """A column of a CSV; raises InputError if it is not there, or there twice.

    A row whose quote is not closed within MAX_QUOTED_LINES lines, or at all, is an Invalid that
    names its line; the rows after it are read as if it were not there.
    """
    csv.field_size_limit(2**31 - 1)
    number, lines, delimiter = _preamble(lines, column)
    if delimiter == _ZEEK:
        yield from _zeek(lines, column, notes)
        return
    at = None
    for record in _records(lines, delimiter, number):
        if isinstance(record, Invalid):
            yield record
        elif at is None:
            at, is_header = _find(record, column, notes)
            if not is_header:
                yield _cell(record, at, column)
        else:
            yield _cell(record, at, column)
    if at is None:
        _find([], column, notes)  # an empty input has no column


def _preamble(lines: Iterator[str], column: Column) -> tuple[int, Iterator[str], str]:
    """Lines that say something of the file, not of names: Excel's sep=;, PowerShell's #TYPE."""
    number, delimiter = 0, column.delimiter
    for line in lines:
        if number < 2 and (found := re.fullmatch(r'"?sep=(.)"?\s*', line)):
            delimiter = delimiter or found[1]
        elif number < 2 and line.startswith("#TYPE "):
            pass
        elif line.startswith(_ZEEK):
            return number, chain([line], lines), _ZEEK
        else:
            return number, chain([line], lines), delimiter or _delimiter(line, column)
        number += 1
    return number, iter(()), delimiter or ","


def _delimiter(line: str, column: Column) -> str:
    """The delimiter under which the wanted column is there, else the most frequent one."""

    def fit(delimiter: str) -> tuple[bool, int]:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        wanted = column.number
        there = len(cells) >= wanted if wanted else _same(column.name) in map(_same, cells)
        return there and (len(cells) > 1 or not wanted), len(cells)

    return max(DELIMITERS, key=fit)


def _zeek(lines: Iterator[str], column: Column, notes: Notes) -> Iterator[Row]:
    """A column of a Zeek log, whose #fields line is its header; nothing in it is quoted."""
    separator, at = "\t", None
    for line in lines:
        if line.startswith(_ZEEK):
            separator = line.split()[1].encode("ascii", "replace").decode("unicode_escape")
        elif line.startswith("#fields"):
            names = line.rstrip("\r\n").split(separator)[1:]
            at, _ = _find(names, column, notes)
        elif not line.startswith("#"):
            if at is None:
                raise InputError("a Zeek log without a line #fields before its events")
            yield _cell(line.rstrip("\r\n").split(separator), at, column)


def _same(name: str) -> str:
    """A header without what people do not see: blanks around, case."""
    return name.strip().casefold()


def _find(record: Sequence[str], column: Column, notes: Notes) -> tuple[int, bool]:
    """Where the column is, and whether the record is a header."""
    exact = [i for i, name in enumerate(record) if name == column.name]
    near = [i for i, name in enumerate(record) if _same(name) == _same(column.name)]
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
    if _is_header(record):
        shown = f"; the header is {','.join(record)[:200]!r}"
    raise InputError(
        f"no column {column.name!r}{shown}; give a name of the header, or a number from 1 to "
        f"{len(record)} where there is none"
    )


def _is_header(record: Sequence[str]) -> bool:
    """Whether a first row may be shown: names of columns, not somebody's data."""
    return all(
        re.fullmatch(r"[\w #./()-]{1,40}", name.strip()) for name in record if name
    ) and not any(re.search(r"[0-9]{3}|@|\.[a-z]", name) for name in record)


def _cell(record: Sequence[str], at: int, column: Column) -> Row:
    if at < len(record):
        return record[at]
    shown = ",".join(record)[:_SHOWN]
    return Invalid(shown, f"no column {column.name!r} in this row")


def _records(lines: Iterator[str], delimiter: str, number: int) -> Iterator[list[str] | Invalid]:
    """The records of a CSV; number is how many lines came before."""
    broken: list[Invalid] = []
    whole = _whole(lines, delimiter, number, broken)
    reader = csv.reader(whole, delimiter=delimiter, skipinitialspace=True)
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            yield Invalid("", f"no CSV record: {error}")
            continue
        while broken:  # they came before the record that has just been read
            yield broken.pop(0)
        if record is None:
            return
        yield record


def _whole(
    lines: Iterator[str], delimiter: str, number: int, broken: list[Invalid]
) -> Iterator[str]:
    """Lines joined to records: a quoted field may hold line breaks.

    A line whose quote is not closed goes to broken, and what follows it is read again.
    """
    waiting: list[str] = []
    while True:
        line = waiting.pop(0) if waiting else next(lines, None)
        if line is None:
            return
        number += 1
        line = line.replace("\0", "\ufffd")  # csv refuses the whole file; the name is refused alone
        if line.count('"') % 2 == 0 or not _is_open(line, delimiter):
            yield line
            continue
        more = list(islice(chain(waiting, lines), MAX_QUOTED_LINES))
        del waiting[: len(more)]
        for i in range(len(more)):
            joined = line + "".join(more[: i + 1])
            if more[i].count('"') % 2 and not _is_open(joined, delimiter):
                waiting = more[i + 1 :] + waiting
                number += i + 1
                yield joined
                break
        else:
            waiting = more + waiting
            broken.append(
                Invalid(line.strip()[:_SHOWN], f"line {number}: a quote is opened and never closed")
            )


def _is_open(text: str, delimiter: str) -> bool:
    """Whether a record ends inside a quoted field."""
    try:
        next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True), None)
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


# --- JSON ---


def from_json(lines: Iterator[str], path: str, notes: Notes) -> Iterator[Row]:
    """A field of JSON objects, one a line, or of one array of objects.

    path is a key, or keys with dots between them and [] after one that holds an array
    (dns.queries[].rrname). An object that lacks it is counted in notes and gives no row; a line
    that is no JSON is an Invalid. Raises InputError for an array that is too long to be read.
    """
    values = _values_of(path)
    for document, text in _documents(lines):
        if document is _BROKEN:
            hint = "; `jq -c .` puts an object on one line" if text in "{[" else ""
            yield Invalid(text[:_SHOWN], f"not a JSON object on one line{hint}")
            continue
        if not isinstance(document, dict):
            yield Invalid(text[:_SHOWN], f"no JSON object with a text {path!r}")
            continue
        found = list(values(document))
        notes.without_field += not found
        for value in found:
            yield _text(value, path)


_BROKEN = object()


def _documents(lines: Iterator[str]) -> Iterator[tuple[Any, str]]:
    first = True
    for line in lines:
        text = line.strip()
        if not text:
            continue
        begins, first = first and text[0] == "[", False
        if begins:
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                for item in _array(chain([line], lines)):
                    yield item, json.dumps(item)[:_SHOWN]
                return
            if any(isinstance(item, dict) for item in document):
                yield from ((item, json.dumps(item)[:_SHOWN]) for item in document)
            else:
                yield document, text
            continue
        try:
            yield json.loads(text), text
        except (ValueError, RecursionError):
            yield _BROKEN, text


def _array(lines: Iterator[str]) -> list[Any]:
    """A JSON array over many lines."""
    parts, size = [], 0
    for line in lines:
        parts.append(line)
        size += len(line)
        if size > MAX_ARRAY:
            raise InputError(
                f"a JSON array of over {MAX_ARRAY:,} characters: make lines of it, jq -c '.[]'"
            )
    try:
        found = json.loads("".join(parts))
    except (ValueError, RecursionError) as error:
        raise InputError(f"a JSON array that cannot be read: {error}") from error
    return found if isinstance(found, list) else [found]


def _values_of(path: str) -> Callable[[dict[str, Any]], Iterator[Any]]:
    """What finds the values of a path in an object; a key that has the dots itself goes first."""
    keys = path.split(".")

    def values(document: Any, rest: Sequence[str]) -> Iterator[Any]:
        if not rest:
            yield document
            return
        name, array = rest[0].removesuffix("[]"), rest[0].endswith("[]")
        if not isinstance(document, dict) or name not in document:
            return
        inside = document[name]
        for item in inside if array and isinstance(inside, list) else [inside]:
            yield from values(item, rest[1:])

    def find(document: dict[str, Any]) -> Iterator[Any]:
        if path in document:
            yield document[path]
        else:
            yield from values(document, keys)

    return find


def _text(value: Any, path: str) -> Row:
    if isinstance(value, str):
        return value
    if value is None or value != value:  # null, NaN
        return Invalid("null" if value is None else "NaN", "no name", "skipped", "placeholder")
    return Invalid(json.dumps(value)[:_SHOWN], f"{path!r} is no text")
