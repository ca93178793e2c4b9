"""Alarms for SIEMs: JSON Lines by the Elastic Common Schema (ECS) and by OCSF.

Both are one object a client, day and alarm. `risk_score` of ECS and `unmapped.score` of OCSF are
the alarm's score, a multiple of its threshold. The ids are the same whenever the same client, day
and kind raise an alarm again; that of the state folder stands beside them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from math import nan
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from .. import __version__
from ..clients.client_day import OUTBREAK, SHARED, Alarm
from ..clients.finding_json import format_time
from ..clients.generated_names import KIND
from ..clients.tunnels import KINDS, MANY_BELOW, TUNNEL
from .findings import Finding, Findings
from .terminal import explain_alarm, list_generators
from .verdicts import FAMILY_KINDS

ECS_VERSION, OCSF_VERSION = "8.17.0", "1.3.0"
_PRODUCT = "malicious-domains"
_NAMESPACE = uuid5(NAMESPACE_URL, "malicious-domains/alarm")
# Techniques and sub-techniques by the ids of MITRE ATT&CK, each within a tactic.
_TACTIC = ("TA0011", "Command and Control")
Attack = tuple[tuple[str, str], tuple[str, str], tuple[str, str] | None]
_TUNNEL_ATTACKS: tuple[Attack, ...] = (
    (_TACTIC, ("T1071", "Application Layer Protocol"), ("T1071.004", "DNS")),
    (("TA0010", "Exfiltration"), ("T1048", "Exfiltration Over Alternative Protocol"), None),
    (_TACTIC, ("T1572", "Protocol Tunneling"), None),
)
_DGA_ATTACKS: tuple[Attack, ...] = (
    (_TACTIC, ("T1568", "Dynamic Resolution"), ("T1568.002", "Domain Generation Algorithms")),
)
_DAY = 86400.0
# By confidence: Elastic's severity, OCSF's severity_id and its confidence_id.
_SEVERITIES = {"high": (73, 4, 3), "low": (21, 2, 1)}
_HOSTNAME, _IP = 1, 2  # types of OCSF's observables
_TITLES = {  # by kind of alarm
    KIND: "Names of a known DGA",
    OUTBREAK: "Suspicious names that several clients ask for",
    SHARED: "Suspicious names that clients share",
    TUNNEL: "Data in names below one registrable name: a DNS tunnel",
    MANY_BELOW: "Very many names below one registrable name: a flood or a DNS tunnel",
}


def format_ecs(findings: Findings) -> Iterator[str]:
    """Yield an alert of ECS for each alarm."""
    return (json.dumps(_make_ecs(*x)) + "\n" for x in _list_alarms(findings))


def format_ocsf(findings: Findings) -> Iterator[str]:
    """Yield a Detection Finding (class 2004) of OCSF for each alarm."""
    return (json.dumps(_make_ocsf(*x)) + "\n" for x in _list_alarms(findings))


def name_families(x: Finding, alarm: Alarm) -> str:
    """Return the likely families of an alarm's names, "" if it does not show them."""
    return str(x.families) if x.families and alarm.kind in FAMILY_KINDS else ""


def _list_alarms(findings: Findings) -> Iterator[tuple[Finding, Alarm]]:
    return ((x, alarm) for x in findings.all for alarm in x.alarms)


def _make_ecs(x: Finding, alarm: Alarm) -> dict[str, object]:
    names = [y.name for y in x.list_names(alarm)]
    first, last = _find_times(x, alarm)
    times = {"start": format_time(first), "end": format_time(last)}
    host = [x.host.name] if x.host and x.host.name else []
    alert: dict[str, object] = {
        "@timestamp": format_time(_date_alarm(x, last)),
        "ecs": {"version": ECS_VERSION},
        "event": {
            "kind": "alert",
            "category": ["network", "intrusion_detection"],
            "type": ["info"],
            "id": _make_id(x, alarm),
            "dataset": "malicious_domains.scan",
            "provider": _PRODUCT,
            "severity": _SEVERITIES[alarm.confidence][0],
            "risk_score": round(alarm.score, 4),
            "reason": explain_alarm(x, alarm),
            **{key: value for key, value in times.items() if value},
        },
        "rule": {"name": alarm.kind, "description": _title(alarm)},
        "threat": {
            "framework": "MITRE ATT&CK",
            "tactic": _list_each(*dict.fromkeys(x for x, _, _ in _list_attacks(alarm))),
            "technique": _list_each(*(x for _, x, _ in _list_attacks(alarm)))
            | {"subtechnique": _list_each(*(x for _, _, x in _list_attacks(alarm) if x))},
        },
        "labels": {"confidence": alarm.confidence, **_describe_more(x, alarm)},
        "related": {"ip": _list_addresses(x), "hosts": [*names, *host]},
    }
    if names:  # all are among the related hosts
        parents = _list_parents(x, alarm) or names
        alert["dns"] = {"question": {"name": names[0], "registered_domain": parents[0]}}
    if x.client:
        alert["source"] = _describe_source(x)
    return alert


