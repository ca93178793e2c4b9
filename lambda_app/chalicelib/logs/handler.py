"""The second function: S3 tells of objects, which are read, tried again, or buried."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from malicious_domains.model.scorer import Scorer

from ..web.telemetry import in_embedded_format, write
from . import objects, service
from .clients import Told
from .dynamodb import BusyError, Key
from .objects import Object
from .records import DAY
from .service import Service

TRIES = 2  # of an object, before it goes to the dead letters
_KEPT = 2 * DAY  # seconds for which it is known that an object was read
_UNITS = dict.fromkeys(("Lines", "Broken", "Late", "Alarms", "DeadLetters"), "Count")
_UNITS |= {"Seconds": "Seconds"}


class UnreadError(RuntimeError):
    """Objects that could not be read now; Lambda asks again."""


def on_event(event: dict[str, Any], scorer: Scorer, who: str = "") -> dict[str, int]:
    """Read the objects that S3 tells of; returns how many were read, and how many were not.

    who: the request's id, which stays the same where Lambda asks again. Raises UnreadError for
    objects that are to be tried again. An object that failed TRIES times is copied to the dead
    letters, with the reason beside it; what AWS fails at is no fault of the object's.
    """
    ours, who = service.of(scorer), who or secrets.token_hex(8)
    results: Counter[str] = Counter()
    for record in event.get("Records", []):  # a test event of S3's has none
        found = objects.of_record(record)
        if found and found.bucket == ours.settings.bucket and ours.settings.is_log(found.key):
            results[_try(ours, found, who)] += 1
        else:
            results["ignored"] += 1
            key = found.key if found else ""
            write({"level": "WARNING", "message": "not a log", "key": key[:200]})
    if results["unread"]:
        raise UnreadError(f"{results['unread']} objects could not be read; see the log")
    return dict(results)


def _try(service: Service, found: Object, who: str) -> str:
    """Read an object unless it was read; returns "read", "again", "dead" or "unread"."""
    key = Key(f"object/{found.id}")
    try:
        return _tried(service, found, key, who)
    except Exception as error:  # of AWS's, as a rule
        _say("WARNING", "AWS failed; to be tried again", found, _reason(error))
        with suppress(Exception):
            service.table.leave(key, who)
        return "unread"


def _tried(service: Service, found: Object, key: Key, who: str) -> str:
    """As _try has it; raises what is not the object's fault."""
    expires = int(time.time()) + _KEPT
    failures = service.table.begin(key, who, expires)
    if failures is None:
        return "again"
    if failures >= TRIES:  # they had no time or memory left to say why
        return _bury(service, found, key, f"{TRIES} tries ended before their time")
    reason = _read(service, found)
    if not reason:
        service.table.finish(key, expires)
        return "read"
    failures = service.table.failed(key)
    service.table.leave(key, who)
    if failures >= TRIES:
        return _bury(service, found, key, reason)
    _say("WARNING", "an object to be tried again", found, reason)
    return "unread"


def _read(service: Service, found: Object) -> str:
    """Read an object and report on it; returns what is wrong with it.

    Raises what boto3 raises, and BusyError: what is not the object's fault.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    counts: Counter[str] = Counter()
    started = time.monotonic()
    try:
        told = objects.read(service, found, counts)
    except (BotoCoreError, ClientError, OSError, BusyError):
        raise
    except Exception as error:
        return _reason(error)
    _report(found, counts, told, time.monotonic() - started)
    return ""


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _say(level: str, message: str, found: Object, reason: str, **values: float) -> None:
    line = {"level": level, "message": message, "key": found.key, "reason": reason[:1000]}
    write(line | (in_embedded_format(values, _UNITS) if values else {}))


def _bury(service: Service, found: Object, key: Key, reason: str) -> str:
    """Copy an object to the dead letters and write beside it why; the copy may fail."""
    place = service.settings.dead_letter(found.key)
    source = {"Bucket": found.bucket, "Key": found.key}
    try:
        service.s3.copy_object(Bucket=found.bucket, Key=place, CopySource=source)
    except Exception as error:
        reason += f"; and it cannot be copied: {error}"
    letter = {"key": found.key, "etag": found.etag, "tries": TRIES, "reason": reason[:4000]}
    body = json.dumps(letter).encode()
    service.s3.put_object(Bucket=found.bucket, Key=f"{place}.reason.json", Body=body)
    service.table.forget(key)
    _say("ERROR", "a dead letter", found, reason, DeadLetters=1)
    return "dead"


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
