"""A scan of DNS logs: read, group, score, judge."""

from __future__ import annotations

import heapq
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
from tqdm import tqdm

from ..clients.client_day import AlarmThresholds, LogContext
from ..clients.common_labels import common_from
from ..clients.fourgrams import Background
from ..clients.suspicious_labels import find_shared_labels
from ..inputs.ordered_pool import OrderedPool
from ..names.dga_index import DgaIndex
from ..scoring.model_options import ModelOptions
from . import known_generators
from .alarm_states import select_news, track_alarms
from .client_names import ClientNames
from .events_db import EventsDatabase
from .findings import MAX_SHARED, Files, Findings, SharedLabels, SharedName
from .outbreaks import find_outbreaks, list_limits
from .reading.read_logs import Reading, Source, read_logs
from .reading.times import find_midnight
from .scored_hosts import score_hosts
from .state import State, open_state
from .verdicts import LABELS_AT_ONCE, Batch, ClientDayVerdict, Evidence, add_evidence, judge_batches

_DAY = 86400  # seconds
_SILENCE = 3600  # seconds before midnight in which nobody may have asked for anything
_ROUNDS = 10  # in which alarms' labels of one day stop being common on the next ones
MEMORY = "700MB"  # of DuckDB, which spills to the disk beyond it


@dataclass(frozen=True, kw_only=True)
class Request:
    """The settings of a scan."""

    source: Source
    model: ModelOptions = field(default_factory=ModelOptions)
    thresholds: AlarmThresholds = field(default_factory=AlarmThresholds)
    jobs: int = 1
    memory: str = MEMORY
    names: ClientNames = field(default_factory=ClientNames)
    state: Path | None = None  # the folder of what earlier scans found
    tells_all: bool = False  # also the alarms that earlier scans told
    since: date | str | None = None  # the first day to read; "last": that the state does not have
    alarms_per_day: int | None = None  # None: those over the threshold
    index: DgaIndex | None = None


def scan_logs(request: Request) -> Findings:
    """Read logs and judge each client's day. Raises MaliciousDomainsError of any kind.

    The state keeps what was found when the scan has ended well.
    """
    with open_scan(request) as findings:
        return findings


@contextmanager
def open_scan(request: Request) -> Iterator[Findings]:
    """Scan as scan_logs does; the state keeps the findings if the with block ends well.

    So what is told within the block is not lost: a scan that is killed before tells it again.
    """
    with EventsDatabase.open(request.memory) as database, OrderedPool(request.jobs) as pool:
        since = _find_first_day(request)
        source = replace(request.source, since=None if since is None else since * _DAY)
        with show_bar("opening", source.size, "B") as advance:
            reading = read_logs(source, advance)
        with closing(reading):
            with _show_query(database.connection, "reading", reading.bytes):
                database.count_queries(reading.noted_events, reading.zone, has_notes=True)
            findings = replace(_judge(database, request, pool, reading), since=since)
        if not request.state:
            yield findings
            return
        with open_state(request.state) as state:
            yield _keep(state, database, findings, request, reading)


def scan_days(request: Request) -> Iterator[tuple[int | None, Findings]]:
    """Scan each day of logs by itself; yield it with its findings, None for days without a date.

    Earlier days make no name common, as in a scan of one night.
    """
    with EventsDatabase.open(request.memory) as database, OrderedPool(request.jobs) as pool:
        with show_bar("opening", request.source.size, "B") as advance:
            reading = read_logs(request.source, advance)
        with closing(reading):
            with _show_query(database.connection, "reading", reading.bytes):
                database.count_queries(reading.noted_events, reading.zone, has_notes=True)
            days: list[int | None] = [*database.list_days()]
            for day in days or [None]:
                if day is not None:
                    database.keep_day(day)
                yield day, _judge(database, request, pool, reading)


def _find_first_day(request: Request) -> int | None:
    """Return the first day to read, since the epoch; None for all."""
    if isinstance(request.since, date):
        return (request.since - date(1970, 1, 1)).days
    if request.since is None or request.state is None:
        return None
    with open_state(request.state) as state:
        return state.next_day()


