"""Clients of AWS, and AWS's errors in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import ReleaseError

# Short, as a wrong endpoint should soon be noticed; uploads have some MB.
_CONFIG = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 3}
)


def connect(service: str) -> Any:
    """Return boto3's client for a service; raise ReleaseError without a region."""
    with translate_aws_errors(service):
        return boto3.client(service, config=_CONFIG)


@contextmanager
def translate_aws_errors(where: str) -> Iterator[None]:
    """Raise botocore's errors in the with block as a ReleaseError of one line."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        problem = " ".join(str(error).split())
        raise ReleaseError(f"{where}: {problem} (see `aws configure list`)") from error


def check_region() -> None:
    """Raise ReleaseError unless the environment or AWS's own files name a region."""
    if not boto3.Session().region_name:
        raise ReleaseError("no AWS region; set AWS_DEFAULT_REGION, to us-east-1 for example")
