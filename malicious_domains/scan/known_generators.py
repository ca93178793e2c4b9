"""Which names of a log known generators make, by an index of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from ..clients import generated_names
from ..names.dga_index import DgaIndex, DgaMatch
from .events_db import NO_DAY, EventsDatabase
from .findings import Evidence, IndexSummary, QueriedName

_EPOCH = date(1970, 1, 1)
Matches = Mapping[str, tuple[DgaMatch, ...]]  # by query


def match_queries(database: EventsDatabase, index: DgaIndex, queries: Sequence[str]) -> Matches:
    """Return the generators of each name, compared in full, and add them to the database."""
    matches = {queries[i]: x for i, x in index.match([x.rstrip(".") for x in queries]).items()}
    is_chance = [all(x.chance for x in generators) for generators in matches.values()]
    database.add_generated([*matches], is_chance)
    return matches


def find_evidence(
    database: EventsDatabase, matches: Matches, common_from: int
) -> dict[tuple[str, int], Evidence]:
    """Return the clients' days with evidence of a generator.

    common_from: the clients from which on a name that resolves is common.
    """
    evidence = {}
    rows = database.list_generated(common_from)
    for (client, day), group in groupby(rows, key=lambda x: (x.client, x.day)):
        queries = [*group]
        known = [matches[x.name] for x in queries]
        on = None if day == NO_DAY else _EPOCH + timedelta(days=day)
        generators = generated_names.match_generators(known, on, queries[0].labels)
        if alarm := generated_names.make_alarm(generators):
            names = (
                QueriedName(x.name, x.log_odds, 1.0, x.nxdomain, x.first_seen, x.last_seen)
                for x in queries
            )
            evidence[client, day] = Evidence(alarm, tuple(names), tuple(generators), tuple(known))
    return evidence


def summarize_index(database: EventsDatabase, index: DgaIndex, matches: Matches) -> IndexSummary:
    """Return what the index has of the log, and the days that it was not made for."""
    days = [_EPOCH + timedelta(days=x) for x in database.list_days()]
    outside = [x for x in days if index.out_of_date(x)]
    return IndexSummary(
        len(index.hashes), index.first, index.last, len(matches), len(days), outside
    )
