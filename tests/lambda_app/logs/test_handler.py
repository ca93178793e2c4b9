"""Objects one by one: what is published once, what fails, and what is counted."""

from __future__ import annotations

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from lambda_app.chalicelib.logs import handler, summary
from lambda_app.chalicelib.logs.handler import UnreadError
from lambda_app.chalicelib.web.settings import SettingsError
from malicious_domains.clients.site import Site
from tests.helpers import route53
from tests.helpers.route53 import MIDNIGHT, Record, record
from tests.lambda_app.logs.conftest import Cloud

BOT = "10.0.0.7"
HEADS = ("xq", "zv", "kp", "wj", "bx", "qd", "vm", "tz", "gk", "pf")
NAMES = [f"{a}{b}{c}hw{a}.com" for a in HEADS[:5] for b in HEADS[5:] for c in HEADS[:2]][:30]


def infected(names: list[str], start: float = MIDNIGHT) -> list[Record | bytes]:
    return [record(BOT, name, start + 10 * i, "NXDOMAIN") for i, name in enumerate(names)]


def test_an_infected_client_is_published_once(cloud: Cloud) -> None:
    assert cloud.read(infected(NAMES)) == {"read": 1}
    assert cloud.read(infected(NAMES)) == {"read": 1}  # S3 may announce an object twice
    assert cloud.read(infected(NAMES), number=1) == {"read": 1}  # the same under another key
    (key,) = cloud.keys("findings/")
    assert key == f"findings/2025-11-25/{BOT}.jsonl"
    (line,) = cloud.body(key).splitlines()
    found = json.loads(line)
    assert (found["client"], found["day"], found["stands"]) == (BOT, "2025-11-25", True)
    assert found["counts"] == {"new": 30, "dead": 30}
    assert found["alarms"][0]["names"][0]["dead"]
    (told,) = cloud.messages()
    assert told["client"] == BOT and set(told["names"]) <= set(NAMES)
    assert told["finding"] == f"s3://{cloud.bucket}/{key}"


@pytest.mark.slow
def test_the_same_object_several_times_at_once_is_published_once(cloud: Cloud) -> None:
    key = cloud.put(route53.key_of(MIDNIGHT), route53.packed(infected(NAMES)))
    barrier = Barrier(4)

    def notify(_: int) -> dict[str, int]:
        barrier.wait()
        return cloud.notify(key)

    with ThreadPoolExecutor(4) as executor:
        assert [*executor.map(notify, range(4))] == [{"read": 1}] * 4
    assert len(cloud.messages()) == len(cloud.findings()) == 1


@pytest.mark.slow
def test_a_much_worse_alarm_is_published_again(cloud: Cloud) -> None:
    for start in range(0, 30, 3):
        cloud.read(infected(NAMES[start : start + 3], MIDNIGHT + start), number=start)
    told = cloud.messages()
    assert 1 < len(told) < 6
    assert [x["score"] for x in told] == sorted(x["score"] for x in told)
    assert cloud.findings()[BOT]["counts"]["new"] == 30


@pytest.mark.slow
def test_an_alarm_for_names_that_become_common_is_withdrawn(cloud: Cloud) -> None:
    """Suspicious names that resolve are rare until three clients have asked for them."""
    names = [name.replace(".com", ".net") for name in NAMES]
    cloud.read([record(BOT, name, MIDNIGHT + i) for i, name in enumerate(names)])
    assert cloud.findings()[BOT]["stands"]
    others = [record(f"10.0.1.{i}", x, MIDNIGHT + 99) for i in (1, 2, 3) for x in names]
    cloud.read(others, number=1)
    assert len(cloud.messages()) == 1
    numbers = summary.on_schedule(cloud.scorer, MIDNIGHT + 90_000.0)
    assert (numbers["alarmed"], numbers["withdrawn"]) == (0, 1)
    assert cloud.findings()[BOT] | {"score": 0.0, "stands": False} == cloud.findings()[BOT]


@pytest.mark.slow
def test_names_that_were_common_yesterday_are_so_from_the_first_minute(cloud: Cloud) -> None:
    names = [name.replace(".com", ".net") for name in NAMES]
    clients = [f"10.0.1.{i}" for i in (1, 2, 3)]
    cloud.read([record(c, x, MIDNIGHT - 3600) for c in clients for x in names])
    cloud.read([record(BOT, x, MIDNIGHT + i) for i, x in enumerate(names)], number=1)
    assert cloud.findings().keys() <= {*clients}


