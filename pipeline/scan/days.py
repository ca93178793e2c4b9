"""Each client's day out of the grouped log, and the verdict on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from typing import NamedTuple

import duckdb
import numpy as np

from lambda_app.chalicelib.traffic.day import Cut, Day, Log

from ..scoring.workers import started
from . import grouping
from .findings import ClientDay
from .grouping import NO_DAY
from .judged import MOST, Columns, Judged, judge_days

_AT_ONCE = 50_000  # rows fetched

# In the order that a verdict wants: by first sight, ties by label, unknown times last.
_ROWS = """
SELECT
    client, day, label, suffix, suffixes, z, dead,
    coalesce(first, 'NaN'::DOUBLE) AS first, coalesce(last, 'NaN'::DOUBLE) AS last
FROM unfamiliar JOIN counts USING (client, day)
WHERE counts.unfamiliar <= $most AND hash(client) % $parts = $part
ORDER BY client, day, unfamiliar.first NULLS LAST, label
"""
_WHOLE = """
SELECT client, day, lines, labels, dead, coded FROM days WHERE client IN (SELECT unnest(?))
"""


def told(connection: duckdb.DuckDBPyConnection, found: Sequence[Judged]) -> list[ClientDay]:
    """All that is to be said of days; too_busy() made their table."""
    rows = connection.execute(_WHOLE, [[x.client for x in found]]).fetchall()
    whole = {(client, number): counts for client, number, *counts in rows}
    # Of names without a label to judge there is no row.
    return [x.told(*whole.get((x.client, x.number), (0, 0, 0, 0))) for x in found]


def unjudged(client: str, number: int) -> Judged:
    """A day of which nothing is known but what an index says."""
    none = np.empty(0)
    empty = Day([], none, none.astype(np.int64), none.astype(np.bool_), none, none)
    return Judged(client, number, (), 0.0, 0.0, empty, none, [])


def too_busy(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Clients with more unfamiliar labels in a day than are judged, and how many.

    Makes the tables counts and days, which judged() needs.
    """
    counts = grouping.COUNTS.format(unfamiliar="unfamiliar")
    connection.execute(f"CREATE TABLE counts AS {counts}")
    connection.execute(f"CREATE TABLE days AS {grouping.DAYS.format(pairs='pairs')}")
    found = connection.execute(
        "SELECT client, max(unfamiliar) FROM counts WHERE unfamiliar > ? GROUP BY client "
        "ORDER BY client",
        [MOST],
    ).fetchall()
    return dict(found)


class Batch(NamedTuple):
    """Days judged together."""

    totals: list[float]  # running sums, of every day
    days: list[Judged]  # those with an alarm, or all


def judged(
    connection: duckdb.DuckDBPyConnection,
    log: Log,
    cut: Cut,
    every: bool = False,
    jobs: int = 1,
    wanted: Collection[tuple[str, int]] = (),
) -> Iterator[Batch]:
    """The verdict on each client's day that has an unfamiliar label, some clients at a time.

    every: hand out the days without an alarm too. wanted: and these clients' days.
    Many are judged by several processes. Raises
    WorkerError if one of these ends before its time.
    """
    row = connection.execute("SELECT count(*) FROM unfamiliar").fetchone()
    rows = row[0] if row else 0
    parts = rows // _AT_ONCE + 1
    fetched = (_fetched(connection, part, parts) for part in range(parts))
    if jobs == 1 or rows < 2 * _AT_ONCE:
        yield from (_batch(columns, log, cut, every, wanted) for columns in fetched)
        return
    with started(jobs, _ready) as (executor, _):
        waiting: deque[Future[Batch]] = deque()
        for columns in fetched:
            waiting.append(executor.submit(_batch, columns, log, cut, every, wanted))
            if len(waiting) > jobs:
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)


def _ready() -> None:
    """In another process, at its start: this module is loaded, and that is all."""


def _fetched(connection: duckdb.DuckDBPyConnection, part: int, parts: int) -> Columns:
    values = {"most": MOST, "parts": parts, "part": part}
    found = connection.execute(_ROWS, values).fetchnumpy()
    return {name: np.asarray(column) for name, column in found.items()}


def _batch(
    columns: Columns, log: Log, cut: Cut, every: bool, wanted: Collection[tuple[str, int]]
) -> Batch:
    found = Batch([], [])
    for day in judge_days(columns, log, cut):
        found.totals.append(day.total)
        if day.alarms or every or (day.client, day.number) in wanted:
            found.days.append(day)
    return found


def count(connection: duckdb.DuckDBPyConnection) -> tuple[int, bool]:
    """How many client-days there are, and if one has a date; too_busy() made their table."""
    row = connection.execute("SELECT count(*), max(day) FROM days").fetchone()
    return (int(row[0]), row[1] is not None and row[1] != NO_DAY) if row else (0, False)
