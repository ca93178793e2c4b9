"""Many clients in an object: their states are written together, and are those of one by one."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from lambda_app.chalicelib.logs import dynamodb, service
from lambda_app.chalicelib.logs.dynamodb import unpack_state
from tests.helpers.route53 import MIDNIGHT, Record, record
from tests.lambda_app.logs.conftest import Cloud
from tests.lambda_app.logs.test_handler import BOT, NAMES, infected

CLIENTS = 60
WORDS = (
    *("garden", "house", "winter", "travel", "music", "coffee", "silver", "mountain", "river"),
    *("market", "bridge", "family", "summer", "school", "dream", "paper", "light", "orange"),
    *("window", "pocket"),
)


def minute(number: int) -> list[Record]:
    """Return an object of all clients, each with ordinary names that nobody else asks for."""
    names = [f"{a}{b}" for a, b in itertools.permutations(WORDS, 2)][number::3]
    clients = (f"10.0.{i % 2}.{i}" for i in range(CLIENTS) for _ in range(2))
    pairs = zip(clients, names, strict=False)
    return [record(client, f"mail.{x}.com", MIDNIGHT + number, "NXDOMAIN") for client, x in pairs]


def read_states(cloud: Cloud, deletes: bool = False) -> dict[tuple[str, str], Any]:
    """Return all items' states without the verdicts, and delete them if asked to."""
    client, states = boto3.client("dynamodb"), {}
    for item in client.scan(TableName=cloud.table)["Items"]:
        state, pk = unpack_state(item["state"]["B"]), item["pk"]["S"]
        states[pk, item["sk"]["S"]] = state[:2] if "/clients/" in pk else state
        if deletes:
            client.delete_item(TableName=cloud.table, Key={x: item[x] for x in ("pk", "sk")})
    return states


@pytest.fixture
def requests(cloud: Cloud) -> Counter[str]:
    """Return the numbers of requests to DynamoDB."""
    counts: Counter[str] = Counter()

    def count(model: Any, **_: object) -> None:
        counts[model.name] += 1

    service.create_clients()[0].meta.events.register("before-call.dynamodb.*", count)
    return counts


def test_many_clients_are_written_in_few_requests(cloud: Cloud, requests: Counter[str]) -> None:
    assert cloud.read(minute(1)) == {"read": 1}
    assert requests["TransactWriteItems"] == 4
    assert requests["PutItem"] <= 32 + 2 * (CLIENTS - 50)


@pytest.mark.slow
def test_objects_at_once_and_twice_give_the_states_of_one_by_one(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transactions that others are quicker than are repeated item by item."""
    parts = [minute(number) for number in range(3)]
    with ThreadPoolExecutor(3) as executor:
        answers = executor.map(lambda i: cloud.read(parts[i], i), (0, 1, 2, 0, 2))
    assert [*answers] == [{"read": 1}] * 5
    together = read_states(cloud, deletes=True)
    assert len([x for x in together if "/clients/" in x[0]]) == CLIENTS
    monkeypatch.setattr(dynamodb, "_TRANSACTION", 1000)
    for number in (2, 1, 0):
        cloud.read(parts[number], number)
    assert read_states(cloud) == together


def test_a_transaction_that_aws_refuses_loses_nothing(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB refuses one of over 4 MB; a failing client loses its own state alone."""

    def refuse(**_: object) -> None:
        raise ValueError("too much")

    monkeypatch.setattr(service.create_clients()[0], "transact_write_items", refuse)
    assert cloud.read([*minute(1), *infected(NAMES)]) == {"read": 1}
    clients = [x for x in read_states(cloud) if "/clients/" in x[0]]
    assert len(clients) == CLIENTS + 1
    assert cloud.findings().keys() == {BOT} == {x["client"] for x in cloud.messages()}
