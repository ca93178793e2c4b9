"""The second, slow look at logs that have broken lines: which they are, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import duckdb

from ...inputs.signals import temporary_folder
from .layout import Layout
from .prepare_input import Text

_BLOCK = 20_000  # lines that are asked about at once


class Broken(NamedTuple):
    """A line that cannot be read; line numbers begin with one."""

    path: Path
    line: int
    wrong: str


def find(pairs: Sequence[tuple[Text, Layout]], at_most: int) -> list[Broken]:
    """The first broken lines, file by file, in order."""
    with temporary_folder() as folder, duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        look = _Look(connection, folder / "block")
        return list(islice((x for text, layout in pairs for x in look.at(text, layout)), at_most))


class _Look:
    """Blocks of lines, halved until what the layout's own SQL calls broken is found."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, block: Path) -> None:
        self._connection, self._block = connection, block

    def at(self, text: Text, layout: Layout) -> Iterator[Broken]:
        if layout.form in ("parquet", "pihole-ftl"):
            return
        with text.text.open("rb") as file:
            first = 1
            while lines := list(islice(file, _BLOCK)):
                for number, line in self._among(lines, first, text, layout):
                    shown = line.decode("utf-8", "replace").rstrip("\r\n")
                    yield Broken(text.path, number, layout.wrong(shown))
                first += len(lines)

    def _among(
        self, lines: list[bytes], first: int, text: Text, layout: Layout
    ) -> Iterator[tuple[int, bytes]]:
        if not self._any(lines, text, layout):
            return
        if len(lines) == 1:
            yield first, lines[0]
            return
        half = len(lines) // 2
        yield from self._among(lines[:half], first, text, layout)
        yield from self._among(lines[half:], first + half, text, layout)

    def _any(self, lines: list[bytes], text: Text, layout: Layout) -> bool:
        self._block.write_bytes(b"".join(lines))
        rows = layout.select([self._block], text.utf8)
        found = self._connection.execute(f"SELECT count(*) FROM ({rows}) WHERE why = 'broken'")
        return bool((found.fetchone() or (0,))[0])
