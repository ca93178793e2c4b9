"""Read names out of lines and JSON: a row out for each row in.

A row is the text to score, or an Invalid that says why there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from ..names.errors import Invalid
from .csv_records import MAX_SHOWN
from .streams import MAX_LINE, TOO_LONG, InputError
from .zeek_header import ZEEK_START

BROKEN = object()  # stands for a line that is not JSON
Row = str | Invalid  # a name, or why there is none in a row of the input
NULL_ROW = Invalid("null", "no name", "skipped", "placeholder")
LONG_ROW = Invalid("", f"a line of more than {MAX_LINE:,} characters", reason="text_length")
_EMPTY = Invalid("", "an empty line", "skipped", "comment")


class KeptRow(NamedTuple):
    """A row, and the other cells or keys of its record by their names."""

    row: Row
    rest: dict[str, Any]
    is_object: bool = False  # whether rest is an object of JSON, whose keys vary


Rows = Iterator[Row | KeptRow]


@dataclass
class Notes:
    """Remarks for the log, and what the input has beside the names."""

    without_field: int = 0  # JSON objects that lack the field: other events, no rows
    is_empty: bool = False  # whether there is no record at all
    lines: list[str] = field(default_factory=list)
    kept: tuple[str, ...] = ()  # the names in every KeptRow of a CSV


def read_lines(lines: Iterator[str]) -> Iterator[Row]:
    r"""Yield one name a line; raise InputError for a Zeek log, of which a column must be named.

    >>> [*read_lines(iter(["example.com\r\n", "example.org"]))]
    ['example.com', 'example.org']
    """
    for number, line in enumerate(lines):
        if not number and line.startswith(f"{ZEEK_START} "):
            raise InputError("this is a Zeek log: name the column, --column query")
        text = line.rstrip("\r\n")
        if text == TOO_LONG:
            yield LONG_ROW
        else:
            yield text if text and not text.isspace() else _EMPTY._replace(domain=text)


# --- JSON ---


def read_json_field(lines: Iterator[str], path: str, notes: Notes, keep: bool = False) -> Rows:
    r"""Yield a field of JSON objects, one a line, or of one array of objects.

    path is a key, or keys with dots between them and [] after one that holds an array
    (dns.queries[].rrname). An object that lacks it is counted in notes and gives no row; a line
    that is not JSON is an Invalid. keep: yield a KeptRow of each, with the object. Raises
    InputError for a damaged array.

    >>> [*read_json_field(iter(['{"dns": {"query": "example.com"}}\n']), "dns.query", Notes())]
    ['example.com']
    """
    for document, text in read_documents(lines):
        rows: list[Row]
        if document is BROKEN:
            advice = "; `jq -c .` puts an object on one line" if text in "{[" else ""
            broken = Invalid(text[:MAX_SHOWN], f"not a JSON object on one line{advice}")
            rows = [LONG_ROW if text == TOO_LONG else broken]
        elif not isinstance(document, dict):
            rows = [Invalid(text[:MAX_SHOWN], f"no JSON object with a text {path!r}")]
        else:
            rows = [_make_row(value, path) for value in _find_values(document, path)]
            notes.without_field += not rows
        if not keep:
            yield from rows
            continue
        rest = document if isinstance(document, dict) else {}
        rest = {key: value for key, value in rest.items() if key != path}
        yield from (KeptRow(row, rest, is_object=True) for row in rows)


def _make_row(value: Any, path: str) -> Row:
    if isinstance(value, str):
        return value
    if value is None or value != value:  # null, NaN
        return NULL_ROW if value is None else NULL_ROW._replace(domain="NaN")
    return Invalid(json.dumps(value)[:MAX_SHOWN], f"{path!r} is no text")


def read_documents(lines: Iterator[str]) -> Iterator[tuple[Any, str]]:
    r"""Yield each JSON value of lines, or of one array, with its text for a message.

    The text of an object in an array is empty. An array over several lines is held in memory.
    Raises InputError for a damaged array.

    >>> [*read_documents(iter(["[1, {\n", '"a": 2}]']))]
    [(1, '1'), ({'a': 2}, '')]
    """
    first = True
    for line in lines:
        text = line.strip()
        if not text:
            continue
        begins_array, first = first and text[0] == "[", False
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            if begins_array:
                yield from map(_add_text, _read_array(chain([line], lines)))
                return
            document = BROKEN
        if begins_array and any(isinstance(item, dict) for item in document):
            yield from map(_add_text, document)
        else:
            yield document, text


def _add_text(item: Any) -> tuple[Any, str]:
    return item, "" if isinstance(item, dict) else json.dumps(item)[:MAX_SHOWN]


def _read_array(lines: Iterator[str]) -> list[Any]:
    try:
        return [*json.loads("".join(lines))]
    except (ValueError, RecursionError) as error:
        raise InputError(f"the JSON array is damaged or ends early: {error}") from error


def _find_values(document: dict[str, Any], path: str) -> Iterator[Any]:
    """Return the values of a path in an object; a key that has the dots itself goes first.

    >>> queries = [{"name": "a"}, {"name": "b"}]
    >>> [*_find_values({"dns": {"queries": queries}}, "dns.queries[].name")]
    ['a', 'b']
    """
    return iter([document[path]]) if path in document else _descend(document, path.split("."))


def _descend(document: Any, keys: Sequence[str]) -> Iterator[Any]:
    if not keys:
        yield document
        return
    name = keys[0].removesuffix("[]")
    if isinstance(document, dict) and name in document:
        inside = document[name]
        is_array = keys[0] != name and isinstance(inside, list)
        for item in inside if is_array else [inside]:
            yield from _descend(item, keys[1:])
