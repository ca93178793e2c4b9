"""An object in S3: how an event tells of it, and what its queries come to."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from . import clients, day_labels, days, records
from .clients import Told
from .day_verdict import Judge
from .records import DAY
from .service import Service

_GONE = ("NoSuchKey", "InvalidObjectState")  # deleted, or in an archive

_yesterday = day_labels.Yesterday()


class Object(NamedTuple):
    """An object that an event tells of."""

    bucket: str
    key: str
    etag: str
    day: int  # when it was written, in days since the epoch

    @property
    def id(self) -> str:
        """The same whenever the same content comes under the same key."""
        text = json.dumps([self.bucket, self.key, self.etag])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def of_record(record: Any) -> Object | None:
    """What a record of S3's tells of, None for any other record."""
    try:
        s3 = record["s3"]
        written = datetime.fromisoformat(record["eventTime"]).timestamp()
        key, etag = unquote_plus(s3["object"]["key"]), s3["object"].get("eTag", "")
        return Object(s3["bucket"]["name"], key, etag, int(written // DAY))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def read(service: Service, found: Object, counts: Counter[str]) -> list[Told]:
    """Merge what an object says into its days, and judge the clients in it.

    Lines are counted by what became of them. Raises LogError, and what boto3 raises.
    """
    body = _body(service.s3, found)
    left_out = service.settings.not_clients
    told, errors = list[Told](), list[Exception]()
    for batch in records.batches(body, found.day, counts, left_out):
        for day, asks in days.by_day(service.scorer, batch, counts).items():
            votes = day_labels.add_labels(service.table, day, asks, counts)
            known = _yesterday.of(service.table, day)
            judge = Judge(votes, known, service.scorer.log_odds)
            more, failed = clients.add_clients(service, day, asks.clients, judge)
            told, errors = told + more, errors + failed
    if errors:  # when all others have been judged
        raise errors[0]
    return told


def _body(s3: Any, found: Object) -> Any:
    from botocore.exceptions import ClientError

    try:
        return s3.get_object(Bucket=found.bucket, Key=found.key)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            raise records.LogError(f"S3 does not give it: {error}") from error
        raise
