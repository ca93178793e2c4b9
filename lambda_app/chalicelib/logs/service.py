"""What the functions that read logs work with: settings, model, table, and boto3's clients."""

from __future__ import annotations

import functools
import os
from typing import Any, NamedTuple

from malicious_domains.model.scorer import Scorer

from . import settings
from .dynamodb import THREADS, Table
from .settings import LogSettings


class Service(NamedTuple):
    """Settings, model, table, and boto3's clients for S3 and SNS."""

    settings: LogSettings
    scorer: Scorer
    table: Table
    s3: Any
    sns: Any


def of(scorer: Scorer) -> Service:
    """What the environment chooses to work with; raises SettingsError."""
    chosen = settings.read(os.environ)
    dynamodb, s3, sns = _clients()
    return Service(chosen, scorer, Table(dynamodb, chosen.table), s3, sns)


@functools.cache
def _clients() -> tuple[Any, Any, Any]:
    """boto3's, of AWS's runtime: it is no part of the package."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "max_attempts": 6},
        max_pool_connections=THREADS,
        parameter_validation=False,  # of a thousand writes alike
    )
    dynamodb, s3, sns = (boto3.client(x, config=config) for x in ("dynamodb", "s3", "sns"))
    return dynamodb, s3, sns
