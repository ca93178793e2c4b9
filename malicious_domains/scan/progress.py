"""Bars on stderr for the stages of a scan, where someone watches: bytes, names, days."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import duckdb
from tqdm import tqdm

Advance = Callable[[int], object]  # takes how much more is done
_DELAY = 1.0  # seconds; what is done by then shows no bar
_EVERY = 0.2  # seconds from look to look


@contextmanager
def bar(what: str, total: int | None, unit: str) -> Iterator[Advance]:
    """A bar on a terminal, gone when the stage is over; total: None if it is not known."""
    shown = sys.stderr.isatty()
    made = tqdm(
        desc=what,
        total=total,
        unit=unit,
        unit_scale=True,
        delay=_DELAY,
        leave=False,
        disable=not shown,
    )
    with made:
        yield made.update


@contextmanager
def statement(connection: duckdb.DuckDBPyConnection, what: str, size: int) -> Iterator[None]:
    """A bar of the bytes that the statement of the with block has read, by DuckDB's own count."""
    if not sys.stderr.isatty():
        yield
        return
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    done = threading.Event()
    with bar(what, size, "B") as advance:
        watcher = threading.Thread(target=_watch, args=(connection, size, advance, done))
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def _watch(
    connection: duckdb.DuckDBPyConnection, size: int, advance: Advance, done: threading.Event
) -> None:
    read = 0
    while not done.wait(_EVERY):
        with suppress(duckdb.Error):  # it has not begun, or is over
            now = int(size * max(connection.query_progress(), 0.0) / 100)
            advance(max(now - read, 0))
            read = max(now, read)
