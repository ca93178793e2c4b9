"""Read the objects that S3 announces, judge the clients in them, and publish alarms.

S3 announces an object at least once, and reading it twice changes nothing. An event that fails is
tried again by Lambda, twice; then it goes to the dead-letter queue and the topic (logs.json).
"""

from __future__ import annotations

import functools
import gc
import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from malicious_domains.clients.tunnels import MAX_KEPT
from malicious_domains.model.scorer import Scorer

from ..web.telemetry import embed_metrics, write_line
from .client_days import ClientState, DayJudge, Verdict, limit_rows, make_finding
from .dynamodb import DAY, Item, Key, Table, attempt, map_threads
from .label_votes import add_labels, read_baseline
from .records import DayRows, Rows, read_days
from .service import Service, create_service, name_finding
from .sub_domains import BELOW, EVERYBODY, share_tunnels, update_sub_domains

_PAGE = 200  # clients that are read at once
_STALE = 45  # seconds; a function that has not published by then has failed, and is tried again
_SHOWN_NAMES = 10  # in a message
_GC_THRESHOLD = 200_000  # objects between two collections: states have very many, and no cycles
# Keys of Route 53, beside which VPC flow logs may be, and of Security Lake.
_LOG = re.compile(r"/vpcdnsquerylogs/|\.parquet$")


class UnreadError(RuntimeError):
    """Objects could not be read; Lambda tries the event again."""


class LogObject(NamedTuple):
    """An object in S3."""

    bucket: str
    key: str
    day: int  # on which it was written, since the epoch


class ClientResult(NamedTuple):
    """The outcome of a client's day."""

    client: str
    sampled: bool  # whether it asked for too much to be judged as a whole
    is_new: bool  # whether an alarm was published now
    finding: dict[str, Any] | None  # if there ever was an alarm


def on_event(event: dict[str, Any], scorer: Scorer) -> dict[str, int]:
    """Read the objects of an S3 event; return how many were read, and how many ignored.

    Raises UnreadError after all others have been read, if one could not be.
    """
    gc.set_threshold(_GC_THRESHOLD)
    service = create_service(scorer)
    results: Counter[str] = Counter()
    for record in event.get("Records", []):  # S3's test event has none
        source = _locate(record)
        if source and source.bucket == service.bucket and _LOG.search(source.key):
            results[_try_object(service, source)] += 1
        else:
            results["ignored"] += 1
            key = source.key if source else ""
            write_line({"level": "WARNING", "message": "not a log", "key": key[:200]})
    if results["unread"]:
        raise UnreadError(f"{results['unread']} objects could not be read; see the log")
    return dict(results)


