"""The rows that a scan on Spark hands out: what `scan --format jsonl` writes, as columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ..scan.verdicts import ClientDayVerdict

_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int64()
_NAME = pa.struct(
    {
        "name": _TEXT,
        "points": _NUMBER,
        "log_odds": _NUMBER,
        "dead": pa.bool_(),
        "first_seen": _TEXT,
        "last_seen": _TEXT,
        "clients": _COUNT,  # of names that clients share
        "some_clients": pa.list_(_TEXT),
    }
)
_ALARM = pa.struct({"kind": _TEXT, "score": _NUMBER, "confidence": _TEXT, "names": pa.list_(_NAME)})
_COUNTS = pa.struct(dict.fromkeys(("queries", "labels", "new", "dead", "clients"), _COUNT))
_LIKELY = pa.struct({"family": _TEXT, "probability": _NUMBER})
_HINT = pa.struct({"answer": _TEXT, "families": pa.list_(_LIKELY), "unknown": _NUMBER})
ALARM = pa.schema(
    {
        "client": _TEXT,  # null: of what clients share
        "day": _TEXT,
        "score": _NUMBER,
        "confidence": _TEXT,
        "why": _TEXT,
        "first_seen": _TEXT,
        "last_seen": _TEXT,
        "counts": _COUNTS,
        "alarms": pa.list_(_ALARM),
        "family_hint": _HINT,
    }
)
# Beside it what alarms are ordered by, as on a single machine.
ORDER = {"low": pa.bool_(), "rank": _NUMBER, "total": _NUMBER, "number": pa.int32()}
JUDGED = pa.schema([*ALARM, *(pa.field(name, kind) for name, kind in ORDER.items())])


def row_of(told: Mapping[str, Any], found: ClientDayVerdict) -> dict[str, Any]:
    """A row of JUDGED: what is told of a day, and what alarms are ordered by."""
    order = {"rank": found.score, "total": found.total, "number": found.number}
    return {"client": found.client, **told, "low": found.confidence == "low", **order}
