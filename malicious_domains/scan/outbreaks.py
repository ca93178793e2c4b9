"""Suspicious labels that clients share: outbreaks, as bots of one kind make them, and others.

A label that resolves at three clients is common, so that none of them is called infected by it
alone. What is NXDOMAIN is never common and needs no outbreak.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import compress, groupby
from operator import or_
from typing import NamedTuple

from ..clients.client_day import (
    OUTBREAK,
    SHARED,
    Alarm,
    AlarmThresholds,
    Evidence,
    LogContext,
    QueriedName,
)
from .findings import Finding

# The SELECTs are for DuckDB and Spark, as those of events_db. A label is compared at its WITNESSES
# first clients, so that the work grows with the rows and not with their square.
_WITNESSES = 50
_DIGITS = bytes.maketrans(b"01", b"\0\1")
MAX_SHARED = 100  # shared names, and clients of each, in a finding

OUTBREAK_LABELS = """
SELECT
    client_labels.client, client_labels.day, label, client_labels.suffix, labels.log_odds,
    coalesce(client_labels.first_seen, CAST('NaN' AS DOUBLE)) AS first_seen,
    coalesce(client_labels.last_seen, CAST('NaN' AS DOUBLE)) AS last_seen,
    row_number() OVER (PARTITION BY client_labels.day, label ORDER BY client_labels.client)
        AS place,
    count(*) OVER (PARTITION BY client_labels.client, client_labels.day) AS number
FROM {client_labels} AS client_labels JOIN {labels} AS labels USING (label)
    LEFT JOIN {seen} AS seen USING (label)
WHERE NOT labels.allowed AND NOT labels.nxdomain AND labels.log_odds >= {suspicious_from}
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
            JOIN {outbreak_labels} AS others
                ON others.client = pairs.other AND others.day = own.day
                AND others.label = own.label
        GROUP BY own.client, own.day, own.label
        HAVING count(DISTINCT pairs.other) >= {min_clients} - 1
    )
)
"""

# Those of no outbreak, of most clients first. A label of an earlier scan's day is not of today.
SHARED_LABELS = f"""
SELECT
    label, suffix, log_odds, clients, coalesce(first_seen, CAST('NaN' AS DOUBLE)) AS first_seen,
    coalesce(last_seen, CAST('NaN' AS DOUBLE)) AS last_seen, count(*) OVER () AS number
FROM {{labels}} AS labels LEFT JOIN {{seen}} AS seen USING (label)
WHERE NOT allowed AND log_odds >= {{suspicious_from}}
    AND clients >= {{min_sharers}} AND clients <= {{max_sharers}}
    AND (seen.first IS NULL OR seen.first >= labels.day)
    AND label NOT IN (SELECT label FROM {{outbreaks}} AS outbreaks)
ORDER BY clients DESC, log_odds DESC, label LIMIT {MAX_SHARED}
"""
SHARERS = f"""
SELECT label, client FROM (
    SELECT label, client, row_number() OVER (PARTITION BY label ORDER BY client) AS place
    FROM (
        SELECT DISTINCT label, client FROM {{client_labels}} AS client_labels
        WHERE label IN (SELECT label FROM {{shared_labels}} AS shared_labels)
    )
) WHERE place <= {MAX_SHARED} ORDER BY label, client
"""


class SharedRow(NamedTuple):
    """A suspicious label that several clients asked for."""

    label: str
    suffix: str
    log_odds: float
    clients: int
    first_seen: float  # NaN if unknown
    last_seen: float
    number: int  # of all such labels


class OutbreakRow(NamedTuple):
    """A label of an outbreak that a client asked for on a day."""

    client: str
    day: int
    label: str
    suffix: str
    log_odds: float
    first_seen: float  # NaN if unknown
    last_seen: float


def list_limits(thresholds: AlarmThresholds, log: LogContext) -> Mapping[str, float]:
    """Return the values of the SELECTs."""
    least = thresholds.outbreak_clients
    share = thresholds.max_share * log.clients
    return {
        "min_sharers": thresholds.min_clients,
        "max_sharers": max(share, thresholds.min_clients),
        "suspicious_from": thresholds.suspicious_from,
        "min_clients": least,
        "max_clients": max(int(share), least),
        "min_names": thresholds.outbreak_names,
    }


def find_outbreaks(
    rows: Iterable[OutbreakRow], thresholds: AlarmThresholds
) -> dict[tuple[str, int], Evidence]:
    """Return the evidence by client and day, from the rows of OUTBREAKS in any order."""
    ordered = sorted(rows, key=lambda x: (x.client, x.day, -x.log_odds, x.label))
    days = {key: [*own] for key, own in groupby(ordered, key=lambda x: (x.client, x.day))}
    days = {key: own for key, own in days.items() if len(own) >= thresholds.outbreak_names}
    clients = [*dict.fromkeys(client for client, _ in days)]
    bits = {client: 1 << i for i, client in enumerate(clients)}  # sets as numbers merge quickly
    asked: dict[str, int] = defaultdict(int)
    for (client, _), own in days.items():
        for x in own:
            asked[x.label] |= bits[client]
    evidence = {}
    for key, own in days.items():
        others = _select_clients(clients, reduce(or_, (asked[x.label] for x in own)))
        if len(others) >= thresholds.outbreak_clients:
            names, count = tuple(map(_name_label, own)), len(own)
            score = count / thresholds.outbreak_names
            alarm = Alarm(OUTBREAK, score, "high", tuple(range(count)), (1.0,) * count)
            evidence[key] = Evidence(alarm, names, clients=others)
    return evidence


def _select_clients(clients: Sequence[str], bits: int) -> tuple[str, ...]:
    """Return the clients whose bits are set, the lowest one first."""
    return tuple(compress(clients, f"{bits:b}"[::-1].encode().translate(_DIGITS)))


def _name_label(x: OutbreakRow | SharedRow) -> QueriedName:
    name = f"{x.label}.{x.suffix}"
    return QueriedName(name, x.log_odds, 1.0, False, x.first_seen, x.last_seen)


def make_shared(
    rows: Iterable[SharedRow],
    sharers: Iterable[tuple[str, str]],
    clients: int,
    thresholds: AlarmThresholds,
) -> Finding | None:
    """Return the finding, of low confidence, that SHARED_LABELS raise; None if they are few.

    sharers: the rows of SHARERS. clients: of the log.
    """
    labels = [*rows]
    count = labels[0].number if labels else 0
    if count < thresholds.min_shared:
        return None
    asked: dict[str, list[str]] = {}
    for label, client in sharers:
        asked.setdefault(label, []).append(client)
    names = tuple(
        _name_label(x)._replace(client_count=x.clients, clients=tuple(asked[x.label]))
        for x in labels
    )
    indices = tuple(range(len(names)))
    alarm = Alarm(SHARED, count / thresholds.min_shared, "low", indices, (1.0,) * len(names))
    own = {SHARED: Evidence(alarm, names)}
    return Finding(
        client="", day=None, labels=count, alarms=(alarm,), evidence=own, clients=clients
    )
