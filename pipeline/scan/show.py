"""Findings as a table, CSV, JSON lines, and JSON lines by the Elastic Common Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from lambda_app.chalicelib.traffic.day import Alarm

from ..scoring.formats import csv_line
from .findings import Asked, ClientDay, Findings

CSV_COLUMNS = ("client", "day", "kind", "score", "confidence", "first_seen", "last_seen", "names")
_WORST = 10  # names shown on a screen and in a cell
_TECHNIQUE = {"id": "T1568.002", "name": "Dynamic Resolution: Domain Generation Algorithms"}


def moment(seconds: float) -> str | None:
    """A time as ISO 8601 in UTC, None if it is not known."""
    if seconds != seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def date(day: int | None) -> str | None:
    """A day since the epoch as YYYY-MM-DD."""
    return None if day is None else datetime.fromtimestamp(day * 86400, UTC).date().isoformat()


def why(found: ClientDay) -> str:
    """What speaks against a client, in a line."""
    told = "; ".join(_sentence(found, alarm) for alarm in found.alarms)
    return told or f"no alarm; {len(found.asked)} new names, {found.dead} of them dead"


def _sentence(found: ClientDay, alarm: Alarm) -> str:
    names = [found.asked[i] for i in alarm.names]
    return _SENTENCES[alarm.kind](found, names) + _period(names)


def _random(found: ClientDay, names: list[Asked]) -> str:
    odd = max(names, key=lambda x: x.z).name if names else ""
    if found.dead:
        return (
            f"{found.dead} of {len(found.asked)} new names do not exist, and they read like {odd}"
        )
    return f"{len(names)} of {len(found.asked)} new names read like {odd}"


_SENTENCES: dict[str, Callable[[ClientDay, list[Asked]], str]] = {
    "random-looking": _random,
    "same-pieces": lambda _, names: f"{len(names)} names are put together from the same pieces",
    "same-end": lambda _, names: f"{len(names)} names begin or end alike",
    "long-dead": lambda _, names: f"{len(names)} long names do not exist",
    "many-dead": lambda _, names: f"{len(names)} names do not exist",
}


def _period(names: list[Asked]) -> str:
    """ "; 26 in 90 s from 03:12", where times are known."""
    times = sorted(x.first for x in names if x.first == x.first)
    if len(times) < 2:
        return ""
    seconds = round(times[-1] - times[0])
    length = f"{seconds} s" if seconds < 600 else f"{seconds // 60} min"
    return f" ({len(times)} in {length} from {datetime.fromtimestamp(times[0], UTC):%H:%M} UTC)"


def worst(found: ClientDay) -> list[str]:
    """The names that speak most against a client."""
    points: dict[int, float] = {}
    for alarm in found.alarms:
        for index, point in zip(alarm.names, alarm.points, strict=True):
            points[index] = max(point, points.get(index, point))
    ordered = sorted(points, key=lambda i: (-points[i], found.asked[i].name))
    return [found.asked[i].name for i in ordered[:_WORST]]


# --- for a person ---


def table(findings: Findings) -> Iterator[str]:
    """Lines for a screen: the alarmed clients by score."""
    if not findings.alarmed:
        return
    width = max(len(_visible(x.client)) for x in findings.alarmed)
    yield f"{'client':<{width}}  {'day':<10}  {'score':>6}  conf.  why\n"
    for x in findings.alarmed:
        head = f"{_visible(x.client):<{width}}  {date(x.day) or '-':<10}  {x.score:>6.1f}"
        yield f"{head}  {x.confidence:<5}  {_visible(why(x))}\n"
        yield f"{'':<{width}}  {_visible(' '.join(worst(x)))}\n"


def _visible(text: str) -> str:
    """A text of a log, which may hold what a terminal would run."""
    return text if text.isprintable() else repr(text)[1:-1]


# --- for programs ---


def rows(findings: Findings) -> Iterator[str]:
    """CSV, a row a client, day and alarm."""
    yield csv_line(False, *CSV_COLUMNS)
    for x in findings.alarmed:
        for alarm in x.alarms:
            names = [x.asked[i].name for i in alarm.names[:_WORST]]
            seen = [moment(x.first) or "", moment(x.last) or ""]
            cells = (alarm.kind, f"{alarm.score:.2f}", alarm.confidence, *seen, " ".join(names))
            yield csv_line(False, x.client, date(x.day) or "", *cells)


def objects(findings: Findings) -> Iterator[str]:
    """JSON lines, one object a client and day."""
    for x in findings.alarmed:
        yield json.dumps(_object(x)) + "\n"


def _object(x: ClientDay) -> dict[str, object]:
    return {
        "client": x.client,
        "day": date(x.day),
        "score": round(x.score, 4),
        "confidence": x.confidence,
        "why": why(x),
        "first_seen": moment(x.first),
        "last_seen": moment(x.last),
        "counts": {"queries": x.lines, "labels": x.labels, "new": len(x.asked), "dead": x.dead},
        "alarms": [_alarm(x, alarm) for alarm in x.alarms],
    }


def _alarm(x: ClientDay, alarm: Alarm) -> dict[str, object]:
    names = [
        {
            "name": x.asked[i].name,
            "points": round(point, 4),
            "log_odds": round(x.asked[i].z, 4),
            "dead": x.asked[i].dead,
            "first_seen": moment(x.asked[i].first),
        }
        for i, point in zip(alarm.names, alarm.points, strict=True)
    ]
    found = {"kind": alarm.kind, "score": round(alarm.score, 4), "confidence": alarm.confidence}
    return {**found, "names": names}


def ecs(findings: Findings) -> Iterator[str]:
    """JSON lines, one alert a client, day and alarm, with the keys of ECS 8."""
    for x in findings.alarmed:
        for alarm in x.alarms:
            yield json.dumps(_alert(x, alarm)) + "\n"


def _alert(x: ClientDay, alarm: Alarm) -> dict[str, object]:
    names = [x.asked[i].name for i in alarm.names]
    return {
        "@timestamp": moment(x.last) or date(x.day),
        "event": {
            "kind": "alert",
            "category": ["network", "intrusion_detection"],
            "type": ["indicator"],
            "start": moment(x.first),
            "end": moment(x.last),
            "risk_score": round(alarm.score, 4),
            "reason": _sentence(x, alarm),
        },
        "rule": {"name": alarm.kind},
        "source": {"address": x.client} | ({"ip": x.client} if _is_address(x.client) else {}),
        "dns": {"question": {"name": names, "registered_domain": names}},
        "threat": {
            "framework": "MITRE ATT&CK",
            "technique": {k: [v] for k, v in _TECHNIQUE.items()},
        },
        "labels": {"confidence": alarm.confidence},
    }


def _is_address(text: str) -> bool:
    from ipaddress import ip_address

    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def accounting(findings: Findings) -> Iterator[str]:
    """What became of every line, and what was judged; for stderr."""
    counts = findings.accounting
    skipped = ", ".join(f"{n:,} {reason}" for reason, n in sorted(counts.skipped.items()))
    yield (
        f"{counts.lines:,} lines = {counts.judged:,} queries judged + "
        f"{sum(counts.skipped.values()):,} skipped"
        + (f" ({skipped})" if skipped else "")
        + f" + {counts.other:,} other events + {counts.broken:,} broken"
    )
    for file, number, problem in findings.broken:
        yield f"{file}, line {number}: {problem}"
    codes = "with" if findings.coded else "without"
    yield (
        f"{findings.clients:,} clients, {findings.days:,} client-days, {codes} response codes"
        + (
            f"; 99.9% of the days' sums are at most {findings.quantile:.1f}"
            if findings.days
            else ""
        )
    )
    for client, labels in findings.too_busy.items():
        yield (
            f"{_visible(client)}: {labels:,} new names in a day are too many to judge: "
            "a resolver or a crawler (see --not-clients)"
        )


FORMS: dict[str, Callable[[Findings], Iterator[str]]] = {
    "table": table,
    "csv": rows,
    "jsonl": objects,
    "ecs": ecs,
}
