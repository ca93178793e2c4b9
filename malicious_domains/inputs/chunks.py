"""Split rows into chunks: full ones of a file, of a live input what came before it paused."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

CHUNK_ROWS = 8192  # rows that are scored and held together

Idle = Callable[[], None]
Item = TypeVar("Item")  # a row, with what is kept beside it or without


def split_rows(rows: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield chunks of rows, so that memory stays flat; what came before an error comes first.

    >>> [*split_rows(["example.com", "example.org"])]
    [['example.com', 'example.org']]
    """
    rows, failure = iter(rows), None
    while failure is None:
        chunk: list[Item] = []
        try:
            for row in islice(rows, CHUNK_ROWS):
                chunk.append(row)
        except Exception as error:
            failure = error
        if chunk:
            yield chunk
        elif failure is None:
            return
    raise failure


def split_live_rows(read_rows: Callable[[Idle], Iterable[Item]]) -> Iterator[list[Item]]:
    """Yield chunks of an input that may pause, each when it is full or the input pauses.

    read_rows is given what to call when the input pauses. It runs in a thread of its own, at
    most two chunks ahead.
    """
    chunks: queue.Queue[list[Item] | Exception | None] = queue.Queue(2)
    pending: list[Item] = []

    def flush() -> None:
        if pending:
            chunks.put(pending.copy())
            pending.clear()

    def fill() -> None:
        end = None
        try:
            for row in read_rows(flush):
                pending.append(row)
                if len(pending) >= CHUNK_ROWS:
                    flush()
        except Exception as error:
            end = error
        flush()
        chunks.put(end)

    threading.Thread(target=fill, daemon=True).start()
    while (chunk := chunks.get()) is not None:
        if isinstance(chunk, Exception):
            raise chunk
        yield chunk
