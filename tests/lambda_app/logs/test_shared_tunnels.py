"""Tunnels that several clients have below one name: reported once, as scan does, in any order."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lambda_app.chalicelib.logs import sub_domains, summary
from malicious_domains.clients import tunnels
from malicious_domains.scan import scan_run
from malicious_domains.scan.findings import Finding
from malicious_domains.scan.reading.read_logs import Source
from tests.helpers import route53
from tests.helpers.route53 import MIDNIGHT, Record
from tests.lambda_app.logs.conftest import Cloud

NOON = MIDNIGHT + 43_200
Alarms = list[tuple[object, ...]]


def ask(client: int, parent: str, number: int = 40, qtype: str = "TXT") -> list[Record]:
    draw = random.Random(f"{client} {parent}")
    return [
        route53.record(
            f"10.0.0.{client}", f"{draw.randbytes(16).hex()}.{parent}", NOON + k, query_type=qtype
        )
        for k in range(number)
    ]


def flood(client: int) -> list[Record]:
    return [
        route53.record(f"10.0.0.{client}", f"word{k}.shop.com", NOON + k, "NXDOMAIN")
        for k in range(310 + client)
    ]


def clean(clients: int) -> list[Record]:
    names = ("www.wikipedia.org", "www.debian.org")
    return [route53.record(f"10.0.1.{i}", x, NOON) for i in range(clients) for x in names]


def network() -> list[list[Record]]:
    """Return what each client asked for."""
    return [
        *(ask(i, "evil.co.uk", 30 + i) for i in (1, 2, 3)),
        ask(4, "evil.co.uk") + ask(4, "own.net"),  # an alarm without what is shared
        *(ask(i, "pair.org") for i in (5, 6)),
        ask(7, "lone.info", qtype="A"),
        *(ask(i, "other.net", 20) + ask(i, "more.net", 20) for i in (11, 12, 13)),
        *(flood(i) for i in (14, 15, 16, 17)),
        clean(30),
    ]


def describe(alarm: dict[str, Any], why: str) -> tuple[object, ...]:
    names = [(x["name"], x["points"]) for x in alarm["names"]]
    clients = alarm.get("clients", [])
    keys = ("kind", "score", "confidence", "below")
    return *(alarm[x] for x in keys), clients, names, why


def scan(lines: Sequence[Record], log: Path) -> dict[str | None, Alarms]:
    from malicious_domains.scan import alarm_formats

    log.write_text("".join(json.dumps(x) + "\n" for x in lines))
    findings = scan_run.scan_logs(scan_run.Request(source=Source.of([log])))

    def alarms(x: Finding) -> Alarms:
        described = alarm_formats.describe_finding(x)["alarms"]
        kinds = [y for y in described if y["kind"] in tunnels.KINDS]
        return [describe(y, x.evidence[y["kind"]].why) for y in kinds]

    return {x.client or None: y for x in findings.all if (y := alarms(x))}


def standing(cloud: Cloud) -> dict[str | None, Alarms]:
    return {
        client: alarms
        for client, x in cloud.findings().items()
        if (alarms := [describe(y, y["why"]) for y in x["alarms"] if y["kind"] in tunnels.KINDS])
    }


def orders() -> Iterator[list[list[Record]]]:
    """Yield the objects of the network: client by client both ways, and minutes of all."""
    parts = network()
    yield parts
    yield parts[::-1]
    lines = [x for part in parts for x in part]
    random.Random(3).shuffle(lines)
    yield [lines[start::4] for start in range(4)]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_what_several_ask_for_is_reported_once_as_by_scan(
    cloud: Cloud, tmp_path: Path, number: int
) -> None:
    objects = list(orders())[number]
    expected = scan([x for part in objects for x in part], tmp_path / "log.jsonl")
    assert {*expected} == {None} | {f"10.0.0.{i}" for i in (4, 5, 6, 7)}
    for key, part in enumerate(objects):
        assert cloud.read(part, key) == {"read": 1}
    assert standing(cloud) == expected
    assert cloud.read(objects[0]) == {"read": 1}  # S3 may announce an object twice
    before = [x for x in cloud.messages() if x["client"] is None]
    assert before[-1]["clients"] and "shared" in before[-1]["finding"]
    numbers = summary.on_schedule(cloud.scorer, MIDNIGHT + 90_000.0)
    assert standing(cloud) == expected
    assert (numbers["alarmed"], numbers["withdrawn"]) == (4 + 3 + 3 + 4, 0)
    (told,) = cloud.messages()  # the summary
    assert any({"10.0.0.1", "10.0.0.2", "10.0.0.3"} <= {*x["clients"]} for x in told["alarms"])


def test_a_finding_that_was_sent_refers_to_the_shared_one(cloud: Cloud) -> None:
    for i in (1, 2):
        cloud.read(ask(i, "evil.co.uk"), i)
    assert {x["client"] for x in cloud.messages()} == {"10.0.0.1", "10.0.0.2"}
    cloud.read(ask(3, "evil.co.uk"), 3)
    (told,) = cloud.messages()
    assert (told["client"], told["confidence"]) == (None, "high")
    assert told["clients"] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    findings = dict[Any, Any](cloud.findings())
    assert findings.keys() == {None, "10.0.0.1", "10.0.0.2"}
    moved = findings["10.0.0.1"]
    assert (moved["stands"], moved["shared"], moved["alarms"]) == (False, True, [])
    assert findings[None]["stands"] and not findings[None]["shared"]


def test_of_very_many_clients_a_sample_is_kept(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that more than half of the network asks for: low confidence, and a bounded item."""
    monkeypatch.setattr(sub_domains, "MAX_SHARERS", 8)
    clients = [ask(i, "service.com", 12) for i in range(40)]
    for number, start in enumerate(range(0, 40, 10)):
        part = [x for own in clients[start : start + 10] for x in own]
        cloud.read(part if number else part + clean(10), number)
    findings = dict[Any, Any](cloud.findings())
    assert findings[None]["confidence"] == "low"
    (alarm,) = findings[None]["alarms"]
    assert 3 <= len(alarm["clients"]) <= 8
    assert not any(x["stands"] for client, x in findings.items() if client)
