"""Failures, simultaneous events, hostile objects: nothing is lost, and no other client suffers."""

from __future__ import annotations

import json
import random
import string
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import ClientError

from lambda_app.chalicelib.logs import client_days, dynamodb, handler, summary
from lambda_app.chalicelib.logs.client_days import ClientState
from lambda_app.chalicelib.logs.dynamodb import Key, Table
from lambda_app.chalicelib.logs.handler import UnreadError
from tests.helpers import route53
from tests.helpers.route53 import DAY, MIDNIGHT, Record, record
from tests.lambda_app.logs.conftest import Cloud
from tests.lambda_app.logs.test_handler import BOT, NAMES, infected

OTHER = "9.9.9.9"  # sorts behind all others


def letters(number: int, draw: random.Random) -> str:
    return "".join(draw.choices(string.ascii_lowercase + string.digits, k=number))


def put(cloud: Cloud, number: int = 1) -> str:
    return cloud.put(route53.key_of(MIDNIGHT, number), route53.packed(infected(NAMES)))


def hostile(labels: int, seed: int) -> list[Record | bytes]:
    """Names that take much room: under *.ck every name of two labels is a suffix."""
    draw = random.Random(seed)
    return [
        record("10.0.0.1", f"{label}.{letters(60, draw)}.ck", MIDNIGHT + i, "NXDOMAIN")
        for i, label in enumerate(letters(20, draw) for _ in range(labels))
        for _ in range(7)
    ]


@pytest.mark.slow
def test_a_client_that_asks_for_long_names_hides_no_other(cloud: Cloud) -> None:
    also = [record(f"10.0.9.{i}", f"q{i}-typo.com", MIDNIGHT, "NXDOMAIN") for i in range(220)]
    bot = [x | {"srcaddr": OTHER} for x in infected(NAMES) if isinstance(x, dict)]
    assert cloud.read([*hostile(1300, 1), *also, *bot]) == {"read": 1}
    assert cloud.client("10.0.0.1").level
    assert OTHER in cloud.findings()


@pytest.mark.slow
def test_a_client_that_does_so_object_by_object_hides_no_other(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb, "MAX_STATE", 20_000)
    for number in range(4):
        assert cloud.read([*hostile(30, number), *infected(NAMES)], number) == {"read": 1}
    assert cloud.client("10.0.0.1").level
    assert cloud.client(BOT).level == 0