def _locate(record: Any) -> LogObject | None:
    """Return the object of an S3 record, None for any other record."""
    try:
        s3 = record["s3"]
        written = datetime.fromisoformat(record["eventTime"]).timestamp()
        key = unquote_plus(s3["object"]["key"])
        return LogObject(s3["bucket"]["name"], key, int(written // DAY))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _try_object(service: Service, source: LogObject) -> str:
    """Read an object; return "read", or "unread" after logging why."""
    if (error := attempt(_read_object, service, source)) is None:
        return "read"
    reason = f"{type(error).__name__}: {error}"[:1000]
    line = {"level": "ERROR", "message": "unread", "key": source.key, "reason": reason}
    write_line(line | embed_metrics({"Unread": 1}))
    return "unread"


def _read_object(service: Service, source: LogObject) -> None:
    """Merge an object's rows into their days, and judge the clients in it.

    What fails for one client is raised after all others have been judged.
    """
    started, counts = time.monotonic(), Counter[str]()
    results, errors = list[ClientResult](), dict[str, Exception]()
    body = service.s3.get_object(Bucket=source.bucket, Key=source.key)["Body"]
    for days in read_days(service.scorer, body, source.day, counts, service.not_clients):
        for day, rows in days.items():
            more, failed = add_rows(service, day, rows, counts)
            results, errors = results + more, errors | failed
    if errors:
        raise next(iter(errors.values()))
    _log_object(source, counts, results, time.monotonic() - started)


def _log_object(
    source: LogObject, counts: Counter[str], results: list[ClientResult], seconds: float
) -> None:
    """Log a line about an object, without names and clients."""
    lines = sum(n for reason, n in counts.items() if reason != "unkept_labels")
    alarms, late = sum(x.is_new for x in results), counts["other_day"] + counts["no_time"]
    level = "WARNING" if late == lines > 0 else "INFO"
    line = {"level": level, "key": source.key, "lines": lines, "by": dict(sorted(counts.items()))}
    busy = {x.client for x in results if x.sampled}
    line |= {"clients": len({x.client for x in results}), "alarms": alarms, "too_busy": len(busy)}
    values = {"Lines": lines, "Broken": counts["broken"], "Late": late, "Alarms": alarms}
    write_line(line | embed_metrics(values | {"Seconds": round(seconds, 3)}, Seconds="Seconds"))


def add_rows(
    service: Service, day: int, rows: DayRows, counts: Counter[str], is_over: bool = False
) -> tuple[list[ClientResult], dict[str, Exception]]:
    """Merge a day's rows into its state, judge the clients in them, and publish their alarms.

    counts: gets the labels that found no room. is_over: whether the day is, so that its last
    verdict stands. Returns errors by client as well: what fails for one keeps no other from being
    judged.
    """
    # A flood of names may not take the room of the labels of others.
    sampled = {client: limit_rows(x)[1] for client, x in rows.clients.items()}
    votes = add_labels(service.table, day, rows._replace(clients=sampled), counts)
    baseline, log_odds = read_baseline(service.table, day), service.scorer.log_odds
    judge = DayJudge(votes, baseline, log_odds, service.thresholds)
    clients = {*rows.clients, *rows.sub_domains}
    errors = _add_sub_domains(service.table, day, sorted(clients), rows, judge)
    results, others = list[ClientResult](), attempt(share_tunnels, service.table, day, judge)
    if isinstance(others, Exception):
        errors[EVERYBODY], others = others, set()
    ordered = sorted({*clients, *others} - errors.keys())
    for start in range(0, len(ordered), _PAGE):
        page = ordered[start : start + _PAGE]
        items = service.table.read(Key.of_client(day, client) for client in page)
        own = ((key, item, rows.clients.get(key.sk, {})) for key, item in items.items())
        days = [_ClientDay(day, *x, judge) for x in own]
        judge.prepare({label for x in days for own in (x.rows, x.state.rows) for label in own})
        written = service.table.update_all([(x.key, x.item, x.change) for x in days], day)
        report = functools.partial(attempt, _report_client, service, is_over)
        reports = map_threads(report, zip(days, written, strict=True))
        errors |= {x: y for x, y in zip(page, reports, strict=True) if isinstance(y, Exception)}
        results += [x for x in reports if isinstance(x, ClientResult)]
    return results, errors


def _add_sub_domains(
    table: Table, day: int, clients: list[str], rows: DayRows, judge: DayJudge
) -> dict[str, Exception]:
    """Merge what clients ask for below names into their states, and judge it; return errors."""
    errors = dict[str, Exception]()
    for start in range(0, len(clients), _PAGE):
        items = table.read(Key.of_client(day, x, BELOW) for x in clients[start : start + _PAGE])
        more = {key: rows.sub_domains.get(key.sk, {}) for key in items}
        states = update_sub_domains(table, items, more, day, MAX_KEPT)
        errors |= {x.sk: y for x, y in states.items() if isinstance(y, Exception)}
        judge.judge_tunnels({x.sk: y for x, y in states.items() if isinstance(y, dict)})
    return errors


class _ClientDay:
    """A client's day as it was read, what comes to it, and the outcome."""

    def __init__(self, day: int, key: Key, item: Item, rows: Rows, judge: DayJudge) -> None:
        self.day, self.key, self.item, self.rows, self.judge = day, key, item, rows, judge
        self.client, self.state = key.sk, ClientState.unpack(item.state)

    def change(self, state: bytes) -> bytes:
        """Return the state with more rows, and keep the outcome of judging it."""
        old = self.state if state == self.item.state else ClientState.unpack(state)
        self.outcome = self._judge(old)
        return self.outcome[0].pack() if self.outcome[0].differs(old) else state

    def _judge(self, old: ClientState) -> tuple[ClientState, Verdict, bool]:
        """Return the state with more rows, the verdict, and whether to publish it here.

        A function notes that it will publish before it does, and afterwards that it has. One that
        finds the first note alone leaves it to the other, unless the note is stale.
        """
        new, published, now = old.merge(self.rows, self.judge.votes), old.published, time.time()
        verdict = self.judge.judge(self.client, new)
        new = new.note_verdict(verdict)
        verdict = self.judge.add_tunnels(self.client, verdict)
        note: dict[str, Any] = {"at": int(now), "sent": False}
        if verdict.is_news(published):
            note |= {"score": verdict.score, "confidence": verdict.confidence}
            return replace(new, published=note), verdict, True
        if verdict.alarms and not published["sent"] and now - published["at"] > _STALE:
            return replace(new, published=published | note), verdict, True
        return new, verdict, False


def _report_client(
    service: Service, is_over: bool, pair: tuple[_ClientDay, Item | Exception]
) -> ClientResult:
    """Write the finding about a client whose item was written, and publish what is news."""
    own, item = pair
    if isinstance(item, Exception):
        raise item
    new, verdict, is_new = own.outcome
    sampled = new.level > 0
    if not new.published:
        return ClientResult(own.client, sampled, False, None)
    finding = make_finding(own.client, own.day, verdict, sampled)
    is_last = is_over and not sampled
    if is_last or not verdict.alarms or verdict.rank >= new.peak:  # else the earlier says more
        write_finding(service, finding)
        _rewrite_finding(service, own, item)
    if is_new:
        place = name_finding(finding["day"], own.client)
        _publish(service, finding, f"s3://{service.bucket}/{place}")
        mark = functools.partial(mark_sent, published=new.published)
        service.table.update(own.key, item, mark, own.day)
    return ClientResult(own.client, sampled, is_new, finding)


def mark_sent(state: bytes, published: dict[str, Any]) -> bytes:
    """Note in a state that an alarm was sent, unless another one has replaced it.

    >>> state = ClientState(published={"sent": False}).pack()
    >>> ClientState.unpack(mark_sent(state, {"sent": False})).published
    {'sent': True}
    """
    client = ClientState.unpack(state)
    if client.published != published:
        return state
    return replace(client, published=published | {"sent": True}).pack()


def _rewrite_finding(service: Service, own: _ClientDay, item: Item) -> None:
    """Write the finding again as long as there is a newer state than the one it was made from.

    Of two functions at once, the one that is behind may write its finding last.
    """
    while (now := service.table.read([own.key], consistent=True)[own.key]).version > item.version:
        state, item = ClientState.unpack(now.state), now
        verdict = own.judge.add_tunnels(own.client, own.judge.judge(own.client, state))
        write_finding(service, make_finding(own.client, own.day, verdict, state.level > 0))


def write_finding(service: Service, finding: dict[str, Any]) -> None:
    """Write a finding over the earlier one of that client's day."""
    service.s3.put_object(
        Bucket=service.bucket,
        Key=name_finding(finding["day"], finding["client"] or EVERYBODY),
        Body=(json.dumps(finding) + "\n").encode(),
        ContentType="application/x-ndjson",
    )


def list_clients(finding: Mapping[str, Any]) -> list[str]:
    """Return the clients that a finding with alarms is about.

    >>> list_clients({"client": None, "alarms": [{"clients": ["10.0.0.2", "10.0.0.1"]}]})
    ['10.0.0.1', '10.0.0.2']
    """
    sharers = {x for alarm in finding["alarms"] for x in alarm.get("clients", ())}
    return sorted(sharers) or [finding["client"]]


def _publish(service: Service, finding: dict[str, Any], place: str) -> None:
    """Publish a finding."""
    kinds = [alarm["kind"] for alarm in finding["alarms"]]
    names = dict.fromkeys(x["name"] for alarm in finding["alarms"] for x in alarm["names"])
    worst, counts = [*names][:_SHOWN_NAMES], finding["counts"]
    reasons = (alarm["why"] + ".\n" for alarm in finding["alarms"] if "why" in alarm)
    clients = list_clients(finding)
    who = f"{len(clients)} clients look" if len(clients) > 1 else f"{clients[0]} looks"
    text = (
        f"{who} infected on {finding['day']}: {', '.join(kinds)}, "
        f"{finding['score']:.1f} times the threshold, confidence {finding['confidence']}.\n"
        f"{counts['new']} rare names, {counts['dead']} of them do not exist; "
        f"{finding['first_seen']} to {finding['last_seen']}. The worst:\n"
        + "".join(f"  {name}\n" for name in worst)
        + "".join(dict.fromkeys(reasons))
        + f"{' '.join(clients)}\n{place}\n"
    )
    brief = {k: v for k, v in finding.items() if k != "alarms"}
    brief |= {"kinds": kinds, "names": worst, "clients": clients, "finding": place}
    confidence = {"DataType": "String", "StringValue": finding["confidence"]}
    subject = f"DNS: {who} infected ({finding['confidence']})"
    service.publish(subject, brief, text, MessageAttributes={"confidence": confidence})
