"""A finding as people and programs read it: a line of JSON, and a message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from malicious_domains.clients.client_day import Alarm

from .day_verdict import Verdict

WORST = 10  # names in a message
WORSE = 4.0  # times the score that was told, from which on a client is told of again


def date(day: int) -> str:
    """A day since the epoch as YYYY-MM-DD."""
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()


def moment(seconds: float) -> str:
    """A time as ISO 8601, in UTC."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")


def is_news(verdict: Verdict, told: dict[str, Any]) -> bool:
    """Whether an alarm is to be told: the first, the first of high confidence, a much worse one."""
    if not verdict.alarms:
        return False
    if not told:
        return True
    surer = verdict.confidence == "high" and told["confidence"] != "high"
    return surer or verdict.score >= WORSE * float(told["score"])


def finding(client: str, day: int, verdict: Verdict | None) -> dict[str, Any]:
    """A client's day, most of it by the keys of scan's JSON lines.

    stands: whether there still is an alarm. verdict: None of a client that is too busy by now.
    """
    known = {"client": client, "day": date(day)}
    if verdict is None:
        return known | {"stands": False, "too_busy": True, "score": 0.0, "alarms": []}
    seen = verdict.day
    return known | {
        "stands": bool(verdict.alarms),
        "too_busy": False,
        "score": round(verdict.score, 4),
        "confidence": verdict.confidence,
        "first_seen": moment(float(seen.first_seen.min())) if len(seen.first_seen) else None,
        "last_seen": moment(float(seen.last_seen.max())) if len(seen.last_seen) else None,
        "counts": {"new": len(seen.labels), "dead": int(seen.nxdomain.sum())},
        "alarms": [_alarm(verdict, alarm) for alarm in verdict.alarms],
    }


def _alarm(verdict: Verdict, alarm: Alarm) -> dict[str, Any]:
    day = verdict.day
    names = [
        {
            "name": verdict.names[i],
            "points": round(point, 4),
            "log_odds": round(float(day.log_odds[i]), 4),
            "dead": bool(day.nxdomain[i]),
            "first_seen": moment(float(day.first_seen[i])),
        }
        for i, point in zip(alarm.names, alarm.weights, strict=True)
    ]
    found = {"kind": alarm.kind, "score": round(alarm.score, 4), "confidence": alarm.confidence}
    return found | {"names": names}


def message(found: dict[str, Any], place: str) -> dict[str, str]:
    """A finding as SNS publishes it: text for a mailbox, JSON for all others.

    place: where the whole finding is.
    """
    kinds = ", ".join(alarm["kind"] for alarm in found["alarms"])
    names = list(dict.fromkeys(x["name"] for alarm in found["alarms"] for x in alarm["names"]))[
        :WORST
    ]
    counts = found["counts"]
    text = (
        f"{found['client']} looks infected on {found['day']}: {kinds}, {found['score']:.1f} times "
        f"the cut, confidence {found['confidence']}.\n{counts['new']} new names, {counts['dead']} "
        f"of them do not exist; {found['first_seen']} to {found['last_seen']}. The worst:\n"
        + "".join(f"  {name}\n" for name in names)
        + f"{place}\n"
    )
    brief = {k: v for k, v in found.items() if k != "alarms"}
    brief |= {"kinds": [alarm["kind"] for alarm in found["alarms"]], "names": names}
    default = json.dumps(brief | {"finding": place})
    return {
        "Subject": f"DNS: {found['client']} looks infected ({found['confidence']})",
        "Message": json.dumps({"default": default, "email": text}),
        "MessageStructure": "json",
    }
