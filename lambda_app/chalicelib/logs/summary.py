"""Judge a day that is over once more, by all that is known of it, and send one message."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from malicious_domains.clients.finding_json import format_date
from malicious_domains.model.scorer import Scorer

from ..web.telemetry import write_line
from .dynamodb import DAY
from .handler import ClientResult, add_rows, list_clients
from .records import DayRows, Rows
from .service import create_service, name_finding
from .sub_domains import EVERYBODY

_SHOWN = 20  # clients in the message


def on_schedule(scorer: Scorer, now: float | None = None) -> dict[str, int]:
    """Judge the day before now (seconds since the epoch) as a whole, and publish a summary.

    Alarms that were never raised are published: a name may have looked common, or existing, until
    others asked for it. A finding that no longer stands is rewritten. Returns the numbers sent.
    """
    service = create_service(scorer)
    day = int((time.time() if now is None else now) // DAY) - 1
    clients: dict[str, Rows] = {x: {} for x in service.table.list_clients(day)}
    results, failed = add_rows(service, day, DayRows(clients, set(), {}), Counter(), is_over=True)
    date = format_date(day) or ""
    numbers, subject, message, text = _make_message(service.bucket, date, results, [*failed])
    service.publish(subject, message, text)
    for error in failed.values():
        write_line({"level": "ERROR", "message": "a client", "reason": f"{error!r:.1000}"})
    write_line({"level": "INFO", "message": "summary", "day": date} | numbers)
    return numbers


def _make_message(
    bucket: str, date: str, results: list[ClientResult], failed: list[str]
) -> tuple[dict[str, int], str, dict[str, Any], str]:
    """Make the numbers of a day, and a message: its subject, as JSON, as text.

    failed: clients that could not be judged.
    """
    findings = [x.finding for x in results if x.finding]
    standing = [x for x in findings if x["stands"]]
    standing.sort(key=lambda x: (x["confidence"] != "high", -x["score"], list_clients(x)))
    sure = (x for x in standing if x["confidence"] == "high")
    numbers = {
        "clients": len({x.client for x in results} - {EVERYBODY}),
        "alarmed": len({client for x in standing for client in list_clients(x)}),
        "high": len({client for x in sure for client in list_clients(x)}),
        "withdrawn": sum(not x["stands"] and not x["shared"] for x in findings),
        "too_busy": sum(x.sampled for x in results),
        "failed": len(failed),
    }
    sampled = [x.client for x in results if x.sampled]
    named = {"sampled_clients": sampled[:_SHOWN], "failed_clients": failed[:_SHOWN]}
    alarms = [
        {k: x[k] for k in ("client", "score", "confidence")}
        | {"clients": list_clients(x), "kinds": [alarm["kind"] for alarm in x["alarms"]]}
        for x in standing[:_SHOWN]
    ]
    folder = name_finding(date, "").rpartition("/")[0]
    lines = [
        f"{date}: {numbers['clients']} clients asked for rare names; {numbers['alarmed']} look "
        f"infected, {numbers['high']} with high confidence. {numbers['withdrawn']} earlier "
        f"findings do not stand for the whole day. Of {numbers['too_busy']} a sample was judged, "
        f"{numbers['failed']} could not be judged; see the log.",
        *(
            f"  {' '.join(x['clients'])}: {x['score']:.1f} times the threshold, {x['confidence']}; "
            + ", ".join(x["kinds"])
            for x in alarms
        ),
        *(f"{key.replace('_', ' ')}: {' '.join(some)}" for key, some in named.items() if some),
        f"The first {_SHOWN} of each; all: s3://{bucket}/{folder}/\n",
    ]
    subject = f"DNS on {date}: {numbers['alarmed']} of {numbers['clients']} clients alarmed"
    message = {"day": date} | numbers | named | {"alarms": alarms}
    return numbers, subject, message, "\n".join(lines)
