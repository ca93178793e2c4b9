"""Rows in chunks: full ones from a file, and from a live input what came before it went silent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from .rows import Row

CHUNK_ROWS = 8192  # rows scored and held together

Idle = Callable[[], None]


def split_rows(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows as they are scored and held together; memory stays flat whatever the length.

    What came before an error is given before it is raised.
    """
    rows, failed = iter(rows), None
    while failed is None:
        chunk: list[Row] = []
        try:
            for row in islice(rows, CHUNK_ROWS):
                chunk.append(row)
        except Exception as error:
            failed = error
        if chunk:
            yield chunk
        elif failed is None:
            return
    raise failed


def split_live_rows(rows_of: Callable[[Idle], Iterable[Row]]) -> Iterator[list[Row]]:
    """The same of an input that may pause: a chunk is given when it is full or the input silent.

    rows_of makes the rows, and is given what to call when the input is silent. It runs in a
    thread of its own, at most two chunks ahead.
    """
    return iter(_Feed(rows_of))


class _Feed:
    def __init__(self, rows_of: Callable[[Idle], Iterable[Row]]) -> None:
        self._rows_of = rows_of
        self._pending: list[Row] = []
        self._chunks: queue.Queue[list[Row] | BaseException | None] = queue.Queue(2)

    def __iter__(self) -> Iterator[list[Row]]:
        threading.Thread(target=self._fill, daemon=True).start()
        while (found := self._chunks.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found

    def _fill(self) -> None:
        end: BaseException | None = None
        try:
            for row in self._rows_of(self._give):
                self._pending.append(row)
                if len(self._pending) >= CHUNK_ROWS:
                    self._give()
        except Exception as error:
            end = error
        self._give()
        self._chunks.put(end)

    def _give(self) -> None:
        if self._pending:
            self._chunks.put(self._pending)
            self._pending = []
