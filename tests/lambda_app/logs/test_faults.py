"""What fails, comes at once, or is meant to harm: nothing is lost, and no other is hurt by it."""

from __future__ import annotations

import json
import random
import string
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import ClientError

from lambda_app.chalicelib.logs import clients, handler, state, summary
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


def test_a_client_that_asks_for_long_names_hides_no_other(cloud: Cloud) -> None:
    also = [record(f"10.0.9.{i}", f"q{i}-typo.com", MIDNIGHT, "NXDOMAIN") for i in range(220)]
    bot = [x | {"srcaddr": OTHER} for x in infected(NAMES) if isinstance(x, dict)]
    assert cloud.read([*hostile(1300, 1), *also, *bot]) == {"read": 1}
    assert cloud.client("10.0.0.1").busy
    assert OTHER in cloud.findings()


def test_nor_does_one_that_does_so_bit_by_bit(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "ITEM", 20_000)
    for number in range(4):
        assert cloud.read([*hostile(30, number), *infected(NAMES)], number) == {"read": 1}
    assert cloud.client("10.0.0.1").busy
    assert not cloud.client(BOT).busy


def test_what_fails_for_one_client_keeps_no_other_from_being_judged(
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


def test_what_aws_fails_at_is_no_poison(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    key, start = put(cloud), time.time()
    with monkeypatch.context() as patched:
        patched.setenv("LOG_TOPIC", "arn:aws:sns:us-east-1:123456789012:gone")
        for minute in range(5):
            patched.setattr(
                "lambda_app.chalicelib.logs.clients.time.time", lambda at=start + 60 * minute: at
            )
            with pytest.raises(UnreadError):
                cloud.tell(key)
    assert cloud.letters() == []
    monkeypatch.setattr("lambda_app.chalicelib.logs.clients.time.time", lambda: start + 600)
    assert cloud.tell(key) == {"read": 1}
    assert len(cloud.messages()) == 1


def test_many_at_once_of_one_good_object_bury_nothing(cloud: Cloud) -> None:
    key, barrier = put(cloud), Barrier(4)

    def ask(_: int) -> dict[str, int]:
        barrier.wait()
        return cloud.tell(key)

    with ThreadPoolExecutor(4) as executor:
        answers = list(executor.map(ask, range(4)))
    assert all(x in ({"read": 1}, {"again": 1}) for x in answers)
    assert cloud.letters() == []


def test_everything_that_is_kept_goes_after_two_days(cloud: Cloud) -> None:
    cloud.tell(put(cloud))
    items = boto3.client("dynamodb").scan(TableName=cloud.table)["Items"]
    kinds = {x["pk"]["S"].split("/")[0 if x["pk"]["S"].startswith("object") else 1] for x in items}
    assert kinds == {"labels", "clients", "object"}
    for item in items:
        ends = int(item["expires"]["N"])
        if item["pk"]["S"].startswith("object/"):
            assert 0 < ends - time.time() <= 2 * 86_400
        else:
            assert ends == (DAY + 3) * 86_400


def test_of_two_findings_at_once_the_newer_stays(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, slow, first = clients._keep, Event(), Event()

    def kept(s3: Any, settings: Any, found: dict[str, Any]) -> str:
        if found["counts"]["new"] == 15:
            first.set()
            slow.wait(60)
        return keep(s3, settings, found)

    monkeypatch.setattr(clients, "_keep", kept)
    with ThreadPoolExecutor(1) as executor:
        behind = executor.submit(cloud.read, infected(NAMES[:15]), 1)
        assert first.wait(60)
        cloud.read(infected(NAMES[15:], MIDNIGHT + 300), 2)
        slow.set()
        assert behind.result() == {"read": 1}
    assert cloud.findings()[BOT]["counts"]["new"] == 30


def test_who_was_told_of_and_then_asks_for_too_much_is_withdrawn(cloud: Cloud) -> None:
    cloud.read(infected(NAMES))
    draw = random.Random(1)
    many = [f"{letters(9, draw)}{i}.com" for i in range(state.MOST + 1)]
    cloud.read([record(BOT, name, MIDNIGHT, "NXDOMAIN") for name in many], 1)
    found = cloud.findings()[BOT]
    assert (found["stands"], found["too_busy"]) == (False, True)
    numbers = summary.on_schedule(cloud.scorer, MIDNIGHT + 90_000.0)
    assert (numbers["alarmed"], numbers["withdrawn"], numbers["too_busy"]) == (0, 1, 1)


def test_what_another_has_to_tell_is_not_marked_as_told() -> None:
    older = {"score": 1.0, "confidence": "low", "at": 1, "sent": False}
    newer = {"score": 9.0, "confidence": "high", "at": 1, "sent": False}
    kept = state.Client(told=newer).pack()
    assert clients._sent(kept, older) == kept
    assert state.Client.unpack(clients._sent(kept, newer)).told["sent"]


def test_logs_of_flows_are_let_be(cloud: Cloud) -> None:
    key = cloud.put("AWSLogs/1/vpcflowlogs/eu-west-1/2025/11/25/1_flow.log.gz", b"no log")
    assert cloud.tell(key) == cloud.tell(key) == {"ignored": 1}


def test_a_record_that_is_none_keeps_no_other_from_being_read(cloud: Cloud) -> None:
    event = route53.event(put(cloud), bucket=cloud.bucket)
    event["Records"] = [{"eventSource": "aws:sqs"}, None, *event["Records"]]
    assert handler.on_event(event, cloud.scorer) == {"ignored": 2, "read": 1}


@pytest.mark.parametrize("name", ["a b+\xfc%41?#&.log.gz", "x" * 900 + ".log.gz"])
def test_keys_come_encoded(cloud: Cloud, name: str) -> None:
    key = f"AWSLogs/1/vpcdnsquerylogs/{name}"
    cloud.put(key, route53.packed(infected(NAMES)))
    assert cloud.tell(quote_plus(key, safe="/")) == {"read": 1}
    cloud.put(key, b"no log")
    for _ in range(2):
        try:
            answer = cloud.tell(quote_plus(key, safe="/"), etag="another")
        except UnreadError:
            continue
    assert answer == {"dead": 1}
    assert cloud.body(f"dead-letter/{key}") == b"no log"


def test_texts_without_end_are_cut(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    long = record(BOT, "a" * 100_000, MIDNIGHT)
    stamp = record(BOT, "a.example.com", MIDNIGHT) | {
        "query_timestamp": "2025-11-25T00:00:00." + "0" * 9999
    }
    assert cloud.read([*infected(NAMES), long, stamp]) == {"read": 1}
    by = json.loads(capsys.readouterr().out.splitlines()[-1])["by"]
    assert (by["judged"], by["no_name"], by["no_time"]) == (30, 1, 1)


def test_an_object_of_another_day_is_told_of(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a dead letter is that is copied back too late."""
    late = [record(BOT, name, MIDNIGHT - 4 * 86_400, "NXDOMAIN") for name in NAMES]
    assert cloud.read(late) == {"read": 1}
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["level"], line["Late"], line["Lines"]) == ("WARNING", 30, 30)