BAD = {
    "not gz": b"no log",
    "cut off": route53.packed(infected(NAMES))[:-40],
    "no JSON": gzip.compress(b"a\nb\n"),
    "another format": gzip.compress(b'{"ts": 1, "query": "a.example"}\n'),
}


@pytest.mark.parametrize("name", [*BAD, "absent"])
def test_an_object_that_cannot_be_read_fails_and_is_read_once_it_is_repaired(
    cloud: Cloud, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lambda tries twice more, then moves the event to the dead-letter queue."""
    key = route53.key_of(MIDNIGHT)
    if name in BAD:
        cloud.put(key, BAD[name])
    with pytest.raises(UnreadError, match="1 objects"):
        cloud.notify(key)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["key"], line["Unread"]) == (key, 1)
    assert line["reason"].startswith("LogError: " if name in BAD else "NoSuchKey: ")
    cloud.put(key, route53.packed(infected(NAMES)))
    assert cloud.notify(key) == {"read": 1}


def test_one_bad_object_keeps_no_other_from_being_read(cloud: Cloud) -> None:
    bad, good = route53.key_of(MIDNIGHT, 1), route53.key_of(MIDNIGHT, 2)
    cloud.put(bad, b"no log")
    cloud.put(good, route53.packed(infected(NAMES)))
    for _ in range(2):
        with pytest.raises(UnreadError, match="1 objects"):
            cloud.notify(bad, good)
    assert BOT in cloud.findings()
    assert len(cloud.messages()) == 1


def test_bad_lines_are_counted_by_reason(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    odd: list[Record | bytes] = [b"{", b"[1]", b"\xff", record("", "x.example", MIDNIGHT)]
    odd += [record(BOT, "a.example.com", 1e9), record(BOT, "4.3.2.1.in-addr.arpa", MIDNIGHT)]
    cloud.read([*infected(NAMES), *odd])
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    by = {k: v for k, v in line["by"].items() if v}
    reasons = {"broken": 3, "no_client": 1, "other_day": 1, "reverse": 1}
    assert (line["lines"], by) == (36, {"judged": 30} | reasons)
    assert (line["Lines"], line["Broken"], line["Alarms"]) == (36, 3, 1)
    assert NAMES[0] not in json.dumps(line) and BOT not in json.dumps(line)


def test_an_alarm_that_could_not_be_published_is_published_later(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("LOG_TOPIC", "arn:aws:sns:us-east-1:123456789012:gone")
        with pytest.raises(UnreadError):
            cloud.read(infected(NAMES))
    assert cloud.messages() == []
    later = time.time() + 60  # as long as Lambda waits
    monkeypatch.setattr("lambda_app.chalicelib.logs.handler.time.time", lambda: later)
    assert cloud.read(infected(NAMES)) == {"read": 1}
    assert len(cloud.messages()) == 1


def test_addresses_that_are_no_clients_are_left_out(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_NOT_CLIENTS", f"10.9.9.9 {BOT}")
    cloud.read(infected(NAMES))
    assert cloud.findings() == {}


def test_a_network_has_thresholds_and_names_of_its_own(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_SITE", "site.json")
    with pytest.raises(SettingsError, match=r"LOG_SITE: s3://.*site.json cannot be used"):
        cloud.read(infected(NAMES))
    cloud.put("site.json", b"{}")
    with pytest.raises(SettingsError, match="expected a JSON object with site_version 1"):
        cloud.read(infected(NAMES))
    cloud.put("site.json", Site(1000, 9, 0.01, 100.0).to_json().encode())
    cloud.read(infected(NAMES), 1)
    assert cloud.findings() == {}
    cloud.put("site.json", Site(1000, 9, 0.01, 1.5).to_json().encode())
    cloud.read(infected(NAMES), 3)
    assert [*cloud.findings()] == [BOT]


def test_names_of_the_network_are_allowed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_SITE", "site.json")
    cloud.put("site.json", Site(1000, 9, 0.01, 1.0, tuple(NAMES)).to_json().encode())
    cloud.read(infected(NAMES))
    assert cloud.findings() == {}


def test_other_objects_and_events_are_ignored(cloud: Cloud) -> None:
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": cloud.bucket}
    assert handler.on_event(test, cloud.scorer) == {}
    assert cloud.notify("findings/2025-11-25/10.0.0.7.jsonl") == {"ignored": 1}
    elsewhere = route53.event(route53.key_of(MIDNIGHT), bucket="another")
    assert handler.on_event(elsewhere, cloud.scorer) == {"ignored": 1}


def test_a_missing_variable_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOG_TABLE")
    with pytest.raises(SettingsError, match="LOG_TABLE: not set"):
        cloud.read(infected(NAMES))
