"""A bucket, a table and a topic with a queue behind it, in a local AWS."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from lambda_app.chalicelib.logs import handler, service
from lambda_app.chalicelib.logs.client_days import ClientState
from lambda_app.chalicelib.logs.dynamodb import Key, Table
from malicious_domains.model.scorer import Scorer
from tests.helpers import aws_server, route53
from tests.helpers.route53 import Record


@dataclass
class Cloud:
    """The functions' surroundings, and what they published."""

    bucket: str
    table: str
    queue: str
    scorer: Scorer

    def put(self, key: str, body: bytes) -> str:
        boto3.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return key

    def notify(self, *keys: str) -> dict[str, int]:
        """Call the function with an S3 event from the end of the simulated day."""
        event = route53.event(*keys, bucket=self.bucket, seconds=route53.MIDNIGHT + 86_399)
        return handler.on_event(event, self.scorer)

    def client(self, client: str) -> ClientState:
        """Return what is kept of a client's day."""
        key = Key.of_client(route53.DAY, client)
        table = Table(boto3.client("dynamodb"), self.table)
        return ClientState.unpack(table.read([key])[key].state)

    def read(self, records: Sequence[Record | bytes], number: int = 0) -> dict[str, int]:
        """Call the function with an object of these records."""
        key = route53.key_of(route53.MIDNIGHT + 86_399, number)
        return self.notify(self.put(key, route53.packed(records)))

    def keys(self, prefix: str) -> list[str]:
        pages = boto3.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [x["Key"] for x in pages.get("Contents", [])]

    def body(self, key: str) -> bytes:
        return bytes(boto3.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def findings(self) -> dict[str, dict[str, Any]]:
        """Return the findings by client."""
        found = [json.loads(self.body(key)) for key in self.keys("findings/")]
        return {x["client"]: x for x in found}

    def messages(self) -> list[dict[str, Any]]:
        """Return what was published since the last call."""
        sqs, found = boto3.client("sqs"), []
        while got := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for x in got:
                found.append(json.loads(json.loads(x["Body"])["Message"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=x["ReceiptHandle"])
        return found


@pytest.fixture
def cloud(aws: str, language: Scorer, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    name = f"logs-{uuid.uuid4().hex}"
    topic = aws_server.make_for_logs(name)
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    boto3.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
    )
    for variable, value in {"LOG_BUCKET": name, "LOG_TABLE": name, "LOG_TOPIC": topic}.items():
        monkeypatch.setenv(variable, value)
    service.create_clients.cache_clear()
    return Cloud(name, name, queue, language)
