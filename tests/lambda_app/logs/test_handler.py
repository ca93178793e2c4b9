"""Objects one by one: what is told once, tried twice, buried, and counted."""

from __future__ import annotations

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from lambda_app.chalicelib.logs import handler, objects, summary
from lambda_app.chalicelib.logs.dynamodb import Key
from lambda_app.chalicelib.logs.handler import UnreadError
from lambda_app.chalicelib.web.settings import SettingsError
from tests.helpers import route53
from tests.helpers.route53 import MIDNIGHT, Record, record
from tests.lambda_app.logs.conftest import Cloud

BOT = "10.0.0.7"
HEADS = ("xq", "zv", "kp", "wj", "bx", "qd", "vm", "tz", "gk", "pf")
NAMES = [f"{a}{b}{c}hw{a}.com" for a in HEADS[:5] for b in HEADS[5:] for c in HEADS[:2]][:30]


def infected(names: list[str], start: float = MIDNIGHT) -> list[Record | bytes]:
    return [record(BOT, name, start + 10 * i, "NXDOMAIN") for i, name in enumerate(names)]


def test_an_infected_client_is_told_once(cloud: Cloud) -> None:
    assert cloud.read(infected(NAMES)) == {"read": 1}
    assert cloud.read(infected(NAMES)) == {"again": 1}
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


def test_the_same_object_twice_at_once_is_told_once(cloud: Cloud) -> None:
    key = cloud.put(route53.key_of(MIDNIGHT), route53.packed(infected(NAMES)))
    barrier = Barrier(4)

    def ask(number: int) -> dict[str, int]:
        barrier.wait()
        return cloud.tell(key, etag=str(number // 2))

    with ThreadPoolExecutor(4) as executor:
        answers = list(executor.map(ask, range(4)))
    assert sum(x.get("read", 0) for x in answers) >= 2
    assert len(cloud.messages()) == len(cloud.findings()) == 1


def test_what_is_much_worse_is_told_again(cloud: Cloud) -> None:
    for start in range(0, 30, 3):
        cloud.read(infected(NAMES[start : start + 3], MIDNIGHT + start), number=start)
    told = cloud.messages()
    assert 1 < len(told) < 6
    assert [x["score"] for x in told] == sorted(x["score"] for x in told)
    assert cloud.findings()[BOT]["counts"]["new"] == 30


def test_what_others_ask_for_too_is_withdrawn(cloud: Cloud) -> None:
    """Live names that read oddly are unfamiliar until three clients have asked for them."""
    names = [name.replace(".com", ".net") for name in NAMES]
    cloud.read([record(BOT, name, MIDNIGHT + i) for i, name in enumerate(names)])
    assert cloud.findings()[BOT]["stands"]
    others = [record(f"10.0.1.{i}", x, MIDNIGHT + 99) for i in (1, 2, 3) for x in names]
    cloud.read(others, number=1)
    assert len(cloud.messages()) == 1
    numbers = summary.on_schedule(cloud.scorer, MIDNIGHT + 90_000.0)
    assert (numbers["alarmed"], numbers["withdrawn"]) == (0, 1)
    assert cloud.findings()[BOT] | {"score": 0.0, "stands": False} == cloud.findings()[BOT]


def test_what_was_familiar_yesterday_is_so_from_the_first_minute(cloud: Cloud) -> None:
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


@pytest.mark.parametrize("name", BAD)
def test_a_poison_object_is_buried_after_two_tries(cloud: Cloud, name: str) -> None:
    key = cloud.put(route53.key_of(MIDNIGHT), BAD[name])
    with pytest.raises(UnreadError):
        cloud.tell(key)
    assert cloud.keys("dead-letter/") == []
    assert cloud.tell(key) == {"dead": 1}
    assert cloud.body(f"dead-letter/{key}") == BAD[name]
    letter = json.loads(cloud.body(f"dead-letter/{key}.reason.json"))
    assert (letter["key"], letter["tries"]) == (key, 2)
    assert letter["reason"].startswith("LogError: ")
    cloud.put(key, route53.packed(infected(NAMES)))
    assert cloud.tell(key) == {"read": 1}  # put right, it is read


def test_an_object_that_is_gone_is_told(cloud: Cloud) -> None:
    gone = route53.key_of(MIDNIGHT)
    with pytest.raises(UnreadError):
        cloud.tell(gone)
    assert cloud.tell(gone) == {"dead": 1}
    letter = json.loads(cloud.body(f"dead-letter/{gone}.reason.json"))
    assert "NoSuchKey" in letter["reason"] and "cannot be copied" in letter["reason"]


def test_an_object_that_kills_the_function_is_buried_too(cloud: Cloud) -> None:
    key = cloud.put(route53.key_of(MIDNIGHT), route53.packed(infected(NAMES)))
    found = objects.Object(cloud.bucket, key, "e", route53.DAY)
    for _ in range(2):  # begun by one whom Lambda lets try again, and never ended
        cloud.items.begin(Key(f"object/{found.id}"), "request", 1)
    assert cloud.tell(key, who="request") == {"dead": 1}
    assert "ended before their time" in str(cloud.body(f"dead-letter/{key}.reason.json"))


def test_one_bad_object_keeps_no_other_from_being_read(cloud: Cloud) -> None:
    bad, good = route53.key_of(MIDNIGHT, 1), route53.key_of(MIDNIGHT, 2)
    cloud.put(bad, b"no log")
    cloud.put(good, route53.packed(infected(NAMES)))
    with pytest.raises(UnreadError, match="1 objects"):
        cloud.tell(bad, good)
    assert cloud.tell(bad, good) == {"dead": 1, "again": 1}
    assert BOT in cloud.findings()


def test_bad_lines_are_counted_by_reason_and_told(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
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
    monkeypatch.setattr("lambda_app.chalicelib.logs.clients.time.time", lambda: later)
    assert cloud.read(infected(NAMES)) == {"read": 1}
    assert len(cloud.messages()) == 1


def test_who_is_no_client_is_left_out(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_NOT_CLIENTS", f"10.9.9.9 {BOT}")
    cloud.read(infected(NAMES))
    assert cloud.findings() == {}


def test_other_objects_and_events_are_let_be(cloud: Cloud) -> None:
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": cloud.bucket}
    assert handler.on_event(test, cloud.scorer) == {}
    assert cloud.tell("findings/2025-11-25/10.0.0.7.jsonl") == {"ignored": 1}
    elsewhere = route53.event(route53.key_of(MIDNIGHT), bucket="another")
    assert handler.on_event(elsewhere, cloud.scorer) == {"ignored": 1}


def test_what_is_not_set_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOG_TABLE")
    with pytest.raises(SettingsError, match="LOG_TABLE: not set"):
        cloud.read(infected(NAMES))
