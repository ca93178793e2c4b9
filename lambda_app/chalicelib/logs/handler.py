"""The second function: S3 tells of an object, its queries are judged, clients are told of."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import secrets
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from ..model.scorer import Scorer
from ..web.telemetry import in_embedded_format, write
from . import days, records, settings
from .days import Service, Told
from .records import DAY
from .table import THREADS, BusyError, Key, Table
from .verdict import Judge

TRIES = 2  # of an object, before it goes to the dead letters
_KEPT = 2 * DAY  # seconds for which it is known that an object was read
_UNITS = dict.fromkeys(("Lines", "Broken", "Late", "Alarms", "DeadLetters"), "Count")
_UNITS |= {"Seconds": "Seconds"}

_GONE = ("NoSuchKey", "InvalidObjectState")  # deleted, or in an archive

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


def on_event(event: dict[str, Any], scorer: Scorer, who: str = "") -> dict[str, int]:
    """Read the objects that S3 tells of; returns how many were read, and how many were not.

    who: the request's id, which stays the same where Lambda asks again. Raises UnreadError for
    objects that are to be tried again. An object that failed TRIES times is copied to the dead
    letters, with the reason beside it; what AWS fails at is no fault of the object's.
    """
    service, who = service_of(scorer), who or secrets.token_hex(8)
    results: Counter[str] = Counter()
    for record in event.get("Records", []):  # a test event of S3's has none
        found = _object(record)
        if found and found.bucket == service.settings.bucket and service.settings.is_log(found.key):
            results[_try(service, found, who)] += 1
        else:
            results["ignored"] += 1
            key = found.key if found else ""
            write({"level": "WARNING", "message": "not a log", "key": key[:200]})
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


def _object(record: Any) -> Object | None:
    """Of a record of S3's, None of anything else."""
    try:
        s3 = record["s3"]
        written = datetime.fromisoformat(record["eventTime"]).timestamp()
        key, etag = unquote_plus(s3["object"]["key"]), s3["object"].get("eTag", "")
        return Object(s3["bucket"]["name"], key, etag, int(written // DAY))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _try(service: Service, found: Object, who: str) -> str:
    """Read an object unless it was read; returns "read", "again", "dead" or "unread"."""
    key, expires = Key(f"object/{found.id}"), int(time.time()) + _KEPT
    try:
        failures = service.table.begin(key, who, expires)
        if failures is None:
            return "again"
        if failures < TRIES:
            reason = _read(service, found)
            if not reason:
                service.table.finish(key, expires)
                return "read"
            failures = service.table.failed(key)
            service.table.left(key, who)
        else:  # the earlier ones had no time or memory left to say why
            reason = f"{TRIES} tries ended before their time"
        if failures < TRIES:
            _say("WARNING", "an object to be tried again", found, reason)
            return "unread"
        _bury(service, found, failures, reason)
        service.table.forget(key)
    except Exception as error:  # of AWS's, as a rule
        _say("WARNING", "AWS failed; to be tried again", found, _told(error))
        with suppress(Exception):
            service.table.left(key, who)
        return "unread"
    _say("ERROR", "a dead letter", found, reason, DeadLetters=1)
    return "dead"


def _read(service: Service, found: Object) -> str:
    """Read an object and report on it; returns what is wrong with it.

    Raises what boto3 raises, and BusyError: what is not the object's fault.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    counts: Counter[str] = Counter()
    started = time.monotonic()
    try:
        told = read(service, found, counts)
    except (BotoCoreError, ClientError, BusyError):
        raise
    except Exception as error:
        return _told(error)
    _report(found, counts, told, time.monotonic() - started)
    return ""


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _say(level: str, message: str, found: Object, reason: str, **values: float) -> None:
    line = {"level": level, "message": message, "key": found.key, "reason": reason[:1000]}
    write(line | (in_embedded_format(values, _UNITS) if values else {}))


def read(service: Service, found: Object, counts: Counter[str]) -> list[Told]:
    """Merge what an object says into its days, and judge the clients in it.

    Lines are counted by what became of them. Raises LogError, and what boto3 raises.
    """
    body = _body(service.s3, found)
    left_out = service.settings.not_clients
    told, errors = list[Told](), list[Exception]()
    for batch in records.batches(body, found.day, counts, left_out):
        for day, asks in days.by_day(service.scorer, batch, counts).items():
            votes = days.add_labels(service.table, day, asks, counts)
            known = _yesterday.of(service.table, day)
            judge = Judge(votes, known, service.scorer.log_odds)
            more, failed = days.add_clients(service, day, asks.clients, judge)
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
    values["Late"] = counts["other_day"] + counts["no_time"]
    level = "WARNING" if values["Late"] == lines > 0 else "INFO"
    line = {"level": level, "key": found.key, "lines": lines, "by": dict(sorted(counts.items()))}
    line |= {"clients": len({x.client for x in told}), "alarms": news}
    line |= {"too_busy": len({x.client for x in told if x.verdict is None})}
    write(line | in_embedded_format(values | {"Seconds": round(seconds, 3)}, _UNITS))