def test_a_failure_for_one_client_keeps_no_other_from_being_judged(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = [x | {"srcaddr": OTHER} for x in infected(NAMES) if isinstance(x, dict)]
    update = Table.update

    def fails(self: Table, key: Key, *args: Any) -> Any:
        if key.sk == BOT:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem")
        return update(self, key, *args)

    monkeypatch.setattr(Table, "update", fails)
    with pytest.raises(UnreadError):
        cloud.read([*infected(NAMES), *bot])
    assert cloud.findings().keys() == {OTHER}


@pytest.mark.slow
def test_an_alarm_that_aws_does_not_take_is_published_once_it_does(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, start = put(cloud), time.time()
    with monkeypatch.context() as patched:
        patched.setenv("LOG_TOPIC", "arn:aws:sns:us-east-1:123456789012:gone")
        for minute in range(5):
            patched.setattr(
                "lambda_app.chalicelib.logs.handler.time.time", lambda at=start + 60 * minute: at
            )
            with pytest.raises(UnreadError):
                cloud.notify(key)
    monkeypatch.setattr("lambda_app.chalicelib.logs.handler.time.time", lambda: start + 600)
    assert cloud.notify(key) == {"read": 1}
    assert len(cloud.messages()) == 1


def test_every_item_expires_after_two_days(cloud: Cloud) -> None:
    cloud.notify(put(cloud))
    items = boto3.client("dynamodb").scan(TableName=cloud.table)["Items"]
    assert {x["pk"]["S"].split("/")[1] for x in items} == {"labels", "clients"}
    assert {int(x["expires"]["N"]) for x in items} == {(DAY + 3) * 86_400}


def test_of_two_findings_at_once_the_newer_stays(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_finding, slow, first = handler.write_finding, Event(), Event()

    def write_late(service: Any, finding: dict[str, Any]) -> None:
        if finding["counts"]["new"] == 15:
            first.set()
            slow.wait(60)
        write_finding(service, finding)

    monkeypatch.setattr(handler, "write_finding", write_late)
    with ThreadPoolExecutor(1) as executor:
        behind = executor.submit(cloud.read, infected(NAMES[:15]), 1)
        assert first.wait(60)
        cloud.read(infected(NAMES[15:], MIDNIGHT + 300), 2)
        slow.set()
        assert behind.result() == {"read": 1}
    assert cloud.findings()[BOT]["counts"]["new"] == 30


@pytest.mark.slow
@pytest.mark.parametrize("rcode", ["NXDOMAIN", "NOERROR"])
def test_a_finding_is_not_lowered_by_more_traffic(cloud: Cloud, rcode: str) -> None:
    """5,001 random look-ups, and more, hide nothing that was found before."""
    cloud.read(infected(NAMES))
    before = cloud.findings()[BOT]
    draw = random.Random(1)
    for number in (1, 2):
        many = [f"{letters(9, draw)}{i}.com" for i in range(client_days.MAX_LABELS)]
        cloud.read([record(BOT, name, MIDNIGHT + 9, rcode) for name in many], number)
        found = cloud.findings()[BOT]
        assert found["stands"]
        assert (found["confidence"], found["score"]) >= (before["confidence"], before["score"])
    numbers = summary.on_schedule(cloud.scorer, MIDNIGHT + 90_000.0)
    assert (numbers["alarmed"], numbers["withdrawn"], numbers["too_busy"]) == (1, 0, 1)
    assert cloud.findings()[BOT]["stands"]
    *_, told = cloud.messages()
    assert told["sampled_clients"] == [BOT]


def test_an_alarm_is_not_marked_as_sent_by_the_sender_of_another() -> None:
    older = {"score": 1.0, "confidence": "low", "at": 1, "sent": False}
    newer = {"score": 9.0, "confidence": "high", "at": 1, "sent": False}
    kept = ClientState(published=newer).pack()
    assert handler.mark_sent(kept, older) == kept
    assert ClientState.unpack(handler.mark_sent(kept, newer)).published["sent"]


def test_flow_logs_are_ignored(cloud: Cloud) -> None:
    key = cloud.put("AWSLogs/1/vpcflowlogs/eu-west-1/2025/11/25/1_flow.log.gz", b"no log")
    assert cloud.notify(key) == cloud.notify(key) == {"ignored": 1}


def test_a_foreign_record_keeps_no_other_from_being_read(cloud: Cloud) -> None:
    event = route53.event(put(cloud), bucket=cloud.bucket)
    event["Records"] = [{"eventSource": "aws:sqs"}, None, *event["Records"]]
    assert handler.on_event(event, cloud.scorer) == {"ignored": 2, "read": 1}


@pytest.mark.parametrize("name", ["a b+\xfc%41?#&.log.gz", "x" * 900 + ".log.gz"])
def test_keys_come_encoded(cloud: Cloud, name: str) -> None:
    key = f"AWSLogs/1/vpcdnsquerylogs/{name}"
    cloud.put(key, route53.packed(infected(NAMES)))
    assert cloud.notify(quote_plus(key, safe="/")) == {"read": 1}


def test_endless_texts_are_cut(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    long = record(BOT, "a" * 100_000, MIDNIGHT)
    stamp = record(BOT, "a.example.com", MIDNIGHT) | {
        "query_timestamp": "2025-11-25T00:00:00." + "0" * 9999
    }
    assert cloud.read([*infected(NAMES), long, stamp]) == {"read": 1}
    by = json.loads(capsys.readouterr().out.splitlines()[-1])["by"]
    assert (by["judged"], by["no_name"], by["no_time"]) == (30, 1, 1)


def test_an_object_of_another_day_is_counted(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dead letter may be sent again too late."""
    late = [record(BOT, name, MIDNIGHT - 4 * 86_400, "NXDOMAIN") for name in NAMES]
    assert cloud.read(late) == {"read": 1}
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["level"], line["Late"], line["Lines"]) == ("WARNING", 30, 30)
