"""Odd labels that several clients ask for: what no client's day can show by itself."""

from __future__ import annotations

import duckdb
import numpy as np

from ..clients.client_day import AlarmThresholds
from ..clients.suspicious_labels import find_shared_labels
from .findings import Shared, SharedName

SHOWN = 100  # names, and clients of each, that are told
# What a label that was known before is, an outbreak of today is not.
_LABELS = """
SELECT label, suffix, z, clients, popular, labels.first, labels.last
FROM labels LEFT JOIN known USING (label)
WHERE clients >= $sharers AND z >= $odd AND (known.day IS NULL OR known.day >= labels.day)
ORDER BY label
"""
_CLIENTS = "SELECT DISTINCT client FROM pairs WHERE label = ? ORDER BY client LIMIT ?"


def shared(
    connection: duckdb.DuckDBPyConnection, clients: int, cut: AlarmThresholds
) -> Shared | None:
    """The alarm that the log's labels raise together, with the clients that asked for each."""
    rows = connection.execute(
        _LABELS, {"sharers": cut.min_clients, "odd": cut.suspicious_from}
    ).fetchall()
    if not rows:
        return None
    _, _, z, sharers, popular, _, _ = zip(*rows, strict=True)
    columns = (np.array(z, np.float64), np.array(sharers, np.int64), np.array(popular, np.bool_))
    alarm = find_shared_labels(*columns, clients, cut)
    if alarm is None:
        return None
    names = []
    for index in alarm.names[:SHOWN]:
        label, suffix, odds, count, _, first, last = rows[index]
        found = connection.execute(_CLIENTS, [label, SHOWN]).fetchall()
        times = (np.nan if x is None else x for x in (first, last))
        names.append(SharedName(f"{label}.{suffix}", odds, count, [x for (x,) in found], *times))
    return Shared(len(alarm.names), alarm.score / cut.min_shared, alarm.confidence, names)
