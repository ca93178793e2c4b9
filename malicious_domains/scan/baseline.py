"""Labels that were asked for on earlier days, kept in a folder from scan to scan."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ..names.errors import MaliciousDomainsError
from .findings import Known
from .reading.sql import text

_FILE, _LOCK = "labels.duckdb", "lock"
_SEEN = """
CREATE TABLE IF NOT EXISTS kept.seen (label VARCHAR PRIMARY KEY, first INTEGER, last INTEGER)
"""
# Days are numbers since the epoch. Of the log itself, too, earlier days count.
_KNOWN = """
CREATE TABLE known AS
SELECT label, min(first) AS day, max(last) AS last FROM (
    SELECT label, first, last FROM kept.seen
    UNION ALL
    SELECT label, min(day) AS first, CASE WHEN min(day) < max(day) THEN min(day) END AS last
    FROM pairs WHERE day >= 0 GROUP BY label
) WHERE label IN (SELECT label FROM pairs) GROUP BY label
"""
_KEEP = """
INSERT INTO kept.seen SELECT label, min(day), max(day) FROM pairs WHERE day >= 0 GROUP BY label
ON CONFLICT DO UPDATE SET first = least(first, excluded.first), last = greatest(last, excluded.last)
"""


class BaselineError(MaliciousDomainsError):
    """A folder of earlier days that cannot be read or written."""


def know(connection: duckdb.DuckDBPyConnection, folder: Path | None) -> None:
    """Make the table known: label, day (its first), last; of the table pairs' labels.

    Without a folder it is empty: everything is new. Raises BaselineError.
    """
    if folder is None:
        connection.execute("CREATE TABLE known (label VARCHAR, day INTEGER, last INTEGER)")
        return
    with _opened(connection, folder):
        connection.execute(_KNOWN)


def keep(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Add the labels of pairs to a folder, all or none of them. Raises BaselineError."""
    with _opened(connection, folder):
        connection.execute(_KEEP)


@contextmanager
def _opened(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[None]:
    """The folder's database as kept, for this process alone; others wait until it is done.

    What a process that was killed had begun to write is undone by DuckDB at the next opening.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("a")
    except OSError as error:
        raise BaselineError(f"--baseline {folder}: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            connection.execute(f"ATTACH {text(str(folder / _FILE))} AS kept")
        except duckdb.Error as error:
            raise BaselineError(
                f"--baseline {folder}: {_FILE} cannot be opened ({str(error).splitlines()[0]}); "
                "mend or remove it"
            ) from error
        try:
            connection.execute(_SEEN)
            yield
        finally:
            connection.execute("DETACH kept")


def known(connection: duckdb.DuckDBPyConnection) -> Known:
    """How many of the log's labels were asked for before the last day of it, and when."""
    row = connection.execute(
        "SELECT count(*), min(known.day), max(least(known.last, labels.day - 1)) "
        "FROM known JOIN labels USING (label) WHERE known.day < labels.day"
    ).fetchone()
    return Known(*(row or (0, None, None)))
