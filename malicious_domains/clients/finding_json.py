"""How findings are written in JSON, by `scan` and by the function for logs in S3."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from .client_day import Alarm

_EARLIEST, _END = 365 * 86400, 253_402_300_800  # 1971 and 10000


def has_date(seconds: float) -> bool:
    """Return whether a time is one of the years 1971 to 9999; NaN is none.

    Earlier ones are times since a capture began, which have no date.

    >>> has_date(1_764_072_000.5), has_date(3.0)
    (True, False)
    """
    return _EARLIEST <= seconds < _END


@lru_cache(1 << 16)  # a name's times are written with each of its alarms
def format_time(seconds: float) -> str | None:
    """Return a time as ISO 8601 in UTC; None if it has no date.

    >>> format_time(1_764_072_000.5)
    '2025-11-25T12:00:00Z'
    """
    if not has_date(seconds):
        return None
    time = datetime.fromtimestamp(float(seconds), UTC)
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def format_date(day: int | None) -> str | None:
    """Return a day since the epoch as YYYY-MM-DD, None for None.

    >>> format_date(20417)
    '2025-11-25'
    """
    time = None if day is None else format_time(day * 86400)
    return time and time[:10]


def describe_alarm(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm's kind, score, confidence and expected rate; the names are added."""
    score = round(alarm.score, 4)
    rate = {} if alarm.expected is None else {"expected_false_alarms": alarm.expected}
    return {"kind": alarm.kind, "score": score, "confidence": alarm.confidence} | rate


def describe_name(
    name: str, weight: float, log_odds: float, nxdomain: bool, first_seen: float
) -> dict[str, Any]:
    """Return a name of an alarm; log_odds is NaN if it was not scored."""
    return {
        "name": name,
        "points": round(weight, 4),
        "log_odds": round(float(log_odds), 4) if log_odds == log_odds else None,
        "dead": bool(nxdomain),
        "first_seen": format_time(first_seen),
    }
