"""Outbreaks: clients that ask for the same suspicious labels on a day, as bots of one kind do.

Without response codes a label of three clients is common, and none of them is called infected by
its own. With codes this is not needed: what is NXDOMAIN is never common.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

from ..clients.client_day import Alarm, AlarmThresholds, LogContext
from ..clients.suspicious_labels import OUTBREAK
from .findings import OutbreakEvidence, QueriedName

# The SELECTs are for DuckDB and Spark, as those of events_db. A label is compared at its WITNESSES
# first clients, so that the work grows with the rows and not with their square.
_WITNESSES = 50

OUTBREAK_LABELS = """
SELECT
    client_labels.client, client_labels.day, label, client_labels.suffix, labels.log_odds,
    client_labels.first_seen, client_labels.last_seen,
    row_number() OVER (PARTITION BY client_labels.day, label ORDER BY client_labels.client)
        AS place,
    count(*) OVER (PARTITION BY client_labels.client, client_labels.day) AS number
FROM {client_labels} AS client_labels JOIN {labels} AS labels USING (label)
    LEFT JOIN {seen} AS seen USING (label)
WHERE NOT labels.allowed AND labels.log_odds >= {suspicious_from}
    AND labels.clients >= {min_clients} AND labels.clients <= {max_clients}
    AND (seen.first IS NULL OR seen.first >= client_labels.day)
"""
# Pairs of clients with enough of these labels in common, and half of those of each.
OUTBREAK_PAIRS = f"""
SELECT one.client, one.day, other.client AS other
FROM {{outbreak_labels}} AS one JOIN {{outbreak_labels}} AS other
        ON one.day = other.day AND one.label = other.label AND one.client <> other.client
WHERE other.place <= {_WITNESSES}
GROUP BY one.client, one.day, other.client
HAVING count(*) >= {{min_names}} AND 2 * count(*) >= greatest(max(one.number), max(other.number))
"""
# The labels that clients share with enough others of their pairs, at whoever asked for them on any
# day of the log.
OUTBREAKS = """
SELECT client, day, label, suffix, log_odds, first_seen, last_seen
FROM {outbreak_labels} AS outbreak_labels WHERE label IN (
    SELECT label FROM (
        SELECT own.client, own.day, own.label
        FROM {outbreak_labels} AS own
            JOIN {outbreak_pairs} AS pairs ON pairs.client = own.client AND pairs.day = own.day
            JOIN {outbreak_labels} AS theirs
                ON theirs.client = pairs.other AND theirs.day = own.day
                AND theirs.label = own.label
        GROUP BY own.client, own.day, own.label
        HAVING count(DISTINCT pairs.other) >= {min_clients} - 1
    )
)
"""


class OutbreakRow(NamedTuple):
    """A label of an outbreak that a client asked for on a day."""

    client: str
    day: int
    label: str
    suffix: str
    log_odds: float
    first_seen: float | None
    last_seen: float | None


def list_limits(thresholds: AlarmThresholds, log: LogContext) -> Mapping[str, float]:
    """Return the values of the SELECTs, which find nothing in a log with response codes."""
    least = thresholds.outbreak_clients
    most = max(int(thresholds.max_share * log.clients), least)
    return {
        "suspicious_from": thresholds.suspicious_from,
        "min_clients": least,
        "max_clients": 0 if log.has_rcodes else most,
        "min_names": thresholds.outbreak_names,
    }


def find_outbreaks(
    rows: Iterable[OutbreakRow], thresholds: AlarmThresholds
) -> dict[tuple[str, int], OutbreakEvidence]:
    """Return the evidence by client and day, from the rows of OUTBREAKS in any order."""
    ordered = sorted(rows, key=lambda x: (x.client, x.day, -x.log_odds, x.label))
    days = {key: [*own] for key, own in groupby(ordered, key=lambda x: (x.client, x.day))}
    days = {key: own for key, own in days.items() if len(own) >= thresholds.outbreak_names}
    clients: dict[str, set[str]] = {}
    for own in days.values():
        for x in own:
            clients.setdefault(x.label, set()).add(x.client)
    evidence = {}
    for key, own in days.items():
        others = set[str]().union(*(clients[x.label] for x in own))
        if len(others) >= thresholds.outbreak_clients:
            evidence[key] = _make_evidence(own, sorted(others))
    return evidence


def _make_evidence(rows: list[OutbreakRow], clients: list[str]) -> OutbreakEvidence:
    nan = float("nan")
    names = tuple(
        QueriedName(
            f"{x.label}.{x.suffix}",
            x.log_odds,
            1.0,
            False,
            nan if x.first_seen is None else x.first_seen,
            nan if x.last_seen is None else x.last_seen,
        )
        for x in rows
    )
    count = len(names)
    alarm = Alarm(OUTBREAK, float(count), "high", tuple(range(count)), (1.0,) * count)
    return OutbreakEvidence(alarm, names, tuple(x.label for x in rows), tuple(clients))
