"""Settings of the functions that read logs, and the AWS clients that they share."""

from __future__ import annotations

import functools
import os
from typing import Any, NamedTuple
from urllib.parse import quote

from malicious_domains.clients.client_day import AlarmThresholds
from malicious_domains.clients.site import Site, SiteError, adapt_thresholds
from malicious_domains.model.scorer import Scorer

from ..web.settings import SettingsError
from .dynamodb import THREADS, Table


class LogSettings(NamedTuple):
    """Settings, each with the environment variable that sets it."""

    bucket: str  # LOG_BUCKET
    table: str  # LOG_TABLE: the name of the DynamoDB table
    topic: str  # LOG_TOPIC: the ARN of the SNS topic
    not_clients: frozenset[str] = frozenset()  # LOG_NOT_CLIENTS: addresses that are left out
    site: str = ""  # LOG_SITE: the key of the network's thresholds in the bucket, or none

    def finding_key(self, date: str, client: str) -> str:
        """Return the S3 key of the finding about a client's day.

        >>> LogSettings("bucket", "table", "topic").finding_key("2026-11-26", "10.0.0.1")
        'findings/2026-11-26/10.0.0.1.jsonl'
        """
        return f"findings/{date}/{quote(client, safe=':')}.jsonl"


class Service(NamedTuple):
    """Settings, model, table, and boto3's clients for S3 and SNS."""

    settings: LogSettings
    scorer: Scorer
    table: Table
    s3: Any
    sns: Any
    thresholds: AlarmThresholds


def create_service(scorer: Scorer) -> Service:
    """Connect a scorer with what the environment chooses; raise SettingsError."""
    names = ("LOG_BUCKET", "LOG_TABLE", "LOG_TOPIC")
    bucket, table_name, topic = (os.environ.get(name, "") for name in names)
    if missing := [name for name in names if not os.environ.get(name)]:
        raise SettingsError(f"{', '.join(missing)}: not set; docs/operations.md has the set-up")
    not_clients = frozenset(os.environ.get("LOG_NOT_CLIENTS", "").replace(",", " ").split())
    site_key = os.environ.get("LOG_SITE", "")
    settings = LogSettings(bucket, table_name, topic, not_clients, site_key)
    dynamodb, s3, sns = create_clients()
    table = Table(dynamodb, settings.table)
    site = _read_site(s3, settings) if settings.site else None
    scorer = scorer.allowing(site.allow) if site and site.allow else scorer
    return Service(settings, scorer, table, s3, sns, adapt_thresholds(site))


def _read_site(s3: Any, settings: LogSettings) -> Site:
    """Read the thresholds that `calibrate` wrote; raise SettingsError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        body = s3.get_object(Bucket=settings.bucket, Key=settings.site)["Body"].read()
        return Site.parse(body.decode())
    except (BotoCoreError, ClientError, UnicodeDecodeError, SiteError) as error:
        place = f"s3://{settings.bucket}/{settings.site}"
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
