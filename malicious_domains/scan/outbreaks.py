"""Suspicious labels that clients share: outbreaks, as bots of one kind make them, and others.

A label that resolves at three clients is common, so that none of them is called infected by it
alone. What is NXDOMAIN is never common and needs no outbreak.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial, reduce
from itertools import chain, compress, groupby, pairwise
from operator import itemgetter, or_
from typing import Any, NamedTuple

import numpy as np

from ..clients.client_day import (
    OUTBREAK,
    SHARED,
    Alarm,
    AlarmThresholds,
    Evidence,
    LogContext,
    QueriedName,
)
from ..clients.fourgrams import find_starts, measure_runs
from ..names.array_types import Ints
from .findings import Finding
from .selects import WITNESSES

_AT_ONCE = 1 << 18  # pairs of clients, before those that are the same are counted
_LOW = (1 << 32) - 1  # a mask of the second of two numbers in one
_DIGITS = bytes.maketrans(b"01", b"\0\1")


class SharedRow(NamedTuple):
    """A suspicious label that several clients asked for."""

    label: str
    suffix: str
    log_odds: float
    clients: int
    first_seen: float  # NaN if unknown
    last_seen: float
    number: int  # of all such labels


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


def pair_clients(rows: Mapping[str, Ints], least: float) -> dict[str, Ints]:
    """Return the pairs of OUTBREAK_PAIRS: client, day and other, (pairs,) each.

    rows: client, day, place and number of OUTBREAK_LABELS, by day, label and place. least: labels
    in common. Arrays take a third of the time of the join.
    """
    key = rows["day"].astype(np.int64) << 32 | rows["client"]
    days, visit = np.unique(key, return_inverse=True)
    first = np.flatnonzero(rows["place"] == 1)  # of each label
    size = measure_runs(first, len(visit))
    order = np.argsort(visit, kind="stable")
    begin = np.repeat(first, size)[order]
    widths = np.repeat(np.minimum(size, WITNESSES), size)[order]
    start = np.searchsorted(visit[order], np.arange(len(days)))
    labels = rows["number"][order][start]
    parts = (np.cumsum(widths) - widths)[start] // _AT_ONCE
    pairs = [np.zeros(0, np.int64)]
    for low, high in pairwise([*start[find_starts(parts)].tolist(), len(order)]):
        width = widths[low:high]
        at = np.arange(width.sum()) + np.repeat(begin[low:high] - np.cumsum(width) + width, width)
        same = np.sort(np.repeat(visit[order[low:high]], width) << 32 | visit[at])
        runs = find_starts(same)
        count, both = measure_runs(runs, len(same)), same[runs]
        most = np.maximum(labels[both >> 32], labels[both & _LOW])
        pairs.append(both[(count >= least) & (2 * count >= most) & (both >> 32 != both & _LOW)])
    both = np.concatenate(pairs)
    one, other = days[both >> 32], days[both & _LOW]
    return {"client": one & _LOW, "day": one >> 32, "other": other & _LOW}


def find_outbreaks(
    rows: Iterable[tuple[Any, ...]], thresholds: AlarmThresholds
) -> dict[tuple[str, int], Evidence]:
    """Return the evidence by client and day, from the rows of OUTBREAKS in OUTBREAK_ORDER."""
    days = {key: [*own] for key, own in groupby(rows, key=itemgetter(0, 1))}
    days = {key: own for key, own in days.items() if len(own) >= thresholds.outbreak_names}
    clients = [*dict.fromkeys(client for client, _ in days)]
    bits = {client: 1 << i for i, client in enumerate(clients)}  # sets as numbers merge quickly
    asked: dict[str, int] = defaultdict(int)
    for client, _, label, *_ in chain.from_iterable(days.values()):
        asked[label] |= bits[client]
    evidence = {}
    select = cache(partial(_select_clients, clients))
    for key, own in days.items():
        others = select(reduce(or_, (asked[x[2]] for x in own)))
        if len(others) >= thresholds.outbreak_clients:
            names, count = tuple(_name_label(*x[2:]) for x in own), len(own)
            score = count / thresholds.outbreak_names
            alarm = Alarm(OUTBREAK, score, "high", tuple(range(count)), (1.0,) * count)
            evidence[key] = Evidence(alarm, names, clients=others)
    return evidence


def _select_clients(clients: Sequence[str], bits: int) -> tuple[str, ...]:
    """Return the clients whose bits are set, the lowest one first."""
    return tuple(compress(clients, f"{bits:b}"[::-1].encode().translate(_DIGITS)))


def _name_label(
    label: str, suffix: str, log_odds: float, first_seen: float, last_seen: float
) -> QueriedName:
    return QueriedName(f"{label}.{suffix}", log_odds, 1.0, False, first_seen, last_seen)


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
        _name_label(x.label, x.suffix, x.log_odds, x.first_seen, x.last_seen)._replace(
            client_count=x.clients, clients=tuple(asked[x.label])
        )
        for x in labels
    )
    indices = tuple(range(len(names)))
    alarm = Alarm(SHARED, count / thresholds.min_shared, "low", indices, (1.0,) * len(names))
    own = {SHARED: Evidence(alarm, names)}
    return Finding(
        client="", day=None, labels=count, alarms=(alarm,), evidence=own, clients=clients
    )
