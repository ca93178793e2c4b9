"""Each client's day out of the grouped log, and the verdict on it."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np

from ..clients.client_day import AlarmThresholds, ClientDay, LogContext
from ..inputs.signals import temporary_folder
from . import grouping
from .findings import Finding
from .grouping import NO_DAY
from .scan_pool import Pool
from .verdicts import AT_ONCE, MOST, ClientDayVerdict, Columns, judge_days

# In the order that a verdict wants: by first sight, ties by label, unknown times last.
_IN_TURN = f"""
CREATE TABLE in_turn AS
SELECT
    client, day, label, suffix, suffixes, z, dead,
    coalesce(first, 'NaN'::DOUBLE) AS first, coalesce(last, 'NaN'::DOUBLE) AS last
FROM unfamiliar JOIN counts USING (client, day)
WHERE counts.unfamiliar <= {MOST}
ORDER BY client, day, unfamiliar.first NULLS LAST, label
"""
_ENDS = """
SELECT CAST(sum(unfamiliar) OVER (ORDER BY client, day) AS BIGINT) AS end
FROM counts WHERE unfamiliar <= ? ORDER BY client, day
"""
_ROWS = "SELECT * FROM in_turn WHERE rowid >= ? AND rowid < ? ORDER BY rowid"
_WHOLE = """
SELECT client, day, lines, labels, dead, coded FROM days WHERE client IN (SELECT unnest(?))
"""


def told(connection: duckdb.DuckDBPyConnection, found: Sequence[ClientDayVerdict]) -> list[Finding]:
    """All that is to be said of days; too_busy() made their table."""
    rows = connection.execute(_WHOLE, [[x.client for x in found]]).fetchall()
    whole = {(client, number): counts for client, number, *counts in rows}
    # Of names without a label to judge there is no row.
    return [x.told(*whole.get((x.client, x.number), (0, 0, 0, 0))) for x in found]


def unjudged(client: str, number: int) -> ClientDayVerdict:
    """A day of which nothing is known but what an index says."""
    none = np.empty(0)
    empty = ClientDay([], none, none.astype(np.int64), none.astype(np.bool_), none, none)
    return ClientDayVerdict(client, number, (), 0.0, 0.0, empty, none, [], None)


def too_busy(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Clients with more unfamiliar labels in a day than are judged, and how many.

    Makes the tables counts, days and in_turn, which judged() needs.
    """
    counts = grouping.COUNTS.format(unfamiliar="unfamiliar")
    connection.execute(f"CREATE TABLE counts AS {counts}")
    connection.execute(_IN_TURN)
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
    days: list[ClientDayVerdict]  # those with an alarm, or all


def judged(
    connection: duckdb.DuckDBPyConnection,
    log: LogContext,
    cut: AlarmThresholds,
    pool: Pool,
    every: bool = False,
    wanted: Collection[tuple[str, int]] = (),
) -> Iterator[Batch]:
    """The verdict on each client's day that has an unfamiliar label, some days at a time.

    every: hand out the days without an alarm too. wanted: and these clients' days. too_busy()
    made the tables of them.
    """
    bounds = _bounds(connection)
    fetched = (_fetched(connection, *rows) for rows in pairwise(bounds))
    if pool.jobs == 1 or bounds[-1] < 2 * AT_ONCE:
        yield from (_batch(columns, log, cut, every, wanted) for columns in fetched)
        return
    with temporary_folder("scan-") as folder:
        path = folder / "log"  # to be read once by each process, and not sent with each batch
        path.write_bytes(pickle.dumps(log))
        waiting: deque[Future[Batch]] = deque()
        for columns in fetched:
            waiting.append(pool.executor().submit(_there, path, columns, cut, every, wanted))
            if len(waiting) > pool.jobs:
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)


def _bounds(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Where batches of whole days begin and end among the rows of in_turn."""
    ends = [end for (end,) in connection.execute(_ENDS, [MOST]).fetchall()]
    bounds = [0]
    for before, end in pairwise([0, *ends]):
        if end - bounds[-1] > AT_ONCE and before > bounds[-1]:
            bounds.append(before)
    return [*bounds, ends[-1] if ends else 0]


def _fetched(connection: duckdb.DuckDBPyConnection, start: int, stop: int) -> Columns:
    found = connection.execute(_ROWS, [start, stop]).fetchnumpy()
    return {name: np.asarray(column) for name, column in found.items()}


def _there(
    path: Path,
    columns: Columns,
    cut: AlarmThresholds,
    every: bool,
    wanted: Collection[tuple[str, int]],
) -> Batch:
    """In another process: the verdict on some days, the log as it stands at a path."""
    return _batch(columns, _log(path), cut, every, wanted)


@lru_cache(1)
def _log(path: Path) -> LogContext:
    """What the whole log says, which judged() wrote."""
    found: LogContext = pickle.loads(path.read_bytes())
    return found


def _batch(
    columns: Columns,
    log: LogContext,
    cut: AlarmThresholds,
    every: bool,
    wanted: Collection[tuple[str, int]],
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
