"""How the files of a format are read, and the first lines of a file, by which it is recognized."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import duckdb

from . import sql
from .prepare_input import HEAD_BYTES, LogFile

_HEAD_LINES = 1000
_JSON_LINES = 200
_MAX_SHAPES = 10_000  # different shapes of objects that are looked at in a whole file
Keys = tuple[str, ...]  # a path in nested objects


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

    answers is what an answer on a line of its own shares with its query: "client" (and the name),
    "name", or "" if there are none. sources: where each field comes from, as the log names it.
    zone: the one that times without a zone are taken to be in, if there are such times. time_text,
    rcode_text: what time and rcode are read from, to name what cannot be read.
    """

    form: str
    table: Table
    client: str
    query: str
    time: str
    rcode: str
    why: str  # a CASE; 'answer' for an answer on a line of its own
    answers: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    zone: str = ""
    time_text: str = ""
    rcode_text: str = ""

    def select(self, paths: Sequence[Path], utf8: bool) -> str:
        """Return the SELECT of client, query, time, rcode, why, unread_time and unknown_rcode."""
        unread = unknown = "NULL::VARCHAR"
        if self.time_text:
            blank = f"nullif(trim({self.time_text}), '') IN ('-', '(empty)')"
            unread = f"CASE WHEN {self.time} IS NULL AND NOT {blank} THEN {self.time_text} END"
        if self.rcode_text:
            is_unknown = sql.is_unknown_rcode(self.rcode_text)
            unknown = f"CASE WHEN {is_unknown} THEN {self.rcode_text} END"
        broken = self.table.find_broken(self.query, utf8)
        why = f"CASE {broken} {self.why.removeprefix('CASE ')}"
        return (
            f"SELECT {sql.drop_zone(self.client)} AS client, {self.query} AS query, "
            f"{self.time} AS time, {self.rcode} AS rcode, {why} AS why, "
            f"{unread} AS unread_time, {unknown} AS unknown_rcode "
            f"FROM {self.table.select_from(paths)}"
        )

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a line that the SQL calls broken."""
        if sql.TOO_LONG in line or len(line) > sql.MAX_LINE:
            return f"longer than {sql.MAX_LINE:,} bytes"
        return "not UTF-8" if sql.REPLACED in line else self.table.describe_broken(line)


@dataclass(frozen=True)
class Head:
    """The first lines of a file.

    zone: that of times which are written without one; "" for what is usual for the format.
    further: whether the keys are those of all JSON objects in the file, not of the first ones.
    """

    file: LogFile
    zone: str = ""
    further: bool = False

    @cached_property
    def lines(self) -> list[str]:
        """The whole lines that are not blank."""
        content = self.file.head
        if len(content) == HEAD_BYTES:  # the last line is cut off
            content = content[: content.rfind(b"\n") + 1]
        lines = (x.rstrip("\r") for x in content.decode("utf-8", "replace").split("\n"))
        return [x for x in lines if x.strip()][:_HEAD_LINES]

    @cached_property
    def keys(self) -> dict[str, tuple[Keys, ...]]:
        """The paths of keys in the JSON objects, by their names with dots."""
        return _name_paths(path for x in self._objects for path in _list_paths(x))

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet."""
        return self.file.head.startswith(b"PAR1")

    @property
    def is_json(self) -> bool:
        """Whether there are JSON objects among the first lines."""
        return bool(self._objects)

    @cached_property
    def leaves(self) -> dict[str, Keys]:
        """The paths of keys that have a value other than an object, by their names with dots."""
        inner = {x[:i] for paths in self.keys.values() for x in paths for i in range(1, len(x))}
        return {x: paths[0] for x, paths in sorted(self.keys.items()) if paths[0] not in inner}

    def find(self, name: str) -> tuple[Keys, ...]:
        """Return the paths of keys that a name with dots may stand for: those that are there.

        If none is there yet, its keys nested in each other, and as one key.
        """
        nested = tuple(name.split("."))
        return self.keys.get(name) or tuple(dict.fromkeys([nested, (name,)]))

    def look_further(self) -> Head:
        """Return the same lines with the keys of all JSON objects in the file."""
        if not self._objects or not self.file.readable.is_file():
            return self
        return replace(self, further=True)

    @cached_property
    def _objects(self) -> list[dict[str, Any]]:
        if self.further:
            return self._list_shapes()
        values = []
        for line in self.lines[:_JSON_LINES]:
            if line.lstrip().startswith("{"):
                try:
                    values.append(json.loads(line))
                except (ValueError, RecursionError):
                    continue
        return [x for x in values if isinstance(x, dict)]

    def _list_shapes(self) -> list[dict[str, Any]]:
        """Return an object of each shape in the file."""
        shapes = (
            f"SELECT DISTINCT json_structure(line) FROM {sql.read_lines([self.file.readable])} "
            f"WHERE json_valid(line) LIMIT {_MAX_SHAPES}"
        )
        with duckdb.connect() as connection:
            objects = [json.loads(x) for (x,) in connection.execute(shapes).fetchall()]
        return [x for x in objects if isinstance(x, dict)]


class Opener(Protocol):
    """A function that returns a file's layout, or None if the file has another format."""

    def __call__(self, head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
        """Recognize the format; claimed: the user says that it is this one."""


def _name_paths(paths: Iterator[Keys]) -> dict[str, tuple[Keys, ...]]:
    named: dict[str, tuple[Keys, ...]] = {}
    for path in dict.fromkeys(paths):
        named[".".join(path)] = (*named.get(".".join(path), ()), path)
    return named


def _list_paths(value: object, before: Keys = ()) -> Iterator[Keys]:
    """Yield the paths within a value; of a list's items, those of the first one."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = {"0": value[0]}
    for key, x in value.items() if isinstance(value, dict) else ():
        yield (*before, key)
        yield from _list_paths(x, (*before, key))
