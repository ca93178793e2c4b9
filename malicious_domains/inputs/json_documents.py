"""The values of JSON lines or of one JSON array, and the fields inside an object."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from .streams import InputError

MAX_ITEM = 50_000_000  # characters of an array's item, which is held in memory
_AT_ONCE = 1 << 16  # characters, about, that are read at a time
_MAX_SHOWN = 80  # characters of the input that a message shows
_BLANKS = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode
BROKEN = object()  # stands for a line that is not JSON


def read_documents(lines: Iterator[str]) -> Iterator[tuple[Any, str]]:
    """Yield each JSON value of lines or of one array, with its text for a message.

    The text of an object in an array is empty. Raises InputError for a damaged array.
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
                yield from map(_with_text, (x for x, _ in read_array(chain([line], lines))))
                return
            document = BROKEN
        if begins_array and any(isinstance(item, dict) for item in document):
            yield from map(_with_text, document)
        else:
            yield document, text


def _with_text(item: Any) -> tuple[Any, str]:
    return item, "" if isinstance(item, dict) else json.dumps(item)[:_MAX_SHOWN]


def read_array(lines: Iterator[str]) -> Iterator[tuple[Any, str]]:
    r"""Yield each item of a JSON array over any number of lines, and its text.

    Items are read one after the other, so that memory stays flat; what stands before a damage
    is given. Raises InputError where the array is damaged or ends early.

    >>> [*read_array(iter(["[1, {\n", '"a": 2}]']))]
    [(1, '1'), ({'a': 2}, '{\n"a": 2}')]
    """
    text, at, count = "", 0, 0
    while True:
        try:
            start = _skip(text, at)
            if text[start] == "]" and count:
                break
            if text[start] != ("," if count else "["):
                raise _damaged(count)
            start = _skip(text, start + 1)
            if text[start] == "]" and not count:
                break
            item, end = _decode(text, start)
            text[_skip(text, end)]  # a number may go on in the next line
        except (IndexError, ValueError, RecursionError) as error:
            more = _read_some(lines, max(_AT_ONCE, len(text) - at))
            if not more or len(text) - at > MAX_ITEM:
                raise _damaged(count) from error
            text, at = text[at:] + more, 0
            continue
        yield item, text[start:end]
        at, count = end, count + 1
    if text[start + 1 :].strip() or any(line.strip() for line in lines):
        raise _damaged(count)


def _damaged(count: int) -> InputError:
    return InputError(f"the JSON array is damaged or ends early, after {count:,} items")


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    assert blanks
    return blanks.end()


def _read_some(lines: Iterator[str], size: int) -> str:
    parts = list[str]()
    for line in lines:
        parts.append(line)
        size -= len(line)
        if size <= 0:
            break
    return "".join(parts)


def compile_path(path: str) -> Callable[[dict[str, Any]], Iterator[Any]]:
    """Return a function that yields the values of a path in an object.

    A key that has the dots itself goes first.

    >>> [*compile_path("dns.queries[].name")({"dns": {"queries": [{"name": "a"}, {"name": "b"}]}})]
    ['a', 'b']
    """
    keys = path.split(".")

    def descend(document: Any, rest: Sequence[str]) -> Iterator[Any]:
        if not rest:
            yield document
            return
        name, is_array = rest[0].removesuffix("[]"), rest[0].endswith("[]")
        if not isinstance(document, dict) or name not in document:
            return
        inside = document[name]
        for item in inside if is_array and isinstance(inside, list) else [inside]:
            yield from descend(item, rest[1:])

    def find_values(document: dict[str, Any]) -> Iterator[Any]:
        return iter([document[path]]) if path in document else descend(document, keys)

    return find_values
