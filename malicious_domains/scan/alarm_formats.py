"""Findings for programs: CSV, JSON Lines, and JSON Lines by the Elastic Common Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

from ..clients.client_day import Alarm
from ..clients.finding_json import describe_alarm, describe_name, format_date, format_time
from ..clients.generated_names import KIND, GeneratorNames
from ..clients.suspicious_labels import OUTBREAK
from ..scoring.output_formats import format_csv_line
from .findings import Finding, Findings, SharedLabels, find_first, find_last
from .state import AlarmState
from .terminal import (
    MAX_NAMES,
    explain_alarm,
    explain_finding,
    explain_shared,
    format_table,
    list_generators,
    visible,
)
from .verdicts import FAMILY_KINDS

CSV_COLUMNS = ("client", "day", "kind", "score", "confidence", "first_seen", "last_seen", "names")
_MORE_COLUMNS = ("known", "family_hint", "host", "mac", "id", "state")
SHARED = "shared-oddity"
_TECHNIQUE = {"id": "T1568.002", "name": "Dynamic Resolution: Domain Generation Algorithms"}


def format_csv(findings: Findings) -> Iterator[str]:
    """Yield CSV, a row a client, day and alarm."""
    yield format_csv_line(False, *CSV_COLUMNS, *_MORE_COLUMNS)
    for x in findings.alarmed:
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
    if y := findings.shared:
        cells = (SHARED, f"{y.labels:.2f}", y.confidence, *(seen or "" for seen in _seen(y)))
        names = " ".join(z.name for z in y.names[:MAX_NAMES])
        state = y.state or ("", "")
        yield format_csv_line(False, "", "", *cells, names, "", "", "", "", *state)


def _describe_state(x: AlarmState | None) -> dict[str, str]:
    """Return the id and the state of an alarm, nothing without a state."""
    return x._asdict() if x else {}


def name_families(x: Finding, alarm: Alarm) -> str:
    """Return the likely families of an alarm's names, "" if it does not show them."""
    return str(x.families) if x.families and alarm.kind in FAMILY_KINDS else ""


def format_jsonl(findings: Findings) -> Iterator[str]:
    """Yield JSON Lines, one object a client and day; shared names have one without a client."""
    for x in findings.alarmed:
        yield json.dumps(describe_finding(x)) + "\n"
    if findings.shared:
        yield json.dumps(describe_shared(findings.shared, findings.clients)) + "\n"


def describe_finding(x: Finding) -> dict[str, Any]:
    """Return a finding as its JSON object."""
    return {
        "client": x.client,
        "day": format_date(x.day),
        "score": round(x.score, 4),
        "confidence": x.confidence,
        "why": explain_finding(x),
        "first_seen": format_time(x.first_seen),
        "last_seen": format_time(x.last_seen),
        "counts": {
            "queries": x.lines,
            "labels": x.labels,
            "new": len(x.rare_names),
            "dead": x.nxdomain_names,
        },
        "alarms": [_describe_alarm(x, alarm) for alarm in x.alarms],
        "family_hint": x.families.as_json() if x.families else None,
    } | ({"host": x.host._asdict()} if x.host else {})


def _describe_alarm(x: Finding, alarm: Alarm) -> dict[str, Any]:
    names = [
        describe_name(y.name, weight, y.log_odds, y.nxdomain, y.first_seen)
        | {"last_seen": format_time(y.last_seen)}
        for y, weight in zip(x.list_names(alarm), alarm.weights, strict=True)
    ]
    described = describe_alarm(alarm) | _describe_state(x.states.get(alarm.kind))
    if x.generated and alarm.kind == KIND:
        for name, i in zip(names, alarm.names, strict=True):
            name["known"] = [y._asdict() for y in x.generated.matches[i]]
        described["generators"] = [_describe_generator(y) for y in x.generated.generators]
    if x.outbreak and alarm.kind == OUTBREAK:
        described["clients"] = [*x.outbreak.clients]
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


def describe_shared(x: SharedLabels, clients: int) -> dict[str, Any]:
    """Return the JSON object of names that clients share; clients: all of the log."""
    names = [
        {
            "name": y.name,
            "points": 1.0,
            "log_odds": round(y.log_odds, 4),
            "first_seen": format_time(y.first_seen),
            "last_seen": format_time(y.last_seen),
            "clients": y.client_count,
            "some_clients": y.clients,
        }
        for y in x.names
    ]
    alarm = {"kind": SHARED, "score": x.labels, "confidence": x.confidence}
    alarm |= _describe_state(x.state) | {"names": names}
    first, last = _seen(x)
    return {
        "client": None,
        "day": None,
        "score": round(x.score, 4),
        "confidence": x.confidence,
        "why": explain_shared(x),
        "first_seen": first,
        "last_seen": last,
        "counts": {"clients": clients, "labels": x.labels},
        "alarms": [alarm],
    }


def _seen(x: SharedLabels) -> tuple[str | None, str | None]:
    return format_time(find_first(x.names)), format_time(find_last(x.names))


def format_ecs(findings: Findings) -> Iterator[str]:
    """Yield JSON Lines, one alert a client, day and alarm, with the keys of ECS 8."""
    for x in findings.alarmed:
        for alarm in x.alarms:
            yield json.dumps(_describe_alert(x, alarm)) + "\n"
    if findings.shared:
        yield json.dumps(_describe_shared_alert(findings.shared)) + "\n"


def _describe_alert(x: Finding, alarm: Alarm) -> dict[str, object]:
    names = [y.name for y in x.list_names(alarm)]
    more = {"known": list_generators(x)} if alarm.kind == KIND else {}
    if families := name_families(x, alarm):
        more["family_hint"] = families
    more |= _label_state(x.states.get(alarm.kind))
    seen = (format_time(x.first_seen), format_time(x.last_seen) or format_date(x.day))
    source = {"address": x.client} | ({"ip": x.client} if _is_address(x.client) else {})
    if x.host:
        addresses = {
            "ip": x.host.addresses[0],
            "domain": x.host.name,
            "mac": _format_mac(x.host.mac),
        }
        source = {key: value for key, value in addresses.items() if value} | source
    return {
        **_describe_common(
            alarm.kind, alarm.score, alarm.confidence, names, seen, explain_alarm(x, alarm), more
        ),
        "source": source,
    }


def _label_state(x: AlarmState | None) -> dict[str, str]:
    return {f"alarm_{key}": value for key, value in _describe_state(x).items()}


def _describe_shared_alert(x: SharedLabels) -> dict[str, object]:
    names = [y.name for y in x.names]
    clients = sorted({client for y in x.names for client in y.clients if _is_address(client)})
    return {
        **_describe_common(
            SHARED,
            float(x.labels),
            x.confidence,
            names,
            _seen(x),
            explain_shared(x),
            _label_state(x.state),
        ),
        "related": {"ip": clients},
    }


def _describe_common(
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