def _keep(
    state: State, database: EventsDatabase, findings: Findings, request: Request, reading: Reading
) -> Findings:
    """Keep a scan's days, alarms and labels in the state; return the findings to tell.

    Days that had ended when the logs were last written are complete.
    """
    until = min(reading.latest + _SILENCE, time.time())
    ends = {day: find_midnight((day + 1) * _DAY, reading.zone) for day in database.list_days()}
    days = {day: end <= until for day, end in ends.items()}
    ended = state.count_ended()
    state.add_days(days)
    tracked = track_alarms(state, findings)
    state.add_labels(database.list_own_labels())
    if not days or not tracked.state:
        return findings
    summary = tracked.state._replace(ended=max(state.count_ended() - ended, 0))
    tracked = replace(tracked, state=summary)
    return tracked if request.tells_all else select_news(tracked)


def _judge(
    database: EventsDatabase, request: Request, pool: OrderedPool, reading: Reading
) -> Findings:
    names = request.names.add_leases(reading.leases)
    unmatched = database.add_clients(names)
    queries = database.list_queries()
    with show_bar("names", len(queries), "name") as advance:
        hosts, log_odds = score_hosts(request.model, queries.tolist(), pool, advance)
    database.add_hosts({**hosts.to_columns(queries), "log_odds": log_odds})
    database.join_labels()
    rcode_counts, clients = database.count_rcodes(), database.count_clients()
    has_rcodes = rcode_counts[1] > 0
    few = common_from(clients, has_rcodes)
    log = LogContext(has_rcodes, Background.count([*({*hosts.label} - {""})]), clients)
    index = request.index
    matches = known_generators.match_queries(database, index, queries.tolist()) if index else {}
    database.add_baseline(_find_seen(database, request.state))
    for _ in range(_ROUNDS):
        kept, scores = _judge_days(database, request, pool, log, few, matches)
        labels = {label for x in kept for label in x.list_alarm_labels()}
        if not (request.state and database.forget_labels(labels)):
            break
    days, has_dates = database.count_days()
    counts = database.count_client_days([x.client for x in kept])
    line_counts = database.count_lines()
    return Findings(
        # A day of names without a label to score has no counts.
        alarmed=[
            replace(
                x.to_finding(*counts.get((x.client, x.number), (0, 0, 0, 0))),
                host=names.find_host(x.client),
            )
            for x in kept
        ],
        shared=_find_shared(database, clients, request.thresholds),
        busy_clients=database.list_busy_clients(),
        line_counts=line_counts,
        clients=clients,
        days=days,
        unmatched=unmatched,
        has_rcodes=has_rcodes,
        has_dates=has_dates,
        threshold=request.thresholds.thresholds(has_rcodes).random_looking,
        rcode_counts=rcode_counts,
        baseline=database.summarize_baseline() if request.state else None,
        index=known_generators.summarize_index(database, index, matches) if index else None,
        scores=[*scores, *[0.0] * (days - len(scores))],  # a day without a rare label has 0
        zone=reading.zone,
        unread_times=database.count_unread_times(),
        unknown_rcodes=database.list_unknown_rcodes(),
        broken_lines=[
            (str(x.path), *x[1:]) for x in (reading.find_broken() if line_counts.broken else [])
        ],
        files=Files(*map(_by_name, (reading.forms, reading.left_out, reading.damaged))),
    )


def _find_seen(database: EventsDatabase, folder: Path | None) -> list[tuple[str, int, int]] | None:
    """Return the log's labels that earlier scans had; None if no folder keeps them."""
    if folder is None:
        return None
    with open_state(folder) as state:
        return state.find_labels(database.list_labels())


def _judge_days(
    database: EventsDatabase,
    request: Request,
    pool: OrderedPool,
    log: LogContext,
    few: int,
    matches: known_generators.Matches,
) -> tuple[list[ClientDayVerdict], list[float]]:
    """Return the days to report, the surest first, and the running sum of each day.

    few: the clients from which on a label that resolves is common.
    """
    database.select_rare_labels(few)
    evidence = _find_evidence(database, request.thresholds, log, few, matches)
    scores: list[float] = []
    with show_bar("days", database.count_days()[0], "day") as advance:
        batches = judge_batches(
            database.read_labels(LABELS_AT_ONCE),
            log,
            request.thresholds,
            pool,
            keep_all=request.alarms_per_day is not None,
            wanted=frozenset(evidence),
        )
        noted = _note_scores(batches, scores, advance)
        judged = add_evidence(noted, evidence, log, request.thresholds)
        return _select_days(judged, request.alarms_per_day), scores


