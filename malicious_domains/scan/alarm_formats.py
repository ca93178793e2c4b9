"""Findings for programs: CSV and JSON Lines; see siem_formats for those of SIEMs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from ..clients.client_day import OUTBREAK, Alarm
from ..clients.finding_json import describe_alarm, describe_name, format_date, format_time
from ..clients.generated_names import KIND
from ..scoring.output_formats import format_csv_line
from .findings import Finding, Findings
from .siem_formats import format_ecs, format_ocsf, name_families
from .terminal import (
    MAX_NAMES,
    explain_alarm,
    explain_finding,
    format_table,
    list_generators,
    visible,
)

CSV_COLUMNS = ("client", "day", "kind", "score", "confidence", "first_seen", "last_seen", "names")
_MORE_COLUMNS = ("known", "family_hint", "host", "mac", "id", "state", "why", "name_count")


def format_csv(findings: Findings) -> Iterator[str]:
    """Yield CSV, a row a client, day and alarm."""
    yield format_csv_line(False, *CSV_COLUMNS, *_MORE_COLUMNS)
    for x in findings.all:
        for alarm in x.alarms:
            names = " ".join(y.name for y in x.list_names(alarm)[:MAX_NAMES])
            seen = [format_time(x.first_seen) or "", format_time(x.last_seen) or ""]
            cells = (alarm.kind, f"{alarm.score:.2f}", alarm.confidence, *seen, names)
            state = x.states.get(alarm.kind) or ("", "")
            host = (visible(x.host.name), x.host.mac) if x.host else ("", "")
            more = list_generators(x) if alarm.kind == KIND else "", name_families(x, alarm), *host
            last = (visible(explain_alarm(x, alarm)), str(len(alarm.names)))
            day = format_date(x.day) or ""
            yield format_csv_line(False, visible(x.client), day, *cells, *more, *state, *last)


def format_jsonl(findings: Findings) -> Iterator[str]:
    """Yield JSON Lines, one object a client and day; shared names have one without a client."""
    return (json.dumps(describe_finding(x)) + "\n" for x in findings.all)


def describe_finding(x: Finding) -> dict[str, Any]:
    """Return a finding as its JSON object."""
    counts = {"queries": x.lines, "labels": x.labels}
    counts |= {"new": len(x.rare_names), "dead": x.nxdomain_names}
    return {
        "client": x.client or None,
        "day": format_date(x.day),
        "score": round(x.score, 4),
        "confidence": x.confidence,
        "expected_false_alarms": x.alarms[0].expected if x.alarms else None,
        "why": explain_finding(x),
        "first_seen": format_time(x.first_seen),
        "last_seen": format_time(x.last_seen),
        "counts": counts if x.client else {"clients": x.clients, "labels": x.labels},
        "alarms": [_describe_alarm(x, alarm) for alarm in x.alarms],
        "family_hint": x.families.as_json() if x.families else None,
    } | ({"host": x.host._asdict()} if x.host else {})


def _describe_alarm(x: Finding, alarm: Alarm) -> dict[str, Any]:
    names = [
        describe_name(y.name, weight, y.log_odds, y.nxdomain, y.first_seen)
        | {"last_seen": format_time(y.last_seen)}
        | ({"clients": y.client_count, "some_clients": [*y.clients]} if y.clients else {})
        for y, weight in zip(x.list_names(alarm), alarm.weights, strict=True)
    ]
    state, own = x.states.get(alarm.kind), x.evidence.get(alarm.kind)
    described = describe_alarm(alarm) | (state._asdict() if state else {})
    if own and own.generators:
        for name, i in zip(names, alarm.names, strict=True):
            name["known"] = [y._asdict() for y in own.matches[i]]
        described["generators"] = [y._asdict() | {"names": len(y.names)} for y in own.generators]
    if own and own.parents:
        described["below"] = [*own.parents]
    if own and (own.clients or alarm.kind == OUTBREAK):
        described["clients"] = [*own.clients]
    return {**described, "names": names}


FORMATTERS: dict[str, Callable[[Findings], Iterator[str]]] = {
    "table": format_table,
    "csv": format_csv,
    "jsonl": format_jsonl,
    "ecs": format_ecs,
    "ocsf": format_ocsf,
}
