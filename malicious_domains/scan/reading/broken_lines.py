"""The broken lines of logs: a second, slow reading that says which they are, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import duckdb

from ...inputs.signals import temporary_folder
from .layout import Layout
from .prepare_input import LogFile
from .table_files import PIHOLE, ParquetTable

_BLOCK = 20_000  # lines that are read together


class BrokenLine(NamedTuple):
    """A line that cannot be read; line numbers begin with one."""

    path: Path
    line: int
    problem: str


def find_broken_lines(files: Sequence[tuple[LogFile, Layout]], at_most: int) -> list[BrokenLine]:
    """Return the first broken lines, file by file, in order."""
    with temporary_folder() as folder, duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        search = _Search(connection, folder / "block")
        lines = (x for file, layout in files for x in search.search_file(file, layout))
        return list(islice(lines, at_most))


class _Search:
    """Halves blocks of lines until single lines are left that the layout's SQL calls broken."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, block: Path) -> None:
        self._connection, self._block = connection, block

    def search_file(self, file: LogFile, layout: Layout) -> Iterator[BrokenLine]:
        if isinstance(layout.table, ParquetTable) or layout.form == PIHOLE:
            return
        with file.readable.open("rb") as stream:
            first = 1
            while lines := list(islice(stream, _BLOCK)):
                for number, line in self._search_block(lines, first, file, layout):
                    text = line.decode("utf-8", "replace").rstrip("\r\n")
                    yield BrokenLine(file.path, number, layout.describe_broken(text))
                first += len(lines)

    def _search_block(
        self, lines: list[bytes], first: int, file: LogFile, layout: Layout
    ) -> Iterator[tuple[int, bytes]]:
        self._block.write_bytes(b"".join(lines))
        rows = layout.select([self._block], file.utf8)
        broken = f"SELECT count(*) FROM ({rows}) WHERE why = 'broken'"
        if not (self._connection.execute(broken).fetchone() or (0,))[0]:
            return
        if len(lines) == 1:
            yield first, lines[0]
            return
        half = len(lines) // 2
        yield from self._search_block(lines[:half], first, file, layout)
        yield from self._search_block(lines[half:], first + half, file, layout)