def _find_evidence(
    database: EventsDatabase,
    thresholds: AlarmThresholds,
    log: LogContext,
    few: int,
    matches: known_generators.Matches,
) -> Evidence:
    """Return what speaks against clients' days beside their rare labels."""
    generated = known_generators.find_evidence(database, matches, few) if matches else {}
    limits = list_limits(thresholds, log)
    shared = find_outbreaks(database.list_outbreaks(limits), thresholds)
    return {
        key: [x[key] for x in (generated, shared) if key in x] for key in {**generated, **shared}
    }


def _note_scores(
    batches: Iterable[Batch], scores: list[float], advance: Callable[[int], object]
) -> Iterator[Batch]:
    for batch in batches:
        scores.extend(batch.totals)
        advance(len(batch.totals))
        yield batch


def _select_days(batches: Iterable[Batch], per_day: int | None) -> list[ClientDayVerdict]:
    """Return the days, the surest first: all of them, or the highest of each date."""
    if per_day is None:
        return sorted((x for batch in batches for x in batch.days), key=_rank)
    highest: dict[int, list[ClientDayVerdict]] = defaultdict(list)
    for batch in batches:
        for x in batch.days:
            highest[x.number] = heapq.nsmallest(per_day, [*highest[x.number], x], key=_rank)
    return sorted((x for kept in highest.values() for x in kept), key=_rank)


def _rank(x: ClientDayVerdict) -> tuple[bool, float, float, str, int]:
    return x.confidence == "low", -x.score, -x.total, x.client, x.number


def _find_shared(
    database: EventsDatabase, clients: int, thresholds: AlarmThresholds
) -> SharedLabels | None:
    """Return the alarm that the log's labels raise together, with some clients of each."""
    rows = database.list_shared(thresholds)
    if not rows:
        return None
    _, _, log_odds, counts, allowed, _, _ = zip(*rows, strict=True)
    alarm = find_shared_labels(
        np.array(log_odds, np.float64),
        np.array(counts, np.int64),
        np.array(allowed, np.bool_),
        clients,
        thresholds,
    )
    if alarm is None:
        return None
    names = []
    for index in alarm.names[:MAX_SHARED]:
        label, suffix, odds, count, _, *times = rows[index]
        some = database.list_clients_of(label, MAX_SHARED)
        first, last = (np.nan if x is None else x for x in times)
        names.append(SharedName(f"{label}.{suffix}", odds, count, some, first, last))
    score = alarm.score / thresholds.min_shared
    return SharedLabels(len(alarm.names), score, alarm.confidence, names)


def _by_name(texts: dict[Path, str]) -> dict[str, str]:
    return {str(path): text for path, text in texts.items()}


# --- bars on stderr, if it is a terminal ---

_DELAY = 1.0  # seconds; what is done by then shows no bar
_INTERVAL = 0.2  # seconds between looks at DuckDB's progress


@contextmanager
def show_bar(title: str, total: int | None, unit: str) -> Iterator[Callable[[int], object]]:
    """Show a bar until the block ends; yields what to call with the number of units done."""
    with tqdm(
        desc=title,
        total=total,
        unit=unit,
        unit_scale=True,
        delay=_DELAY,
        leave=False,
        disable=not sys.stderr.isatty(),
    ) as bar:
        yield bar.update


@contextmanager
def _show_query(connection: duckdb.DuckDBPyConnection, title: str, size: int) -> Iterator[None]:
    """Show a bar of the bytes that the block's statement has read, by DuckDB's own count."""
    if not sys.stderr.isatty():
        yield
        return
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    done = threading.Event()

    def watch() -> None:
        read = 0
        while not done.wait(_INTERVAL):
            with suppress(duckdb.Error):  # it has not begun, or is over
                now = int(size * max(connection.query_progress(), 0.0) / 100)
                advance(max(now - read, 0))
                read = max(now, read)

    with show_bar(title, size, "B") as advance:
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
