"""Each client's day out of the grouped log, and the verdict on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from lambda_app.chalicelib.features.types import Floats
from lambda_app.chalicelib.traffic.day import Alarm, Cut, Day, Log
from lambda_app.chalicelib.traffic.judge import alarms_of, scores, strength
from lambda_app.chalicelib.traffic.sums import odd_points

from ..scoring.workers import started
from .asked import NO_DAY
from .findings import Asked, ClientDay

MOST = 5000  # unfamiliar labels of a day; a client with more is a resolver or a crawler
_AT_ONCE = 50_000  # rows fetched

_COUNTS = """
CREATE TABLE counts AS
SELECT client, day, count(*) AS unfamiliar FROM unfamiliar GROUP BY ALL
"""
_BUSY = """
CREATE TABLE days AS
SELECT
    client, day, CAST(sum(lines) AS BIGINT) AS lines, count(*) AS labels,
    CAST(sum(dead_lines) AS BIGINT) AS dead, CAST(sum(coded_lines) AS BIGINT) AS coded
FROM pairs GROUP BY ALL
"""
# In the order that a verdict wants: by first sight, ties by label, unknown times last.
_ROWS = """
SELECT
    client, day, label, suffix, suffixes, z, dead,
    coalesce(first, 'NaN'::DOUBLE) AS first, coalesce(last, 'NaN'::DOUBLE) AS last
FROM unfamiliar JOIN counts USING (client, day)
WHERE counts.unfamiliar <= $most AND hash(client) % $parts = $part
ORDER BY client, day, unfamiliar.first NULLS LAST, label
"""
_WHOLE = "SELECT lines, labels, dead, coded FROM days WHERE client = ? AND day = ?"

_Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Judged:
    """A client's day, judged: its alarms, the surest first, and its running sum, alarm or not."""

    client: str
    number: int  # of the day, NO_DAY if it is not known
    alarms: tuple[Alarm, ...]
    score: float  # of the surest alarm, as a multiple of its cut
    total: float
    _day: Day
    _points: Floats
    _suffixes: list[str]

    def told(self, connection: duckdb.DuckDBPyConnection) -> ClientDay:
        """All that is to be said of it."""
        row = connection.execute(_WHOLE, [self.client, self.number]).fetchone()
        assert row
        day = self._day
        columns = (day.z, self._points, day.dead, day.first, day.last)
        names = (f"{x}.{suffix}" for x, suffix in zip(day.labels, self._suffixes, strict=True))
        return ClientDay(
            client=self.client,
            day=None if self.number == NO_DAY else self.number,
            lines=row[0],
            labels=row[1],
            dead_answers=row[2],
            answers=row[3],
            asked=tuple(map(Asked, names, *(x.tolist() for x in columns))),
            alarms=self.alarms,
            score=self.score,
        )


def too_busy(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Clients with more unfamiliar labels in a day than are judged, and how many.

    Makes the tables counts and days, which judged() needs.
    """
    for statement in (_COUNTS, _BUSY):
        connection.execute(statement)
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
    connection: duckdb.DuckDBPyConnection, log: Log, cut: Cut, every: bool = False, jobs: int = 1
) -> Iterator[Batch]:
    """The verdict on each client's day that has an unfamiliar label, some clients at a time.

    every: hand out the days without an alarm too. Many are judged by several processes. Raises
    WorkerError if one of these ends before its time.
    """
    row = connection.execute("SELECT count(*) FROM unfamiliar").fetchone()
    rows = row[0] if row else 0
    parts = rows // _AT_ONCE + 1
    fetched = (_fetched(connection, part, parts) for part in range(parts))
    if jobs == 1 or rows < 2 * _AT_ONCE:
        yield from (_batch(columns, log, cut, every) for columns in fetched)
        return
    with started(jobs, _ready) as (executor, _):
        waiting: deque[Future[Batch]] = deque()
        for columns in fetched:
            waiting.append(executor.submit(_batch, columns, log, cut, every))
            if len(waiting) > jobs:
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)


def _ready() -> None:
    """In another process, at its start: this module is loaded, and that is all."""


def _fetched(connection: duckdb.DuckDBPyConnection, part: int, parts: int) -> _Columns:
    values = {"most": MOST, "parts": parts, "part": part}
    found = connection.execute(_ROWS, values).fetchnumpy()
    return {name: np.asarray(column) for name, column in found.items()}


def _batch(columns: _Columns, log: Log, cut: Cut, every: bool) -> Batch:
    found = Batch([], [])
    for day in _judged(columns, log, cut):
        found.totals.append(day.total)
        if day.alarms or every:
            found.days.append(day)
    return found


def _judged(columns: _Columns, log: Log, cut: Cut) -> Iterator[Judged]:
    client, number = columns["client"], columns["day"]
    label, suffix = columns["label"].tolist(), columns["suffix"].tolist()
    first, last = columns["first"].astype(np.float64), columns["last"].astype(np.float64)
    dead, z = columns["dead"].astype(np.bool_), columns["z"].astype(np.float64)
    suffixes = columns["suffixes"].astype(np.int64)
    points = odd_points(z, dead, suffixes, log.coded)
    changes = (client[1:] != client[:-1]) | (number[1:] != number[:-1])
    starts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(label)]
    for start, stop in pairwise(starts):
        if start == stop:  # there is none
            continue
        these = slice(start, stop)
        day = Day(
            labels=label[these],
            z=z[these],
            suffixes=suffixes[these],
            dead=dead[these],
            first=first[these],
            last=last[these],
        )
        found = scores(day, log, cut, points[these])
        alarms = alarms_of(found, log, cut)
        yield Judged(
            client=str(client[start]),
            number=int(number[start]),
            alarms=tuple(alarms),
            score=strength(alarms[0], log, cut) if alarms else 0.0,
            total=next(x.score for x in found if x.kind == "random-looking"),
            _day=day,
            _points=points[these],
            _suffixes=suffix[these],
        )


def count(connection: duckdb.DuckDBPyConnection) -> tuple[int, bool]:
    """How many client-days there are, and if one has a date; too_busy() made their table."""
    row = connection.execute("SELECT count(*), max(day) FROM days").fetchone()
    return (int(row[0]), row[1] is not None and row[1] != NO_DAY) if row else (0, False)
