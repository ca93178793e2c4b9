"""A day that is over, judged once more by all that is known of it, and told in one message."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

from malicious_domains.model.scorer import Scorer

from ..web.telemetry import write
from . import clients, day_labels, finding_json, service, state
from .clients import PARTS, Told
from .day_verdict import Judge
from .days import Asks
from .records import DAY
from .service import Service
from .settings import LogSettings

_SHOWN = 20  # clients


def on_schedule(scorer: Scorer, now: float | None = None) -> dict[str, int]:
    """Judge the day before now (seconds since the epoch) as a whole and publish what it was.

    A client is told of whose names looked familiar, or alive, as long as few had asked for them;
    a finding that does not hold any more says so. Returns the numbers of the message.
    """
    ours = service.of(scorer)
    day = int((time.time() if now is None else now) // DAY) - 1
    told, failed = close(ours, day)
    numbers, message = _message(ours.settings, finding_json.date(day), told, len(failed))
    ours.sns.publish(TopicArn=ours.settings.topic, **message)
    for error in failed:
        write({"level": "ERROR", "message": "a client", "reason": f"{error!r:.1000}"})
    write({"level": "INFO", "message": "summary", "day": finding_json.date(day)} | numbers)
    return numbers


def close(service: Service, day: int) -> tuple[list[Told], list[Exception]]:
    """The verdict on all clients of a day, by its whole state; its alarms are told.

    And what failed, for the clients that it failed for.
    """
    votes = day_labels.add_labels(service.table, day, Asks({}, set()), Counter())
    known = day_labels.Yesterday().of(service.table, day)
    kept: dict[str, state.Rows] = {}
    for part in range(PARTS):
        pk = clients.client_key(day, "").pk[:-2] + f"{part:02}"
        kept |= {client: {} for client, _ in service.table.all_of(pk)}
    judge = Judge(votes, known, service.scorer.log_odds)
    return clients.add_clients(service, day, kept, judge)


def _message(
    settings: LogSettings, date: str, told: list[Told], failed: int
) -> tuple[dict[str, int], dict[str, str]]:
    standing = [x.finding for x in told if x.finding and x.finding["stands"]]
    standing.sort(key=lambda x: (x["confidence"] != "high", -x["score"], x["client"]))
    numbers = {
        "clients": len(told),
        "alarmed": len(standing),
        "high": sum(x["confidence"] == "high" for x in standing),
        "withdrawn": sum(x.finding is not None for x in told) - len(standing),
        "too_busy": sum(x.verdict is None for x in told),
        "failed": failed,
    }
    return numbers, {
        "Subject": f"DNS on {date}: {numbers['alarmed']} of {numbers['clients']} clients alarmed",
        "Message": json.dumps(
            {
                "default": json.dumps(
                    {"day": date} | numbers | {"alarms": [_brief(x) for x in standing[:_SHOWN]]}
                ),
                "email": _text(settings, date, numbers, standing),
            }
        ),
        "MessageStructure": "json",
    }


def _brief(found: dict[str, Any]) -> dict[str, Any]:
    kinds = [alarm["kind"] for alarm in found["alarms"]]
    return {k: found[k] for k in ("client", "score", "confidence")} | {"kinds": kinds}


def _text(
    settings: LogSettings, date: str, numbers: dict[str, int], standing: list[dict[str, Any]]
) -> str:
    lines = [
        f"{date}: {numbers['clients']} clients asked for names that few others ask for; "
        f"{numbers['alarmed']} look infected, {numbers['high']} of them surely. "
        f"{numbers['withdrawn']} earlier findings do not hold for the whole day, "
        f"{numbers['too_busy']} clients asked for too much to be judged"
        + f", and {numbers['failed']} could not be: see the log." * bool(numbers["failed"])
        + "." * (not numbers["failed"])
    ]
    for found in standing[:_SHOWN]:
        kinds = ", ".join(alarm["kind"] for alarm in found["alarms"])
        score = f"{found['score']:.1f} times the cut, {found['confidence']}"
        lines.append(f"  {found['client']}: {score}; {kinds}")
    if len(standing) > _SHOWN:
        lines.append(f"  and {len(standing) - _SHOWN} more")
    place = settings.finding(date, "").rpartition("/")[0]
    return "\n".join([*lines, f"s3://{settings.bucket}/{place}/", ""])
