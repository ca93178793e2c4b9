"""A day's state kept and judged: what an object adds to it, and what is told of its clients."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ..model.logged import AUTODISCOVERY, is_discovery, why_left_out
from ..model.score import Invalid
from ..model.scorer import Scorer
from . import state, telling
from .records import DAY, NXDOMAIN, Asked, Question
from .settings import LogSettings
from .state import SHARDS, Client, Row, Rows
from .table import Item, Key, Table, each
from .verdict import Judge, Verdict

PARTS = 16  # in which a day's clients are kept
_DAYS_KEPT = 2  # after a day's end
_STALE = 45  # seconds; who has not published by then has failed. Lambda tries again after 60
_PAGE = 200  # clients read at once


class Service(NamedTuple):
    """What the functions work with: boto3's clients among it."""

    settings: LogSettings
    scorer: Scorer
    table: Table
    s3: Any
    sns: Any


class Asks(NamedTuple):
    """What some questions of one day say."""

    clients: dict[str, Rows]
    popular: set[str]  # labels that a list knows


def by_day(
    scorer: Scorer, questions: Mapping[Question, Asked], counts: Counter[str]
) -> dict[int, Asks]:
    """Questions by day and client, their names read; lines are counted by reason or "judged"."""
    days: dict[int, Asks] = {}
    read = functools.cache(functools.partial(_read, scorer))
    for question, asked in questions.items():
        if asked.told <= NXDOMAIN and is_discovery(question.name):
            counts[AUTODISCOVERY] += asked.lines
            continue
        name = read(question.name)
        if isinstance(name, str):
            counts[name] += asked.lines
            continue
        label, suffix, popular = name
        counts["judged"] += asked.lines
        day = days.setdefault(question.day, Asks({}, set()))
        if popular:
            day.popular.add(label)
        rows = day.clients.setdefault(question.client, {})
        row = Row(asked.told, asked.first, asked.last, (suffix,))
        rows[label] = rows[label].with_(row) if label in rows else row
    return days


def _read(scorer: Scorer, text: str) -> str | tuple[str, str, bool]:
    """Label, suffix and whether a list knows it, or why a name is not judged, as scan says it."""
    name = scorer.try_parse(text)
    reason = why_left_out(name)
    if reason or isinstance(name, Invalid):
        return reason
    return name.label, name.suffix, bool(scorer.allowed_by(name))


# --- labels ---


def labels_key(day: int, shard: int) -> Key:
    """Where a part of a day's labels is kept."""
    return Key(f"{telling.date(day)}/labels/{shard:02}")


def client_key(day: int, client: str) -> Key:
    """Where a client's day is kept."""
    part = hashlib.blake2b(client.encode(), digest_size=1).digest()[0] % PARTS
    return Key(f"{telling.date(day)}/clients/{part:02}", client)


def expires(day: int) -> int:
    """When a day's state is no longer needed, in seconds since the epoch."""
    return (day + 1 + _DAYS_KEPT) * DAY


def add_labels(table: Table, day: int, asks: Asks, counts: Counter[str]) -> dict[str, str]:
    """Merge what clients were told into what is kept; returns all of the day's votes by label."""
    keys = [labels_key(day, shard) for shard in range(SHARDS)]
    items = table.read(keys)
    more = state.by_shard(state.votes_of(asks.clients, asks.popular))

    def update(shard: int) -> dict[str, str]:
        key = keys[shard]
        if shard not in more:
            return state.unpack_votes(items[key].state)
        merged: tuple[bytes, dict[str, str], int] = (b"", {}, 0)

        def change(old: bytes) -> bytes:
            nonlocal merged
            merged = state.merge_votes(old, more[shard])
            return merged[0]

        table.update(key, items[key], change, expires(day))
        counts["unkept_labels"] += merged[2]
        return merged[1]

    found: dict[str, str] = {}
    for votes in each(update, range(SHARDS)):
        found |= votes
    return found


class Yesterday:
    """Labels that were familiar on the day before, read once by a function that stays warm."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._day, self._labels, self._until = -1, frozenset[str](), 0.0

    def of(self, table: Table, day: int) -> frozenset[str]:
        """Those of the day before a day; read again each hour, as objects may come late."""
        if day != self._day or time.monotonic() > self._until:
            items = table.read([labels_key(day - 1, shard) for shard in range(SHARDS)])
            votes = (x for item in items.values() for x in state.unpack_votes(item.state).items())
            self._labels = frozenset(label for label, text in votes if state.lives(text))
            self._day, self._until = day, time.monotonic() + 3600
        return self._labels


# --- clients ---


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
    found = telling.finding(visit.client, day, verdict)
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
        _keep(service.s3, service.settings, telling.finding(visit.client, day, verdict))


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
    if telling.is_news(verdict, old.told):
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
        **telling.message(found, place),
    )
