"""Split rows into chunks: full ones of a file, of a live input what came before it paused."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

CHUNK_ROWS = 8192  # rows that are scored and held together
PAUSE = 0.2  # seconds after which a live input is answered as far as it came

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


def split_live_rows(rows: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield full chunks, or what came within PAUSE seconds; a thread reads one chunk ahead."""
    pending: list[Item] = []
    ends: list[Exception | None] = []  # the end, and the error in which it lies
    changed = threading.Condition()

    def fill() -> None:
        end = None
        try:
            for row in rows:
                pending.append(row)
                if len(pending) >= CHUNK_ROWS:
                    with changed:
                        changed.notify()
                        changed.wait_for(lambda: len(pending) < CHUNK_ROWS)
        except Exception as error:
            end = error
        with changed:
            ends.append(end)
            changed.notify()

    threading.Thread(target=fill, daemon=True).start()
    while not ends or pending:
        with changed:
            changed.wait_for(lambda: ends or len(pending) >= CHUNK_ROWS, PAUSE)
            chunk = pending.copy()
            del pending[: len(chunk)]
            changed.notify()
        if chunk:
            yield chunk
    if ends[0]:
        raise ends[0]
