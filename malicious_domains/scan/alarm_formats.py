"""Findings for programs: CSV, JSON lines, and JSON lines by the Elastic Common Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from math import nan

from ..clients.client_day import Alarm
from ..clients.generated_names import KIND, GeneratorNames
from ..scoring.output_formats import format_csv_line
from .family_hint import KINDS as HINTED
from .findings import Finding, Findings, Shared
from .terminal import WORST, date, generators, moment, sentence, shared, table, visible, why

CSV_COLUMNS = ("client", "day", "kind", "score", "confidence", "first_seen", "last_seen", "names")
CSV_MORE = ("known", "family_hint")
_SHARED = "shared-oddity"
_TECHNIQUE = {"id": "T1568.002", "name": "Dynamic Resolution: Domain Generation Algorithms"}


def rows(findings: Findings) -> Iterator[str]:
    """CSV, a row a client, day and alarm."""
    yield format_csv_line(False, *CSV_COLUMNS, *CSV_MORE)
    for x in findings.alarmed:
        for alarm in x.alarms:
            names = [y.name for y in x.named(alarm)[:WORST]]
            seen = [moment(x.first) or "", moment(x.last) or ""]
            cells = (alarm.kind, f"{alarm.score:.2f}", alarm.confidence, *seen, " ".join(names))
            more = generators(x) if alarm.kind == KIND else "", _hint(x, alarm)
            yield format_csv_line(False, visible(x.client), date(x.day) or "", *cells, *more)
    if y := findings.shared:
        cells = (_SHARED, f"{y.labels:.2f}", y.confidence, *(seen or "" for seen in _seen(y)))
        yield format_csv_line(
            False, "", "", *cells, " ".join(z.name for z in y.names[:WORST]), "", ""
        )


def _hint(x: Finding, alarm: Alarm) -> str:
    return str(x.family_hint) if x.family_hint and alarm.kind in HINTED else ""


def objects(findings: Findings) -> Iterator[str]:
    """JSON lines, one object a client and day; of what clients share one without a client."""
    for x in findings.alarmed:
        yield json.dumps(client_object(x)) + "\n"
    if findings.shared:
        yield json.dumps(shared_object(findings.shared, findings.clients)) + "\n"


def client_object(x: Finding) -> dict[str, object]:
    """What JSON lines have of a client's day."""
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
        "family_hint": x.family_hint.as_json() if x.family_hint else None,
    }


def _alarm(x: Finding, alarm: Alarm) -> dict[str, object]:
    names: list[dict[str, object]] = [
        {
            "name": y.name,
            "points": round(point, 4),
            "log_odds": round(y.z, 4) if y.z == y.z else None,  # no label was judged
            "dead": y.dead,
            "first_seen": moment(y.first),
            "last_seen": moment(y.last),
        }
        for y, point in zip(x.named(alarm), alarm.weights, strict=True)
    ]
    found: dict[str, object] = {
        "kind": alarm.kind,
        "score": round(alarm.score, 4),
        "confidence": alarm.confidence,
    }
    if x.known and alarm.kind == KIND:
        for name, i in zip(names, alarm.names, strict=True):
            name["known"] = [y._asdict() for y in x.known.makers[i]]
        found["generators"] = [_generator(y) for y in x.known.generators]
    return {**found, "names": names}


def _generator(x: GeneratorNames) -> dict[str, object]:
    return {
        "family": x.family,
        "variant": x.variant,
        "seed": x.seed,
        "first_date": x.first,
        "last_date": x.last,
        "names": len(x.names),
        "on_time": x.on_time,
        "confidence": x.confidence,
    }


def shared_object(x: Shared, clients: int) -> dict[str, object]:
    """What JSON lines have of names that clients share; clients: all of the log."""
    names = [
        {
            "name": y.name,
            "points": 1.0,
            "log_odds": round(y.z, 4),
            "first_seen": moment(y.first),
            "last_seen": moment(y.last),
            "clients": y.sharers,
            "some_clients": y.clients,
        }
        for y in x.names
    ]
    alarm = {"kind": _SHARED, "score": x.labels, "confidence": x.confidence, "names": names}
    first, last = _seen(x)
    return {
        "client": None,
        "day": None,
        "score": round(x.score, 4),
        "confidence": x.confidence,
        "why": shared(x),
        "first_seen": first,
        "last_seen": last,
        "counts": {"clients": clients, "labels": x.labels},
        "alarms": [alarm],
    }


def _seen(x: Shared) -> tuple[str | None, str | None]:
    """When the first and the last of its names were asked for."""
    first = min((y.first for y in x.names if y.first == y.first), default=nan)
    last = max((y.last for y in x.names if y.last == y.last), default=nan)
    return (moment(first), moment(last))


def ecs(findings: Findings) -> Iterator[str]:
    """JSON lines, one alert a client, day and alarm, with the keys of ECS 8."""
    for x in findings.alarmed:
        for alarm in x.alarms:
            yield json.dumps(_alert(x, alarm)) + "\n"
    if findings.shared:
        yield json.dumps(_alert_of_many(findings.shared)) + "\n"


def _alert(x: Finding, alarm: Alarm) -> dict[str, object]:
    names = [y.name for y in x.named(alarm)]
    more = {"known": generators(x)} if alarm.kind == KIND else {}
    if hint := _hint(x, alarm):
        more["family_hint"] = hint
    seen = (moment(x.first), moment(x.last) or date(x.day))
    source = {"address": x.client} | ({"ip": x.client} if _is_address(x.client) else {})
    return {
        **_common(alarm.kind, alarm.score, alarm.confidence, names, seen, sentence(x, alarm), more),
        "source": source,
    }


def _alert_of_many(x: Shared) -> dict[str, object]:
    names = [y.name for y in x.names]
    clients = sorted({client for y in x.names for client in y.clients if _is_address(client)})
    return {
        **_common(_SHARED, float(x.labels), x.confidence, names, _seen(x), shared(x)),
        "related": {"ip": clients},
    }


def _common(
    kind: str,
    score: float,
    confidence: str,
    names: list[str],
    seen: tuple[str | None, str | None],
    reason: str,
    more: dict[str, str] | None = None,
) -> dict[str, object]:
    return {
        "@timestamp": seen[1],
        "event": {
            "kind": "alert",
            "category": ["network", "intrusion_detection"],
            "type": ["indicator"],
            "start": seen[0],
            "end": seen[1],
            "risk_score": round(score, 4),
            "reason": reason,
        },
        "rule": {"name": kind},
        "dns": {"question": {"name": names, "registered_domain": names}},
        "threat": {
            "framework": "MITRE ATT&CK",
            "technique": {k: [v] for k, v in _TECHNIQUE.items()},
        },
        "labels": {"confidence": confidence} | (more or {}),
    }


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


FORMS: dict[str, Callable[[Findings], Iterator[str]]] = {
    "table": table,
    "csv": rows,
    "jsonl": objects,
    "ecs": ecs,
}
