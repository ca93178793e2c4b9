"""The second function: S3 tells of an object, its queries are judged, clients are told of."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from ..model.scorer import Scorer
from ..web.telemetry import in_embedded_format, write
from . import days, records, settings
from .days import Service, Told
from .records import DAY
from .table import THREADS, Key, Table
from .verdict import Judge

TRIES = 2  # of an object, before it goes to the dead letters
_KEPT = 2 * DAY  # seconds for which it is known that an object was read
_UNITS = {"Lines": "Count", "Broken": "Count", "Alarms": "Count", "DeadLetters": "Count"}
_UNITS |= {"Seconds": "Seconds"}

_yesterday = days.Yesterday()


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


class UnreadError(RuntimeError):
    """Objects that could not be read now; Lambda asks again."""


def on_event(event: dict[str, Any], scorer: Scorer) -> dict[str, int]:
    """Read the objects that S3 tells of; returns how many were read, and how many were not.

    Raises UnreadError for those that are to be tried again. After TRIES tries an object is copied
    to the dead letters, with the reason beside it.
    """
    service = service_of(scorer)
    results: Counter[str] = Counter()
    for found in _objects(event):
        if found.bucket != service.settings.bucket or not service.settings.is_log(found.key):
            results["ignored"] += 1
            write({"level": "WARNING", "message": "not a log", "key": found.key[:200]})
            continue
        results[_try(service, found)] += 1
    if results["unread"]:
        raise UnreadError(f"{results['unread']} objects could not be read; see the log")
    return dict(results)


def service_of(scorer: Scorer) -> Service:
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


def _objects(event: dict[str, Any]) -> Iterator[Object]:
    """S3's records; a test event of S3's has none."""
    for record in event.get("Records", []):
        s3 = record["s3"]
        written = datetime.fromisoformat(record["eventTime"]).timestamp()
        yield Object(
            s3["bucket"]["name"],
            unquote_plus(s3["object"]["key"]),
            s3["object"].get("eTag", ""),
            int(written // DAY),
        )


def _try(service: Service, found: Object) -> str:
    """Read an object unless it was read; returns "read", "again", "dead" or "unread"."""
    key, started = Key(f"object/{found.id}"), time.monotonic()
    tries = service.table.begin(key, int(time.time()) + _KEPT)
    if not tries:
        return "again"
    counts: Counter[str] = Counter()
    try:
        if tries > TRIES:  # the earlier ones had no time or memory left to say why
            raise records.LogError(f"{TRIES} tries ended before their time")
        told = read(service, found, counts)
        service.table.finish(key)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        line = {"key": found.key, "try": tries, "reason": reason[:1000]}
        if tries < TRIES:
            write({"level": "WARNING", "message": "an object to be tried again"} | line)
            return "unread"
        _bury(service, found, tries, reason)
        service.table.forget(key)
        write(
            {"level": "ERROR", "message": "a dead letter"}
            | line
            | in_embedded_format({"DeadLetters": 1}, _UNITS)
        )
        return "dead"
    _report(found, counts, told, time.monotonic() - started)
    return "read"


def read(service: Service, found: Object, counts: Counter[str]) -> list[Told]:
    """Merge what an object says into its days, and judge the clients in it.

    Lines are counted by what became of them. Raises LogError, and what boto3 raises.
    """
    body = service.s3.get_object(Bucket=found.bucket, Key=found.key)["Body"]
    left_out = service.settings.not_clients
    told = []
    for batch in records.batches(body, found.day, counts, left_out):
        for day, asks in days.by_day(service.scorer, batch, counts).items():
            votes = days.add_labels(service.table, day, asks, counts)
            known = _yesterday.of(service.table, day)
            judge = Judge(votes, known, service.scorer.log_odds)
            told += days.add_clients(service, day, asks.clients, judge)
    return told


def _bury(service: Service, found: Object, tries: int, reason: str) -> None:
    """Copy an object to the dead letters and write beside it why; the copy may fail."""
    place = service.settings.dead_letter(found.key)
    source = {"Bucket": found.bucket, "Key": found.key}
    try:
        service.s3.copy_object(Bucket=found.bucket, Key=place, CopySource=source)
    except Exception as error:
        reason += f"; and it cannot be copied: {error}"
    letter = {"key": found.key, "etag": found.etag, "tries": tries, "reason": reason[:4000]}
    body = json.dumps(letter).encode()
    service.s3.put_object(Bucket=found.bucket, Key=f"{place}.reason.json", Body=body)


def _report(found: Object, counts: Counter[str], told: list[Told], seconds: float) -> None:
    """One line of JSON an object; names and clients are not in it."""
    lines = sum(n for reason, n in counts.items() if reason != "unkept_labels")
    news = sum(x.news for x in told)
    values = {"Lines": lines, "Broken": counts["broken"], "Alarms": news}
    line = {"level": "INFO", "key": found.key, "lines": lines, "by": dict(sorted(counts.items()))}
    line |= {"clients": len({x.client for x in told}), "alarms": news}
    line |= {"too_busy": len({x.client for x in told if x.verdict is None})}
    write(line | in_embedded_format(values | {"Seconds": round(seconds, 3)}, _UNITS))
