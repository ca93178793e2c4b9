"""Read and write objects in S3 under one prefix, by conditional writes."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from . import ReleaseError
from .aws import CONFIG, error_code, translate_aws_errors

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_ABSENT = {"NoSuchKey", "404", "NotFound"}


class Tagged(NamedTuple):
    """An object, and the tag that a conditional write compares."""

    body: bytes
    etag: str


class Storage:
    """The objects under one prefix of a bucket."""

    def __init__(self, url: str) -> None:
        """Take s3://bucket/prefix; raises ReleaseError for anything else."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc):
            raise ReleaseError(f"{url!r} is not in S3; expected s3://bucket/prefix")
        self.bucket, self.prefix = parts.netloc, parts.path.strip("/")
        with translate_aws_errors(url):
            self._client: Any = boto3.client("s3", config=CONFIG)

    def url(self, name: str) -> str:
        """Return the URL of an object."""
        return f"s3://{self.bucket}/{self._key(name)}"

    def get(self, name: str, limit: int) -> Tagged | None:
        """Read an object of up to `limit` bytes, None if there is none; raise ReleaseError."""
        with translate_aws_errors(self.url(name)):
            try:
                answer = self._client.get_object(Bucket=self.bucket, Key=self._key(name))
                body: bytes = answer["Body"].read(limit + 1)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        if len(body) > limit:
            raise ReleaseError(
                f"{self.url(name)}: over {limit:,} bytes; no published file is that large"
            )
        return Tagged(body, answer["ETag"])

    def put(self, name: str, body: bytes, over: str | None = None) -> bool:
        """Write an object if there is none, or over the one with the tag `over`.

        Returns False if there is another one: nothing is written then. S3 refuses a body that
        does not arrive as it was sent.
        """
        condition = {"IfNoneMatch": "*"} if over is None else {"IfMatch": over}
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        with translate_aws_errors(self.url(name)):
            try:
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=self._key(name),
                    Body=body,
                    ChecksumSHA256=digest,
                    **condition,
                )
            except ClientError as error:
                if error_code(error) in _LOST | _ABSENT:
                    return False
                raise
        return True

    def list_folders(self, name: str) -> list[str]:
        """List the folders directly under a folder, whose name ends in a slash."""
        start, prefixes = self._key(name), list[str]()
        with translate_aws_errors(self.url(name)):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start, Delimiter="/"
            )
            for page in pages:
                prefixes += [x["Prefix"] for x in page.get("CommonPrefixes", [])]
        return [x.removeprefix(start).rstrip("/") for x in prefixes]

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name
