"""What a format has to say of a file, and the file's beginning, by which formats are told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from . import sql
from .prepare_input import HEAD, Text

_LINES = 1000  # that are looked at
_WRAPPER = "result"  # the key under which Splunk exports its events


class Layout(Protocol):
    """How files of one form are read; equal layouts are read as one.

    coded is whether they tell response codes. answers is what an answer that stands on a line of
    its own shares with its query: "client" (and the name), "name", or "" where there are none.
    """

    @property
    def form(self) -> str:
        """The format's name."""

    @property
    def coded(self) -> bool:
        """Whether it tells response codes."""

    @property
    def answers(self) -> str:
        """What joins an answer to its query."""

    def select(self, paths: Sequence[Path], utf8: bool) -> str:
        """SQL for client, query, time, rcode, why; why is also 'answer' for such an answer."""

    def wrong(self, line: str) -> str:
        """What is wrong with a line that the SQL calls broken."""


@dataclass(frozen=True)
class Head:
    """The first lines of a file."""

    text: Text

    @cached_property
    def lines(self) -> list[str]:
        """Whole lines, without those that are blank."""
        whole = self.text.head
        if len(whole) == HEAD:  # the last one is cut
            whole = whole[: whole.rfind(b"\n") + 1]
        lines = (x.rstrip("\r") for x in whole.decode("utf-8", "replace").split("\n"))
        return [x for x in lines if x.strip()][:_LINES]

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects among the lines, without a wrapper."""
        found = []
        for line in self.lines[:200]:
            if line.lstrip().startswith("{"):
                try:
                    value = json.loads(line)
                except ValueError:
                    continue
                found.append(value)
        return [x[_WRAPPER] for x in found if _wraps(x)] or found

    @cached_property
    def wrapper(self) -> str:
        """The key under which the objects stand, or nothing."""
        return (
            _WRAPPER
            if any(f'"{_WRAPPER}"' in x for x in self.lines[:200])
            and any(_wraps(x) for x in map(_parsed, self.lines[:200]))
            else ""
        )

    @cached_property
    def keys(self) -> set[tuple[str, ...]]:
        """Every path of keys in the objects."""
        return {path for x in self.objects for path in _paths(x)}


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _wraps(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get(_WRAPPER), dict)


def _paths(value: dict[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, inner in value.items():
        yield (*before, key)
        if isinstance(inner, dict):
            yield from _paths(inner, (*before, key))


class Opener(Protocol):
    """What makes a layout of a file of a form; None if the file is of another form."""

    def __call__(self, head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
        """claimed: the user says that it is this form."""


def selected(*, client: str, query: str, time: str, rcode: str, why: str, origin: str) -> str:
    """The SELECT that every layout makes."""
    return (
        f"SELECT {client} AS client, {query} AS query, {time} AS time, {rcode} AS rcode, "
        f"{why} AS why FROM {origin}"
    )


def undecoded(line: str) -> str:
    """What is wrong with any kind of line, or nothing: its length and its bytes."""
    if sql.TOO_LONG in line or len(line) > sql.LONGEST:
        return f"longer than {sql.LONGEST:,} bytes"
    if sql.REPLACED in line:
        return "not UTF-8"
    return ""
