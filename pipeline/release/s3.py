"""Objects in S3 under one prefix, with writes that never take another's place unseen."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from .aws import CONFIG, AwsError, error_code, translate_aws_errors

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_ABSENT = {"NoSuchKey", "404", "NotFound"}


class Tagged(NamedTuple):
    """An object and the tag that a conditional write compares."""

    body: bytes
    etag: str


class Storage:
    """The objects whose keys start with one prefix of a bucket."""

    def __init__(self, url: str) -> None:
        """Take s3://bucket/prefix; raises AwsError for anything else."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc):
            raise AwsError(f"{url!r} is no place in S3; expected s3://bucket/prefix")
        self.bucket, self.prefix = parts.netloc, parts.path.strip("/")
        with translate_aws_errors(url):
            self._client: Any = boto3.client("s3", config=CONFIG)

    def url(self, name: str) -> str:
        """Where an object is."""
        return f"s3://{self.bucket}/{self._key(name)}"

    def get(self, name: str, limit: int) -> Tagged | None:
        """An object of up to limit bytes, None if there is none; raises AwsError."""
        with translate_aws_errors(self.url(name)):
            try:
                found = self._client.get_object(Bucket=self.bucket, Key=self._key(name))
                body: bytes = found["Body"].read(limit + 1)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        if len(body) > limit:
            raise AwsError(f"{self.url(name)}: over {limit:,} bytes, which nothing of ours is")
        return Tagged(body, found["ETag"])

    def put(self, name: str, body: bytes, over: str | None = None) -> bool:
        """Write an object where there is none, or over the one with that tag.

        False if another stands there: nothing is written then. S3 refuses a body
        that does not arrive as it was sent.
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

    def folders(self, name: str) -> list[str]:
        """The names directly under a folder, which ends in a slash, that hold objects."""
        start, found = self._key(name), []
        with translate_aws_errors(self.url(name)):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start, Delimiter="/"
            )
            for page in pages:
                found += [x["Prefix"] for x in page.get("CommonPrefixes", [])]
        return [x.removeprefix(start).rstrip("/") for x in found]

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name
