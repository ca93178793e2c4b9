"""Settings of the functions that read logs, and the AWS clients that they share."""

from __future__ import annotations

import functools
import json
import os
from typing import Any, NamedTuple
from urllib.parse import quote

from malicious_domains.clients.client_day import AlarmThresholds
from malicious_domains.clients.site import Site, SiteError, adapt_thresholds
from malicious_domains.model.scorer import Scorer

from ..web.settings import SettingsError
from .dynamodb import THREADS, Table


class Service(NamedTuple):
    """The model, the places of logs and findings, and the topic of alarms."""

    scorer: Scorer
    thresholds: AlarmThresholds
    table: Table
    s3: Any  # boto3's client
    sns: Any  # boto3's client
    bucket: str  # LOG_BUCKET, of logs and findings
    topic: str  # LOG_TOPIC: the ARN of the SNS topic
    not_clients: frozenset[str]  # LOG_NOT_CLIENTS: addresses that are left out

    def publish(self, subject: str, message: dict[str, Any], text: str, **more: Any) -> None:
        """Publish a message to the topic: text for a mailbox, JSON for all other subscribers."""
        both = json.dumps({"default": json.dumps(message), "email": text})
        form = {"TopicArn": self.topic, "MessageStructure": "json"}
        self.sns.publish(Subject=subject, Message=both, **form, **more)


def name_finding(date: str, client: str) -> str:
    """Return the S3 key of the finding about a client's day.

    >>> name_finding("2026-11-26", "10.0.0.1")
    'findings/2026-11-26/10.0.0.1.jsonl'
    """
    return f"findings/{date}/{quote(client, safe=':')}.jsonl"


def create_service(scorer: Scorer) -> Service:
    """Connect a scorer with what the environment chooses; raise SettingsError."""
    names = ("LOG_BUCKET", "LOG_TABLE", "LOG_TOPIC")
    if missing := [name for name in names if not os.environ.get(name)]:
        raise SettingsError(f"{', '.join(missing)}: not set; docs/operations.md has the set-up")
    bucket, table, topic = (os.environ[name] for name in names)
    not_clients = frozenset(os.environ.get("LOG_NOT_CLIENTS", "").replace(",", " ").split())
    dynamodb, s3, sns = create_clients()
    site = _read_site(s3, bucket)
    scorer = scorer.allowing(site.allow) if site and site.allow else scorer
    places = Table(dynamodb, table), s3, sns, bucket, topic
    return Service(scorer, adapt_thresholds(site), *places, not_clients)


def _read_site(s3: Any, bucket: str) -> Site | None:
    """Read the thresholds that `calibrate` wrote, at LOG_SITE in a bucket; raise SettingsError."""
    if not (key := os.environ.get("LOG_SITE", "")):
        return None
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return Site.parse(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
    except (BotoCoreError, ClientError, UnicodeDecodeError, SiteError) as error:
        place = f"s3://{bucket}/{key}"
        raise SettingsError(f"LOG_SITE: {place} cannot be used: {error}") from error


@functools.cache
def create_clients() -> tuple[Any, Any, Any]:
    """Create boto3's clients for DynamoDB, S3 and SNS; AWS's runtime brings boto3."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "max_attempts": 6},
        max_pool_connections=THREADS,
        parameter_validation=False,  # it takes long for a thousand writes
    )
    dynamodb, s3, sns = (boto3.client(x, config=config) for x in ("dynamodb", "s3", "sns"))
    return dynamodb, s3, sns
