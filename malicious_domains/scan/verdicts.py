"""The verdict on clients' days, from columns that any engine has grouped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby, pairwise

import numpy as np

from ..clients.client_day import AlarmThresholds, ClientDay, Evidence, LogContext, QueriedName
from ..clients.generated_names import KIND, make_alarm, match_generators
from ..clients.verdict import (
    LabelWeights,
    judge_sample,
    rank_alarms,
    score_ordered_day,
    select_alarms,
    weigh_labels,
)
from ..families.likely_families import load_packaged
from ..names.array_types import Floats
from ..names.dga_index import DgaIndex, DgaMatch
from .events_db import NO_DAY, Columns, EventsDatabase
from .findings import Finding, IndexSummary
from .selects import MAX_RARE_LABELS

LABELS_AT_ONCE = 50_000  # judged together, which is faster than day by day
FAMILY_KINDS = ("random-looking", "same-pieces")  # alarms whose names show their generator
_FAMILY_NAMES = 20  # of a client, the strongest ones
# What there is beside the rare labels, by client and day.
EvidenceByDay = Mapping[tuple[str, int], Sequence[Evidence]]


def judge_days(
    columns: Columns,
    log: LogContext,
    thresholds: AlarmThresholds,
    wants: Callable[[str, int], bool] = lambda client, day: True,
) -> list[Finding]:
    """Return the verdict on each day of JUDGED_LABELS' rows.

    The rows are ordered by client and day, and in each by first sight, ties by label; an unknown
    time is NaN. wants: whether a client's day needs its names without an alarm, too.
    """
    client, number = columns["client"], columns["day"]
    suffix = columns["suffix"].tolist()
    days = ClientDay(
        labels=columns["label"].tolist(),
        log_odds=columns["log_odds"].astype(np.float64),
        suffix_counts=columns["suffixes"].astype(np.int64),
        nxdomain=columns["nxdomain"].astype(np.bool_),
        first_seen=columns["first_seen"].astype(np.float64),
        last_seen=columns["last_seen"].astype(np.float64),
    )
    changes = (client[1:] != client[:-1]) | (number[1:] != number[:-1])
    weights = weigh_labels(days, log, np.append(0, np.cumsum(changes))[: len(client)], thresholds)
    starts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(client)]
    findings = []
    for start, stop in pairwise(starts):
        if start == stop:  # there are no rows
            continue
        day = days.select(slice(start, stop))
        own = LabelWeights(*(x[start:stop] for x in weights))
        key = str(client[start]), int(number[start])
        total = 0.0
        if columns["rare_count"][start] > MAX_RARE_LABELS:
            alarms = tuple(judge_sample(day, log, thresholds))
        else:
            scores = score_ordered_day(day, own, log, thresholds)
            total = next(x.score for x in scores if x.kind == "random-looking")
            alarms = tuple(select_alarms(scores, log, thresholds))
        is_wanted = alarms or wants(*key)
        names = _list_names(day, suffix[start:stop], own.suspicious) if is_wanted else ()
        on = None if key[1] == NO_DAY else key[1]
        verdict = Finding(client=key[0], day=on, rare_names=names, alarms=alarms, total=total)
        findings.append(verdict)
    return _suggest_families(findings)


def _list_names(day: ClientDay, suffixes: list[str], weights: Floats) -> tuple[QueriedName, ...]:
    names = (f"{x}.{suffix}" for x, suffix in zip(day.labels, suffixes, strict=True))
    columns = (day.log_odds, weights, day.nxdomain, day.first_seen, day.last_seen)
    return tuple(map(QueriedName, names, *(x.tolist() for x in columns)))


def _suggest_families(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with the likely families of their names; none if a generator is known."""
    labels = [*map(_list_strongest, findings)]
    some = [x for x in labels if x]
    likely = iter(load_packaged().classify_clients(some) if some else ())
    pairs = zip(findings, labels, strict=True)
    return [replace(x, families=next(likely) if own else None) for x, own in pairs]


def _list_strongest(x: Finding) -> list[str]:
    """Return the labels that show a finding's families; none if a generator is known."""
    if any(y.confidence == "high" for y in x.generators):
        return []
    alarms = (y for y in x.alarms if y.kind in FAMILY_KINDS)
    labels = (y.name.partition(".")[0] for alarm in alarms for y in x.list_names(alarm))
    return [*dict.fromkeys(labels)][:_FAMILY_NAMES]


def add_evidence(x: Finding, evidence: Iterable[Evidence]) -> Finding:
    """Return a finding with the alarms of more evidence."""
    for own in evidence:
        alarms = tuple(rank_alarms([*x.alarms, own.alarm]))
        x = replace(x, alarms=alarms, evidence={**x.evidence, own.alarm.kind: own})
    return _suggest_families([x])[0] if KIND in x.evidence else x


def add_shared(x: Finding | None, below: Sequence[Evidence], clients: int) -> Finding | None:
    """Return the finding of what clients share, with tunnels of several. clients: of the log."""
    return add_evidence(x or Finding(client="", day=None, clients=clients), below) if below else x


def key_of(x: Finding) -> tuple[str, int]:
    """Return the client and the day of a finding as the tables have them."""
    return x.client, NO_DAY if x.day is None else x.day


# --- names of known generators ---

_EPOCH = date(1970, 1, 1)
Matches = Mapping[str, tuple[DgaMatch, ...]]  # by query


def match_queries(database: EventsDatabase, index: DgaIndex, queries: Sequence[str]) -> Matches:
    """Return the generators of each name, compared in full, and add them to the database."""
    matches = {queries[i]: x for i, x in index.match([x.rstrip(".") for x in queries]).items()}
    is_chance = [all(x.chance for x in generators) for generators in matches.values()]
    database.add_generated([*matches], is_chance)
    return matches


def find_generated(
    database: EventsDatabase, matches: Matches, common_from: int
) -> dict[tuple[str, int], Evidence]:
    """Return the clients' days with evidence of a generator.

    common_from: the clients from which on a name that resolves is common.
    """
    evidence = {}
    rows = database.list_generated(common_from)
    for (client, day), group in groupby(rows, key=lambda x: x[:2]):
        counts, names = zip(*(x[2:] for x in group), strict=True)
        known = tuple(matches[x.name] for x in names)
        on = None if day == NO_DAY else _EPOCH + timedelta(days=day)
        generators = match_generators(known, on, counts[0])
        if alarm := make_alarm(generators):
            evidence[client, day] = Evidence(alarm, names, tuple(generators), known)
    return evidence


def summarize_index(database: EventsDatabase, index: DgaIndex, matches: Matches) -> IndexSummary:
    """Return what the index has of the log, and the days that it was not made for."""
    days = [_EPOCH + timedelta(days=x) for x in database.list_days()]
    outside = [x for x in days if index.out_of_date(x)]
    return IndexSummary(
        len(index.hashes), index.first, index.last, len(matches), len(days), outside
    )
