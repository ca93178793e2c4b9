"""Which names of a log known generators make, by an index of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

import duckdb

from ..clients import generated_names
from ..clients.client_day import AlarmThresholds, LogContext
from ..clients.verdict import alarm_strength, rank_alarms
from ..names.dga_index import DgaIndex, DgaMatch
from . import client_days, events_db
from .findings import GeneratorEvidence, Indexed, QueriedName
from .grouping import NO_DAY
from .verdicts import ClientDayVerdict

_EPOCH = date(1970, 1, 1)
# What --popular knows does not count; neither does a name that may be the same by chance, if it
# resolves and is familiar. A baseline does not matter: bots ask for the same names every day.
_ASKED = """
SELECT
    clients.client, asked.day, asked.query,
    coalesce(any_value(hosts.z), 'NaN'::DOUBLE) AS z,
    sum(asked.coded) > 0 AND sum(asked.dead) = sum(asked.coded) AS gone,
    coalesce(min(asked.first), 'NaN'::DOUBLE) AS since,
    coalesce(max(asked.last), 'NaN'::DOUBLE) AS until,
    coalesce(any_value(days.labels), 0) AS labels
FROM asked
    JOIN made USING (query)
    JOIN hosts USING (query)
    JOIN clients USING (address)
    LEFT JOIN labels ON labels.label = hosts.label
    LEFT JOIN days ON days.client = clients.client AND days.day = asked.day
WHERE asked.reason IS NULL AND NOT clients.left_out AND NOT hosts.popular
GROUP BY clients.client, asked.day, asked.query
HAVING NOT any_value(made.chance) OR gone OR coalesce(any_value(labels.clients), 0) < $few
ORDER BY clients.client, asked.day, since, asked.query
"""
_DAYS = "SELECT DISTINCT day FROM asked WHERE reason IS NULL ORDER BY day"

Makers = Mapping[str, tuple[DgaMatch, ...]]  # by query


class _Row(NamedTuple):
    """A name of a generator that a client asked for on a day."""

    client: str
    day: int
    name: str
    z: float
    dead: bool
    first: float
    last: float
    labels: int


def matched(
    connection: duckdb.DuckDBPyConnection, index: DgaIndex, queries: Sequence[str]
) -> Makers:
    """Who makes each of the different names; makes the table made (query, chance).

    Full names are compared, as they were asked for.
    """
    found = index.match([query.rstrip(".") for query in queries])
    makers = {queries[i]: known for i, known in found.items()}
    events_db.add_made(connection, [*makers], [not index.is_certain(x) for x in makers.values()])
    return makers


def speaking(
    connection: duckdb.DuckDBPyConnection, makers: Makers, few: int
) -> dict[tuple[str, int], GeneratorEvidence]:
    """The clients' days against which such names speak.

    few: a name that resolves is familiar from so many clients on.
    """
    rows = map(_Row._make, connection.execute(_ASKED, {"few": few}).fetchall())
    found = {}
    for (client, day), group in groupby(rows, key=lambda x: (x.client, x.day)):
        some = [*group]
        names = [makers[x.name] for x in some]
        on = None if day == NO_DAY else _EPOCH + timedelta(days=day)
        generators = generated_names.match_generators(names, on, some[0].labels)
        if alarm := generated_names.make_alarm(generators):
            told = (QueriedName(x.name, x.z, 1.0, x.dead, x.first, x.last) for x in some)
            found[client, day] = GeneratorEvidence(
                alarm, tuple(generators), tuple(told), tuple(names)
            )
    return found


def joined(
    batches: Iterable[client_days.Batch],
    found: Mapping[tuple[str, int], GeneratorEvidence],
    log: LogContext,
    cut: AlarmThresholds,
) -> Iterator[client_days.Batch]:
    """The same days, with these alarms too; then those that had no verdict at all."""
    left = dict(found)
    for batch in batches:
        told = [_with(x, left.pop((x.client, x.number), None), log, cut) for x in batch.days]
        yield batch._replace(days=told)
    rest = (_with(client_days.unjudged(*key), known, log, cut) for key, known in left.items())
    yield client_days.Batch([], [*rest])


def _with(
    day: ClientDayVerdict, known: GeneratorEvidence | None, log: LogContext, cut: AlarmThresholds
) -> ClientDayVerdict:
    if known is None:
        return day
    alarms = rank_alarms([*day.alarms, known.alarm], log, cut)
    return replace(
        day, alarms=tuple(alarms), score=alarm_strength(alarms[0], log, cut), known=known
    )


def indexed(connection: duckdb.DuckDBPyConnection, index: DgaIndex, makers: Makers) -> Indexed:
    """What there is to say of the index and the days of the log."""
    numbers = [x for (x,) in connection.execute(_DAYS).fetchall()]
    own = [_EPOCH + timedelta(days=x) for x in numbers if x != NO_DAY]
    outside = [x for x in own if index.out_of_date(x)]
    return Indexed(len(index.hashes), index.first, index.last, len(makers), len(own), outside)
