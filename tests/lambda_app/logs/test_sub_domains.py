"""Tunnels in logs that arrive in S3: the alarms of scan, and a state that stays small."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lambda_app.chalicelib.logs import dynamodb, sub_domains
from lambda_app.chalicelib.logs.records import ANSWER, SubRow
from lambda_app.chalicelib.logs.sub_domains import merge_sub_domains
from malicious_domains.clients import tunnels
from malicious_domains.scan import alarm_formats, scan_run
from malicious_domains.scan.reading.read_logs import Source
from tests.helpers import route53
from tests.lambda_app.logs.conftest import Cloud

NOON = route53.MIDNIGHT + 43_200


def records() -> list[route53.Record]:
    draw, lines = random.Random(1), list[route53.Record]()
    for i in range(9):
        for k in range(12 * i):
            end = "+/" if i % 3 == 0 else f".{k}"
            code = base64.b64encode(draw.randbytes(20)).decode().rstrip("=")
            name = f"{code}{end}.evil{i}.co.uk"
            for again in (0, 90) if k % 5 == 0 else (0,):
                at, qtype = NOON + k + again, draw.choice(("TXT", "A", "SRV"))
                lines.append(route53.record(f"10.0.0.{i}", name, at, query_type=qtype))
        lines.append(route53.record(f"10.0.0.{i}", "www.example.org", NOON))
    for k in range(400):
        lines.append(route53.record("10.0.0.20", f"word{k}.shop.com", NOON + k, "NXDOMAIN"))
    return lines


def describe(alarms: list[dict[str, Any]]) -> list[object]:
    return [
        (x["kind"], x["score"], x["below"], [(y["name"], y["points"]) for y in x["names"]])
        for x in alarms
        if x["kind"] in tunnels.KINDS
    ]


@pytest.mark.slow
def test_tunnels_are_those_of_scan_in_any_order_and_twice(cloud: Cloud, tmp_path: Path) -> None:
    lines = records()
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(x) + "\n" for x in lines))
    found = scan_run.scan_logs(scan_run.Request(source=Source.of([log])))
    described = [alarm_formats.describe_finding(x) for x in found.alarmed]
    expected = {x["client"]: describe(x["alarms"]) for x in described if describe(x["alarms"])}
    random.Random(2).shuffle(lines)
    for number, part in enumerate((lines[::2], lines[1::2], lines[::2])):
        cloud.read(part, number)
    findings = {client: describe(x["alarms"]) for client, x in cloud.findings().items()}
    assert {client: x for client, x in findings.items() if x} == expected
    assert len(expected) >= 6
    messages = cloud.messages()
    assert any("names below" in json.dumps(x) or "tunnel" in x["kinds"] for x in messages)


def rows(names: list[str], first: float = 10.0) -> dict[str, SubRow]:
    return {x: SubRow(ANSWER, 256, first, first) for x in names}


def test_a_flood_of_long_names_leaves_a_state_that_an_item_holds() -> None:
    draw = random.Random(1)
    names = [f"{draw.randbytes(60).hex()}" for _ in range(20_000)]
    forth, back = (
        merge_sub_domains({}, {"a.com": rows(names)}),
        sub_domains.State(),
    )
    for start in range(0, 20_000, 4000):
        back = merge_sub_domains(back, {"a.com": rows(names[::-1][start : start + 4000])})
    assert forth == back
    assert len(dynamodb.pack_state(forth)) <= dynamodb.MAX_STATE
    number = len(forth["a.com"].rows) << forth["a.com"].level
    assert 18_000 < number < 22_000
    columns = sub_domains.make_columns({"": forth})
    odds = np.full(len(columns["number"]), np.nan)
    days = tunnels.find_alarmed_days({**columns, "log_odds": odds}, 1.0)
    alarms = tunnels.judge_client_day(days["", 0])
    assert [x.alarm.kind for x in alarms] == ["many-below"]


def test_many_domains_leave_a_state_that_an_item_holds() -> None:
    draw = random.Random(1)
    state = merge_sub_domains(
        {}, {f"d{i}.com": rows([draw.randbytes(30).hex() for _ in range(20)]) for i in range(2000)}
    )
    assert len(dynamodb.pack_state(state)) <= dynamodb.MAX_STATE
