"""Each client's day out of the grouped log, and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import duckdb
import numpy as np

from lambda_app.chalicelib.traffic.day import Alarm, Cut, Day, Log, in_order
from lambda_app.chalicelib.traffic.judge import judge, points, strength
from lambda_app.chalicelib.traffic.sums import running_sum

from .findings import Asked, ClientDay

MOST = 5000  # unfamiliar labels of a day; a client with more is a resolver or a crawler
NO_DAY = -1  # of queries without a time
_AT_ONCE = 200_000  # rows fetched

_COUNTS = """
CREATE TABLE counts AS
SELECT client, day, count(*) AS unfamiliar FROM unfamiliar GROUP BY ALL
"""
_BUSY = """
CREATE TABLE days AS
SELECT client, day, CAST(sum(lines) AS BIGINT) AS lines, count(*) AS labels
FROM pairs GROUP BY ALL
"""
_ROWS = """
SELECT client, day, label, suffix, suffixes, z, dead, first, last, days.lines, days.labels
FROM unfamiliar JOIN counts USING (client, day) JOIN days USING (client, day)
WHERE counts.unfamiliar <= $most AND hash(client) % $parts = $part
ORDER BY client, day, first NULLS LAST, label
"""


@dataclass(frozen=True)
class Judged:
    """A client's day and the running sum of it, alarm or not."""

    day: ClientDay
    total: float


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


def judged(connection: duckdb.DuckDBPyConnection, log: Log, cut: Cut) -> Iterator[Judged]:
    """The verdict on each client's day that has an unfamiliar label, some clients at a time."""
    row = connection.execute("SELECT count(*) FROM unfamiliar").fetchone()
    parts = (row[0] if row else 0) // _AT_ONCE + 1
    for part in range(parts):
        values = {"most": MOST, "parts": parts, "part": part}
        rows = connection.execute(_ROWS, values).fetchall()
        for _, group in groupby(rows, itemgetter(0, 1)):
            yield _judged(list(group), log, cut)


def _judged(rows: list[tuple[object, ...]], log: Log, cut: Cut) -> Judged:
    client, number, labels, suffixes, counts, z, dead, first, last, lines, asked = zip(
        *rows, strict=True
    )
    day = Day(
        labels=list(labels),
        z=np.array(z, dtype=np.float64),
        suffixes=np.array(counts, dtype=np.int64),
        dead=np.array(dead, dtype=np.bool_),
        first=np.array(first, dtype=np.float64),
        last=np.array(last, dtype=np.float64),
    )
    alarms = sorted(judge(day, log, cut), key=lambda x: _rank(x, log, cut))
    names = tuple(
        Asked(f"{label}.{suffix}", k, odds, gone, begun, ended)
        for label, suffix, k, odds, gone, begun, ended in zip(
            labels, suffixes, counts, z, dead, day.first.tolist(), day.last.tolist(), strict=True
        )
    )
    found = ClientDay(
        client=client[0],
        day=None if number[0] == NO_DAY else number[0],
        lines=lines[0],
        labels=asked[0],
        asked=names,
        alarms=tuple(alarms),
        score=strength(alarms[0], log, cut) if alarms else 0.0,
    )
    total = running_sum(points(day, log)[in_order(day)]).maximum
    return Judged(found, total)


def _rank(alarm: Alarm, log: Log, cut: Cut) -> tuple[bool, float, str]:
    """The surest first."""
    return alarm.confidence != "high", -strength(alarm, log, cut), alarm.kind


def count(connection: duckdb.DuckDBPyConnection) -> int:
    """How many client-days there are; too_busy() made their table."""
    row = connection.execute("SELECT count(*) FROM days").fetchone()
    return int(row[0]) if row else 0
