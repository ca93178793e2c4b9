"""Alarms by the Elastic Common Schema and by OCSF: fields, types and ids of the published lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from math import nan
from typing import Any

import pytest

from malicious_domains.clients.client_day import Alarm, QueriedName
from malicious_domains.scan.findings import Finding
from malicious_domains.scan.hosts import Host
from malicious_domains.scan.siem_formats import format_ecs, format_ocsf
from malicious_domains.scan.state import AlarmState
from tests.malicious_domains.scan.test_report import HOSTILE, NOON, day, findings

# Of ECS's list of fields: the type of each that is written, "[]" behind those that are arrays.
ECS_FIELDS = {
    "@timestamp": "date",
    "ecs.version": "keyword",
    "event.kind": "keyword",
    "event.category": "keyword[]",
    "event.type": "keyword[]",
    "event.id": "keyword",
    "event.dataset": "keyword",
    "event.provider": "keyword",
    "event.severity": "long",
    "event.risk_score": "float",
    "event.reason": "keyword",
    "event.start": "date",
    "event.end": "date",
    "rule.name": "keyword",
    "rule.description": "keyword",
    "dns.question.name": "keyword",
    "dns.question.registered_domain": "keyword",
    "threat.framework": "keyword",
    "threat.tactic.id": "keyword[]",
    "threat.tactic.name": "keyword[]",
    "threat.technique.id": "keyword[]",
    "threat.technique.name": "keyword[]",
    "threat.technique.subtechnique.id": "keyword[]",
    "threat.technique.subtechnique.name": "keyword[]",
    "related.ip": "ip[]",
    "related.hosts": "keyword[]",
    "source.address": "keyword",
    "source.ip": "ip",
    "source.domain": "keyword",
    "source.mac": "keyword",
}
CHECKS = {
    "date": lambda x: bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", x)),
    "keyword": lambda x: isinstance(x, str) and x != "",
    "ip": lambda x: bool(re.fullmatch(r"[0-9a-f.:]+", x)),
    "long": lambda x: type(x) is int,
    "float": lambda x: isinstance(x, float),
}
UNTIMED = replace(
    day("10.0.0.9"), day=None, rare_names=(QueriedName("x.com", 5, 4, True, nan, nan),)
)
UNTIMED = replace(UNTIMED, alarms=(Alarm("random-looking", 2.0, "low", (0,), (4.0,)),))
NAMED = replace(
    day("laptop"),
    host=Host("00:1b:2c:3d:4e:5f", "laptop", ("192.0.2.1", "2001:db8::1")),
    states={"random-looking": AlarmState("39368f5792", "new")},
)
SUBJECTS = {"usual": day("10.0.0.1"), "named": NAMED, "untimed": UNTIMED, "hostile": day(HOSTILE)}


def leaves(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, x in value.items():
        if isinstance(x, dict):
            yield from leaves(x, f"{path}{key}.")
        else:
            yield path + key, x


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_every_field_is_of_the_elastic_common_schema(subject: Finding) -> None:
    for line in format_ecs(findings(subject)):
        alert = json.loads(line)
        assert alert["event"]["type"] == ["info"]
        assert set(alert["event"]["category"]) <= {"network", "intrusion_detection"}
        assert {type(x) for x in alert.pop("labels").values()} == {str}
        for field, value in leaves(alert):
            kind, array, _ = ECS_FIELDS[field].partition("[]")
            assert isinstance(value, list) == bool(array), field
            assert all(map(CHECKS[kind], value if array else [value])), (field, value)


OCSF_TYPES = {
    "activity_id": int, "category_uid": int, "class_uid": int, "type_uid": int, "time": int,
    "severity_id": int, "confidence_id": int, "status_id": int, "is_alert": bool, "message": str,
    "metadata": dict, "finding_info": dict, "evidences": list, "observables": list,
    "unmapped": dict,
}  # fmt: skip


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_a_detection_finding_has_what_the_schema_requires(subject: Finding) -> None:
    for line in format_ocsf(findings(subject)):
        made = json.loads(line)
        assert {key: type(value) for key, value in made.items()} == OCSF_TYPES
        assert (made["class_uid"], made["category_uid"], made["activity_id"]) == (2004, 2, 1)
        assert made["type_uid"] == 100 * made["class_uid"] + made["activity_id"]
        assert made["time"] > 1_000_000_000_000  # milliseconds
        product, info = made["metadata"]["product"], made["finding_info"]
        assert made["metadata"]["version"] and product["name"] and product["vendor_name"]
        assert {"uid", "title", "analytic", "attacks"} <= set(info)
        assert info["attacks"][0]["sub_technique"]["uid"] == "T1568.002"
        assert info["analytic"]["type_id"] == 2
        for x in made["evidences"]:
            assert x["query"]["hostname"]
            if "src_endpoint" in x:
                assert set(x["src_endpoint"]) <= {"ip", "name", "hostname", "mac"}
                assert {"ip", "name", "hostname"} & set(x["src_endpoint"])
        assert {x["type_id"] for x in made["observables"]} <= {1, 2}


def test_an_id_is_of_client_day_and_kind_and_that_of_the_state_stands_beside_it() -> None:
    (alert, _), (same, _) = ([*map(json.loads, format_ecs(findings(NAMED)))] for _ in "ab")
    fresh = replace(NAMED, states={}, rare_names=NAMED.rare_names[:1], alarms=UNTIMED.alarms)
    (other, _) = map(json.loads, format_ecs(findings(fresh)))
    (later, _) = map(json.loads, format_ecs(findings(replace(NAMED, day=20418))))
    (ocsf, _) = map(json.loads, format_ocsf(findings(NAMED)))
    assert alert["event"]["id"] == same["event"]["id"] == other["event"]["id"]
    assert alert["event"]["id"] == ocsf["metadata"]["uid"] != later["event"]["id"]
    assert (alert["labels"]["alarm_id"], ocsf["unmapped"]["alarm_id"]) == ("39368f5792",) * 2
    assert "alarm_id" not in other["labels"]


def test_start_and_end_are_those_of_the_evidence() -> None:
    """The alarm has the first two of three names; the log went on."""
    x = replace(day("a"), alarms=(Alarm("random-looking", 3.0, "high", (0, 1), (4.0, 4.0)),))
    (alert, _), (ocsf, _) = (map(json.loads, f(findings(x))) for f in (format_ecs, format_ocsf))
    assert (alert["event"]["start"], alert["event"]["end"]) == (
        "2025-11-25T12:00:00Z",
        "2025-11-25T12:00:01Z",
    )
    assert ocsf["finding_info"]["last_seen_time"] == 1000 * (NOON + 1)
    assert ocsf["unmapped"]["score"] == alert["event"]["risk_score"] == 3.0
