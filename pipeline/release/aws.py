"""Clients of AWS, its errors in one line, and the objects under a prefix in S3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import ReleaseError

# Short, as a wrong endpoint should soon be noticed; uploads have some MB.
_RETRIES = {"mode": "standard", "max_attempts": 3}
_CONFIG = Config(connect_timeout=5, read_timeout=30, retries=_RETRIES)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_ABSENT = {"NoSuchKey", "404", "NotFound"}


def connect(service: str) -> Any:
    """Return boto3's client for a service; raise ReleaseError without a region."""
    with translate_aws_errors(service):
        return boto3.client(service, config=_CONFIG)


@contextmanager
def translate_aws_errors(where: str) -> Iterator[None]:
    """Raise botocore's errors in the with block as a ReleaseError of one line.

    >>> with translate_aws_errors("s3"):
    ...     raise BotoCoreError
    Traceback (most recent call last):
    pipeline.release.ReleaseError: s3: An unspecified error occurred (see `aws configure list`)
    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        problem = " ".join(str(error).split())
        raise ReleaseError(f"{where}: {problem} (see `aws configure list`)") from error


class Storage:
    """The objects under one prefix of a bucket.

    >>> Storage("s3://bucket/models/").url("current/language")
    's3://bucket/models/current/language'
    """

    def __init__(self, url: str) -> None:
        """Take s3://bucket/prefix; raises ReleaseError for anything else."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc):
            raise ReleaseError(f"{url!r} is not in S3; expected s3://bucket/prefix")
        self.bucket, self._prefix = parts.netloc, f"{parts.path.strip('/')}/".lstrip("/")
        self._client: Any = connect("s3")

    def url(self, name: str) -> str:
        """Return the URL of an object."""
        return f"s3://{self.bucket}/{self._prefix}{name}"

    def get(self, name: str, limit: int) -> tuple[bytes, str] | None:
        """Read an object of up to `limit` bytes, and its tag, or None; raises ReleaseError."""
        with translate_aws_errors(self.url(name)):
            try:
                answer = self._client.get_object(Bucket=self.bucket, Key=self._prefix + name)
                body: bytes = answer["Body"].read(limit + 1)
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    return None
                raise
        if len(body) > limit:
            raise ReleaseError(f"{self.url(name)}: over {limit:,} bytes; no such file is published")
        return body, answer["ETag"]

    def put(self, name: str, body: bytes, **condition: str) -> bool:
        """Write an object, on a condition of S3's: IfNoneMatch="*", or IfMatch=etag.

        Returns False if the condition does not hold: nothing is written then.
        """
        with translate_aws_errors(self.url(name)):
            try:
                place = {"Bucket": self.bucket, "Key": self._prefix + name}
                self._client.put_object(**place, Body=body, **condition)
            except ClientError as error:
                if condition and error.response["Error"]["Code"] in _LOST | _ABSENT:
                    return False
                raise
        return True

    def list_names(self, folder: str) -> list[str]:
        """List the objects and folders directly under a folder, whose name ends in a slash."""
        start, names = self._prefix + folder, list[str]()
        with translate_aws_errors(self.url(folder)):
            paginator = self._client.get_paginator("list_objects_v2")
            for page in paginator.paginate(Bucket=self.bucket, Prefix=start, Delimiter="/"):
                names += [x["Prefix"] for x in page.get("CommonPrefixes", [])]
                names += [x["Key"] for x in page.get("Contents", [])]
        return sorted(x.removeprefix(start).rstrip("/") for x in names if x != start)