def _make_ocsf(x: Finding, alarm: Alarm) -> dict[str, object]:
    names = [y.name for y in x.list_names(alarm)]
    first, last = _find_times(x, alarm)
    _, severity, confidence = _SEVERITIES[alarm.confidence]
    seen = {"first_seen_time": first, "last_seen_time": last}
    keys = ("tactic", "technique", "sub_technique")
    attacks = [
        {key: {"uid": y[0], "name": y[1]} for key, y in zip(keys, attack, strict=True) if y}
        for attack in _list_attacks(alarm)
    ]
    observed = [(_IP, "src_endpoint.ip", y) for y in _list_addresses(x)]
    observed += [(_HOSTNAME, "query.hostname", y) for y in names]
    source = {"src_endpoint": _describe_endpoint(x)} if x.client else {}
    return {
        "activity_id": 1,
        "category_uid": 2,
        "class_uid": 2004,
        "type_uid": 200401,
        "time": round(1000 * _date_alarm(x, last)),
        "severity_id": severity,
        "confidence_id": confidence,
        "status_id": 1,
        "is_alert": True,
        "message": explain_alarm(x, alarm),
        "metadata": {
            "version": OCSF_VERSION,
            "uid": _make_id(x, alarm),
            "product": {"name": _PRODUCT, "vendor_name": _PRODUCT, "version": __version__},
        },
        "finding_info": {
            "uid": _make_id(x, alarm),
            "title": _title(alarm),
            "types": [alarm.kind],
            "analytic": {"type_id": 2, "type": "Behavioral", "name": alarm.kind, "uid": alarm.kind},
            "attacks": attacks,
            **{key: round(1000 * value) for key, value in seen.items() if format_time(value)},
        },
        "evidences": [{"query": {"hostname": y}, **source} for y in names] or [source],
        "observables": [{"type_id": t, "name": n, "value": v} for t, n, v in observed],
        "unmapped": {"score": round(alarm.score, 4), **_describe_more(x, alarm)},
    }


def _make_id(x: Finding, alarm: Alarm) -> str:
    """Return an id that is the same for the same client, day and kind."""
    return str(uuid5(_NAMESPACE, json.dumps([x.client, x.day, alarm.kind])))


def _title(alarm: Alarm) -> str:
    return _TITLES.get(alarm.kind, "Names that an algorithm generated")


def _list_attacks(alarm: Alarm) -> Sequence[Attack]:
    return _TUNNEL_ATTACKS if alarm.kind in KINDS else _DGA_ATTACKS


def _list_parents(x: Finding, alarm: Alarm) -> tuple[str, ...]:
    """Return the registrable names of a tunnel; none of other alarms."""
    return x.evidence[alarm.kind].parents if alarm.kind in KINDS else ()


def _list_each(*entries: tuple[str, str]) -> dict[str, Any]:
    return {"id": [x for x, _ in entries], "name": [x for _, x in entries]}


def _find_times(x: Finding, alarm: Alarm) -> tuple[float, float]:
    """Return when the first and the last of an alarm's names were queried; NaN if unknown."""
    names = x.list_names(alarm)
    first = min((y.first_seen for y in names if format_time(y.first_seen)), default=nan)
    return first, max((y.last_seen for y in names if format_time(y.last_seen)), default=nan)


def _date_alarm(x: Finding, last: float) -> float:
    """Return the time of an alarm: of its last query, else of its day, else now."""
    if format_time(last):
        return last
    return time.time() if x.day is None else x.day * _DAY


def _describe_more(x: Finding, alarm: Alarm) -> dict[str, str]:
    """Return the generators, the likely families, and the id and the state of the state folder."""
    state = x.states.get(alarm.kind)
    more = {
        "known": list_generators(x) if alarm.kind == KIND else "",
        "family_hint": name_families(x, alarm),
        "registrable_names": " ".join(_list_parents(x, alarm)[:10]),
        **({f"alarm_{key}": value for key, value in state._asdict().items()} if state else {}),
    }
    return {key: value for key, value in more.items() if value}


def _list_addresses(x: Finding) -> list[str]:
    """Return the addresses of the client, or of those that share names."""
    own = [x.client, *(x.host.addresses if x.host else ())]
    shared = {client for y in x.evidence.values() for z in y.names for client in z.clients}
    shared |= {client for y in x.evidence.values() for client in y.clients}
    return sorted({y for y in (own if x.client else shared) if _is_address(y)})


def _describe_source(x: Finding) -> dict[str, str]:
    source = {"address": x.client, "ip": x.client if _is_address(x.client) else ""}
    if x.host:
        addresses = [y for y in x.host.addresses if _is_address(y)]
        source["ip"] = source["ip"] or next(iter(addresses), "")
        source |= {"domain": x.host.name, "mac": x.host.mac.upper().replace(":", "-")}
    return {key: value for key, value in source.items() if value}


def _describe_endpoint(x: Finding) -> dict[str, str]:
    source = _describe_source(x)
    endpoint = {
        "ip": source.get("ip", ""),
        "name": x.client if x.client != source.get("ip") else "",
        "hostname": source.get("domain", ""),
        "mac": x.host.mac if x.host else "",
    }
    return {key: value for key, value in endpoint.items() if value}


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
