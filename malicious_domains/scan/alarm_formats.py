"""Findings for programs: CSV, JSON Lines, and JSON Lines by the Elastic Common Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

from ..clients.client_day import OUTBREAK, Alarm
from ..clients.finding_json import describe_alarm, describe_name, format_date, format_time
from ..clients.generated_names import KIND, GeneratorNames
from ..scoring.output_formats import format_csv_line
from .findings import Finding, Findings
from .state import AlarmState
from .terminal import (
    MAX_NAMES,
    explain_alarm,
    explain_finding,
    format_table,
    list_generators,
    visible,
)
from .verdicts import FAMILY_KINDS

CSV_COLUMNS = ("client", "day", "kind", "score", "confidence", "first_seen", "last_seen", "names")
_MORE_COLUMNS = ("known", "family_hint", "host", "mac", "id", "state")
_TECHNIQUE = {"id": "T1568.002", "name": "Dynamic Resolution: Domain Generation Algorithms"}


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
            yield format_csv_line(
                False, visible(x.client), format_date(x.day) or "", *cells, *more, *state
            )


def _describe_state(x: AlarmState | None) -> dict[str, str]:
    """Return the id and the state of an alarm, nothing without a state."""
    return x._asdict() if x else {}


def name_families(x: Finding, alarm: Alarm) -> str:
    """Return the likely families of an alarm's names, "" if it does not show them."""
    return str(x.families) if x.families and alarm.kind in FAMILY_KINDS else ""


def format_jsonl(findings: Findings) -> Iterator[str]:
    """Yield JSON Lines, one object a client and day; shared names have one without a client."""
    return (json.dumps(describe_finding(x)) + "\n" for x in findings.all)


def describe_finding(x: Finding) -> dict[str, Any]:
    """Return a finding as its JSON object."""
    counts = {
        "queries": x.lines,
        "labels": x.labels,
        "new": len(x.rare_names),
        "dead": x.nxdomain_names,
    }
    return {
        "client": x.client or None,
        "day": format_date(x.day),
        "score": round(x.score, 4),
        "confidence": x.confidence,
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
    described = describe_alarm(alarm) | _describe_state(x.states.get(alarm.kind))
    own = x.evidence.get(alarm.kind)
    if own and own.generators:
        for name, i in zip(names, alarm.names, strict=True):
            name["known"] = [y._asdict() for y in own.matches[i]]
        described["generators"] = [_describe_generator(y) for y in own.generators]
    if own and alarm.kind == OUTBREAK:
        described["clients"] = [*own.clients]
    return {**described, "names": names}


def _describe_generator(x: GeneratorNames) -> dict[str, object]:
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


def format_ecs(findings: Findings) -> Iterator[str]:
    """Yield JSON Lines, one alert a client, day and alarm, with the keys of ECS 8."""
    for x in findings.all:
        for alarm in x.alarms:
            yield json.dumps(_describe_alert(x, alarm)) + "\n"


def _describe_alert(x: Finding, alarm: Alarm) -> dict[str, object]:
    names = [y.name for y in x.list_names(alarm)]
    more = {"known": list_generators(x)} if alarm.kind == KIND else {}
    if families := name_families(x, alarm):
        more["family_hint"] = families
    state = _describe_state(x.states.get(alarm.kind))
    more |= {f"alarm_{key}": value for key, value in state.items()}
    start, end = format_time(x.first_seen), format_time(x.last_seen) or format_date(x.day)
    return {
        "@timestamp": end,
        "event": {
            "kind": "alert",
            "category": ["network", "intrusion_detection"],
            "type": ["indicator"],
            "start": start,
            "end": end,
            "risk_score": round(alarm.score, 4),
            "reason": explain_alarm(x, alarm),
        },
        "rule": {"name": alarm.kind},
        "dns": {"question": {"name": names, "registered_domain": names}},
        "threat": {
            "framework": "MITRE ATT&CK",
            "technique": {k: [v] for k, v in _TECHNIQUE.items()},
        },
        "labels": {"confidence": alarm.confidence} | more,
        **_describe_source(x),
    }


def _describe_source(x: Finding) -> dict[str, object]:
    """Return the client's addresses; without a client, those of the clients that share names."""
    if not x.client:
        names = (y for own in x.evidence.values() for y in own.names)
        clients = {client for y in names for client in y.clients if _is_address(client)}
        return {"related": {"ip": sorted(clients)}}
    source = {"address": x.client} | ({"ip": x.client} if _is_address(x.client) else {})
    if x.host:
        addresses = {
            "ip": x.host.addresses[0],
            "domain": x.host.name,
            "mac": _format_mac(x.host.mac),
        }
        source = {key: value for key, value in addresses.items() if value} | source
    return {"source": source}


def _format_mac(mac: str) -> str:
    """Return a MAC address as ECS has it, in upper case with hyphens."""
    return mac.upper().replace(":", "-")


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


FORMATTERS: dict[str, Callable[[Findings], Iterator[str]]] = {
    "table": format_table,
    "csv": format_csv,
    "jsonl": format_jsonl,
    "ecs": format_ecs,
}
