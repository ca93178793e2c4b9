"""A day's clients: their labels merged into what is kept, judged, and told of."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from . import finding_json
from .day_verdict import Judge, Verdict
from .days import expires
from .dynamodb import Item, Key, each
from .service import Service
from .settings import LogSettings
from .state import Client, Rows

PARTS = 16  # in which a day's clients are kept
_STALE = 45  # seconds; who has not published by then has failed. Lambda tries again after 60
_PAGE = 200  # clients read at once


def client_key(day: int, client: str) -> Key:
    """Where a client's day is kept."""
    part = hashlib.blake2b(client.encode(), digest_size=1).digest()[0] % PARTS
    return Key(f"{finding_json.date(day)}/clients/{part:02}", client)


class Told(NamedTuple):
    """What became of a client's day."""

    client: str
    verdict: Verdict | None  # None for one that is too busy to be judged
    news: bool  # whether an alarm was published now
    finding: dict[str, Any] | None  # what is said of it, if anything ever was


def add_clients(
    service: Service, day: int, clients: Mapping[str, Rows], judge: Judge
) -> tuple[list[Told], list[Exception]]:
    """Merge clients' rows into what is kept, judge them, and tell their alarms.

    What fails for a client is returned, and keeps no other from being judged.
    """
    names, found, failed = sorted(clients), list[Told](), list[Exception]()
    for start in range(0, len(names), _PAGE):
        page = names[start : start + _PAGE]
        keys = {client: client_key(day, client) for client in page}
        items = service.table.read(keys.values())
        olds = {client: Client.unpack(items[key].state) for client, key in keys.items()}
        judge.learn({x for c in page for rows in (clients[c], olds[c].rows) for x in rows})

        def add(client: str) -> Told | Exception:
            visit = Visit(client, keys[client], items[keys[client]], olds[client])  # noqa: B023
            try:
                return _add(service, day, visit, clients[client], judge)
            except Exception as error:
                return error

        for one in each(add, page):
            (failed if isinstance(one, Exception) else found).append(one)
    return found, failed


class Visit(NamedTuple):
    """A client's day as it was read: as it is kept, and unpacked."""

    client: str
    key: Key
    item: Item
    old: Client


def _add(service: Service, day: int, visit: Visit, rows: Rows, judge: Judge) -> Told:
    result: list[tuple[Client, Verdict | None, bool]] = []

    def change(state: bytes) -> bytes:
        old = visit.old if state == visit.item.state else Client.unpack(state)
        result[:] = [_next(visit.client, old, rows, judge)]
        new = result[0][0]
        return new.pack() if new.differs(old) else state

    after = service.table.update(visit.key, visit.item, change, expires(day))
    new, verdict, news = result[0]
    if not new.told:
        return Told(visit.client, verdict, False, None)
    found = finding_json.finding(visit.client, day, verdict)
    place = _keep(service.s3, service.settings, found)
    _keep_newer(service, day, visit, after, judge)
    if news:
        _publish(service, found, place)
        sent = functools.partial(_sent, told=new.told)
        service.table.update(visit.key, after, sent, expires(day))
    return Told(visit.client, verdict, news, found)


def _keep_newer(service: Service, day: int, visit: Visit, kept: Item, judge: Judge) -> None:
    """Write a finding anew while there is a newer state than that it was made of.

    Of two functions at once the one that was behind may write its finding last.
    """
    key = visit.key
    while (now := service.table.read([key], consistent=True)[key]).version > kept.version:
        rows, kept = Client.unpack(now.state), now
        verdict = None if rows.busy else judge(visit.client, rows.rows)
        _keep(service.s3, service.settings, finding_json.finding(visit.client, day, verdict))


def _next(
    client: str, old: Client, rows: Rows, judge: Judge
) -> tuple[Client, Verdict | None, bool]:
    """A client's day with more rows, the verdict, and whether it is ours to publish.

    Who publishes writes first that he will, and afterwards that he has. Who finds the former
    alone leaves it to the other, unless it is so long ago that he must have failed.
    """
    new = old.plus(rows, judge.votes)
    if new.busy:
        return new, None, False
    verdict, now = judge(client, new.rows), int(time.time())
    if finding_json.is_news(verdict, old.told):
        told = {"score": verdict.score, "confidence": verdict.confidence, "at": now, "sent": False}
        return replace(new, told=told), verdict, True
    if verdict.alarms and not old.told["sent"] and now - old.told["at"] > _STALE:
        return replace(new, told=old.told | {"at": now}), verdict, True
    return new, verdict, False


def _sent(old: bytes, told: dict[str, Any]) -> bytes:
    """With a note that this was published, if it still is what there is to tell."""
    client = Client.unpack(old)
    return replace(client, told=told | {"sent": True}).pack() if client.told == told else old


def _keep(s3: Any, settings: LogSettings, found: dict[str, Any]) -> str:
    """Write a finding, over what was found of that client's day before; returns where."""
    key = settings.finding(found["day"], found["client"])
    body = (json.dumps(found) + "\n").encode()
    s3.put_object(Bucket=settings.bucket, Key=key, Body=body, ContentType="application/x-ndjson")
    return f"s3://{settings.bucket}/{key}"


def _publish(service: Service, found: dict[str, Any], place: str) -> None:
    confidence = {"DataType": "String", "StringValue": found["confidence"]}
    service.sns.publish(
        TopicArn=service.settings.topic,
        MessageAttributes={"confidence": confidence},
        **finding_json.message(found, place),
    )
