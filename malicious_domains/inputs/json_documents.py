"""The objects of JSON lines or of one array, and what finds a value in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from .streams import InputError

MAX_ARRAY = 200_000_000  # characters of a JSON array, which is read whole
_SHOWN = 80  # characters of the input that a message shows
BROKEN = object()  # instead of what is no JSON


def read_documents(lines: Iterator[str]) -> Iterator[tuple[Any, str]]:
    """The JSON values of lines or of one array, and the text of each; raises InputError."""
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
            yield BROKEN, text


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


def compile_path(path: str) -> Callable[[dict[str, Any]], Iterator[Any]]:
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
