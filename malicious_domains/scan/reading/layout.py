"""How the files of a format are read, and the first lines of a file, by which it is recognized."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from . import sql
from .prepare_input import HEAD_BYTES, LogFile

_HEAD_LINES = 1000
_JSON_LINES = 200
_WRAPPER = "result"  # the key under which Splunk exports its events


class Table(Protocol):
    """Where the columns of a layout come from. Hashable: files of equal layouts are read as one."""

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table with the columns that the layout's expressions name."""

    def find_broken(self, query: str, utf8: bool) -> str:
        """Return the WHENs of lines that are broken, or that are no event; query: its SQL."""

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a line that find_broken() finds."""


@dataclass(frozen=True)
class Layout:
    """How the files of one format are read: SQL expressions over the columns of a table.

    answers is what an answer on a line of
    its own shares with its query: "client" (and the name), "name", or "" if there are none.
    """

    form: str
    table: Table
    client: str
    query: str
    time: str
    rcode: str
    why: str  # a CASE; 'answer' for an answer on a line of its own
    answers: str = ""

    def select(self, paths: Sequence[Path], utf8: bool) -> str:
        """Return the SELECT of client, query, time, rcode and why."""
        broken = self.table.find_broken(self.query, utf8)
        return (
            f"SELECT {self.client} AS client, {self.query} AS query, {self.time} AS time, "
            f"{self.rcode} AS rcode, CASE {broken} {self.why.removeprefix('CASE ')} AS why "
            f"FROM {self.table.select_from(paths)}"
        )

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a line that the SQL calls broken."""
        if sql.TOO_LONG in line or len(line) > sql.MAX_LINE:
            return f"longer than {sql.MAX_LINE:,} bytes"
        return "not UTF-8" if sql.REPLACED in line else self.table.describe_broken(line)


@dataclass(frozen=True)
class Head:
    """The first lines of a file."""

    file: LogFile

    @cached_property
    def lines(self) -> list[str]:
        """The whole lines that are not blank."""
        content = self.file.head
        if len(content) == HEAD_BYTES:  # the last line is cut off
            content = content[: content.rfind(b"\n") + 1]
        lines = (x.rstrip("\r") for x in content.decode("utf-8", "replace").split("\n"))
        return [x for x in lines if x.strip()][:_HEAD_LINES]

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects among the lines, without a wrapper."""
        return [x[_WRAPPER] for x in self._values if _is_wrapper(x)] or self._values

    @cached_property
    def wrapper(self) -> str:
        """The key under which the objects stand, or an empty string."""
        return _WRAPPER if any(map(_is_wrapper, self._values)) else ""

    @cached_property
    def keys(self) -> set[tuple[str, ...]]:
        """Every path of keys in the objects."""
        return {path for x in self.objects for path in _list_paths(x)}

    @cached_property
    def _values(self) -> list[dict[str, Any]]:
        values = []
        for line in self.lines[:_JSON_LINES]:
            if line.lstrip().startswith("{"):
                try:
                    values.append(json.loads(line))
                except ValueError:
                    continue
        return values


class Opener(Protocol):
    """A function that returns a file's layout, or None if the file has another format."""

    def __call__(self, head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
        """Recognize the format; claimed: the user says that it is this one."""


def _is_wrapper(value: dict[str, Any]) -> bool:
    return isinstance(value.get(_WRAPPER), dict)


def _list_paths(value: dict[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, inner in value.items():
        yield (*before, key)
        if isinstance(inner, dict):
            yield from _list_paths(inner, (*before, key))
