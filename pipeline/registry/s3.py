"""Objects in S3 under one prefix, with writes that never take another's place unseen."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.client import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)

from ..errors import PipelineError

# Short, so that a wrong endpoint is told soon; uploads are of some MB.
CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 3})
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_ABSENT = {"NoSuchKey", "404", "NotFound"}
_ADVICE = {
    "NoSuchBucket": "there is no such bucket; make it, or correct the URL",
    "AccessDenied": "access denied; it needs s3:GetObject, s3:PutObject and s3:ListBucket there",
    "403": "access denied; it needs s3:GetObject, s3:PutObject and s3:ListBucket there",
    "InvalidAccessKeyId": "the access key is unknown; see `aws configure list`",
    "SignatureDoesNotMatch": "the secret key is wrong; see `aws configure list`",
    "ExpiredToken": "the credentials have expired; sign in again",
    "PermanentRedirect": "the bucket is in another region; set AWS_DEFAULT_REGION to it",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_DEFAULT_REGION to it",
}


class StorageError(PipelineError):
    """S3 that cannot be reached, or does not let us; the message says where and what to do."""


class Tagged(NamedTuple):
    """An object and the tag that a conditional write compares."""

    body: bytes
    etag: str


class Storage:
    """The objects whose keys start with one prefix of a bucket."""

    def __init__(self, url: str) -> None:
        """Take s3://bucket/prefix; raises StorageError for anything else."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc):
            raise StorageError(f"{url!r} is no place in S3; expected s3://bucket/prefix")
        self.bucket, self.prefix = parts.netloc, parts.path.strip("/")
        with said(url):
            self._client: Any = boto3.client("s3", config=CONFIG)

    def url(self, name: str) -> str:
        """Where an object is."""
        return f"s3://{self.bucket}/{self._key(name)}"

    def get(self, name: str, limit: int) -> Tagged | None:
        """An object of up to limit bytes, None if there is none; raises StorageError."""
        with said(self.url(name)):
            try:
                found = self._client.get_object(Bucket=self.bucket, Key=self._key(name))
                body: bytes = found["Body"].read(limit + 1)
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise
        if len(body) > limit:
            raise StorageError(f"{self.url(name)}: over {limit:,} bytes, which nothing of ours is")
        return Tagged(body, found["ETag"])

    def put(self, name: str, body: bytes, over: str | None = None) -> bool:
        """Write an object where there is none, or over the one with that tag.

        False if another stands there: nothing is written then. S3 refuses a body
        that does not arrive as it was sent.
        """
        condition = {"IfNoneMatch": "*"} if over is None else {"IfMatch": over}
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        with said(self.url(name)):
            try:
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=self._key(name),
                    Body=body,
                    ChecksumSHA256=digest,
                    **condition,
                )
            except ClientError as error:
                if _code(error) in _LOST | _ABSENT:
                    return False
                raise
        return True

    def folders(self, name: str) -> list[str]:
        """The names directly under a folder, which ends in a slash, that hold objects."""
        start, found = self._key(name), []
        with said(self.url(name)):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start, Delimiter="/"
            )
            for page in pages:
                found += [x["Prefix"] for x in page.get("CommonPrefixes", [])]
        return [x.removeprefix(start).rstrip("/") for x in found]

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


@contextmanager
def said(where: str) -> Iterator[None]:
    """Whatever botocore raises becomes a StorageError of one line."""
    try:
        yield
    except ClientError as error:
        advice = _ADVICE.get(_code(error), str(error))
        raise StorageError(f"{where}: {advice}") from error
    except NoCredentialsError as error:
        raise StorageError(
            f"{where}: no AWS credentials; `aws configure`, or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        ) from error
    except NoRegionError as error:
        raise StorageError(f"{where}: no AWS region; set AWS_DEFAULT_REGION") from error
    except (ConnectionError, HTTPClientError) as error:
        raise StorageError(f"{where}: no answer: {error}") from error
    except BotoCoreError as error:
        raise StorageError(f"{where}: {error}") from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
