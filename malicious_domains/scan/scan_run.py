"""A scan of DNS logs: read, group, score, judge."""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path

from tqdm import tqdm

from ..clients import generated_names, tunnels
from ..clients.client_day import AlarmThresholds, Evidence, LogContext
from ..clients.common_labels import common_from
from ..clients.fourgrams import Background
from ..names.dga_index import DgaIndex
from ..scoring.model_options import ModelOptions
from . import verdicts
from .alarm_states import select_news, track_alarms
from .client_names import ClientNames
from .completeness import describe_source
from .events_db import NO_DAY, EventsDatabase
from .findings import Files, Finding, Findings
from .outbreaks import find_outbreaks, list_limits, make_shared
from .reading.read_logs import Reading, Source, read_logs
from .reading.second_reading import find_broken_lines
from .reading.times import find_midnight
from .scan_report import add_places
from .scored_hosts import score_hosts
from .state import State, open_state
from .verdicts import LABELS_AT_ONCE, add_evidence, judge_days, key_of

_DAY = 86400  # seconds
_SILENCE = 3600  # seconds before midnight in which nobody may have asked for anything
_ROUNDS = 10  # in which alarms' labels of one day stop being common on the next ones
# A bar on stderr, if that is a terminal and the work takes more than a second.
_bar = partial(tqdm, unit_scale=True, delay=1.0, leave=False, disable=None)
MEMORY = "700MB"  # of DuckDB, which spills to the disk beyond it


@dataclass(frozen=True, kw_only=True)
class Request:
    """The settings of a scan."""

    source: Source
    model: ModelOptions = field(default_factory=ModelOptions)
    thresholds: AlarmThresholds = field(default_factory=AlarmThresholds)
    jobs: int | None = None  # threads of DuckDB; None: one a core
    memory: str = MEMORY
    names: ClientNames = field(default_factory=ClientNames)
    state: Path | None = None  # the folder of what earlier scans found
    tells_all: bool = False  # also the alarms that earlier scans reported
    since: date | str | None = None  # the first day to read; "last": that the state does not have
    alarms_per_day: int | None = None  # None: those over the threshold
    index: DgaIndex | None = None
    finds_places: bool = False  # read the logs again, for where the evidence stands


def scan_logs(request: Request) -> Findings:
    """Read logs and judge each client's day. Raises MaliciousDomainsError of any kind.

    The state keeps what was found when the scan has ended well.
    """
    with open_scan(request) as findings:
        return findings


@contextmanager
def open_scan(request: Request) -> Iterator[Findings]:
    """Scan as scan_logs does; the state keeps the findings if the with block ends well.

    So what is reported within the block is not lost: a scan killed before reports it again.
    """
    with EventsDatabase.open(request.memory, request.jobs) as database:
        since = _find_first_day(request)
        source = replace(request.source, since=None if since is None else since * _DAY)
        with _read(database, source) as reading:
            findings = replace(_judge(database, request, reading), since=since)
            if request.finds_places:
                names = request.names.add_leases(reading.leases)
                findings = add_places(findings, database, reading, names)
        if not request.state:
            yield findings
            return
        with open_state(request.state) as state:
            yield _keep(state, database, findings, request, reading)


def scan_days(request: Request) -> Iterator[tuple[int | None, Findings]]:
    """Scan each day of logs by itself; yield it with its findings, None for days without a date.

    Earlier days make no name common, as in a scan of one night.
    """
    with (
        EventsDatabase.open(request.memory, request.jobs) as database,
        _read(database, request.source) as reading,
    ):
        days: list[int | None] = [*database.list_days()]
        for day in days or [None]:
            if day is not None:
                database.keep_day(day)
            yield day, _judge(database, request, reading)


@contextmanager
def _read(database: EventsDatabase, source: Source) -> Iterator[Reading]:
    """Read logs into the database; the files that this made stay until the block ends."""
    reading = read_logs(source)
    with closing(reading):
        database.count_queries(reading.noted_events, reading.zone)
        yield reading


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


def _judge(database: EventsDatabase, request: Request, reading: Reading) -> Findings:
    names = request.names.add_leases(reading.leases)
    unmatched = database.add_clients(names)
    queries = database.list_queries()
    hosts, label_texts = score_hosts(request.model, queries)
    database.add_hosts(hosts, label_texts)
    database.join_labels()
    rcode_counts, clients = database.count_rcodes(), database.count_clients()
    has_rcodes = rcode_counts[1] > 0
    few = common_from(clients, has_rcodes)
    background = Background.count([*({*label_texts[hosts["label"]].tolist()} - {""})])
    log = LogContext(has_rcodes, background, clients)
    index = request.index
    matches = verdicts.match_queries(database, index, queries.tolist()) if index else {}
    if request.state:
        with open_state(request.state) as state:
            database.add_baseline(*state.find_labels(database.list_labels()))
    else:
        database.add_baseline(None)
    below = _find_tunnels(database, request, clients)
    for _ in range(_ROUNDS):
        kept, scores = _judge_days(database, request, log, few, matches, below)
        if not request.state:
            break
        labels = {y: sure for x in kept for y, sure in _list_alarm_labels(x)}
        if not database.forget_labels(labels, few):
            break
    days, has_dates = database.count_days()
    counts = database.count_client_days([x.client for x in kept])
    line_counts = database.count_lines()
    line_counts = line_counts._replace(blank=max(reading.lines - line_counts.lines, 0))
    shared = database.list_shared(list_limits(request.thresholds, log))
    texts = (reading.forms, reading.left_out, reading.damaged)
    forms, left_out, damaged = ({str(path): text for path, text in x.items()} for x in texts)
    sources = {str(x): describe_source(reading.forms[x], y) for x, y in reading.sources.items()}
    return Findings(
        alarmed=[replace(_add_counts(x, counts), host=names.find_host(x.client)) for x in kept],
        shared=verdicts.add_shared(
            make_shared(*shared, clients, request.thresholds), below.shared, clients
        ),
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
        index=verdicts.summarize_index(database, index, matches) if index else None,
        scores=[*scores, *[0.0] * (days - len(scores))],  # a day without a rare label has 0
        zone=reading.zone,
        unread_times=database.unread_times,
        unknown_rcodes=database.unknown_rcodes,
        broken_lines=find_broken_lines(reading.files) if line_counts.broken else [],
        files=Files(forms, left_out, damaged, sources),
    )


def _add_counts(x: Finding, counts: Mapping[tuple[str, int], tuple[int, ...]]) -> Finding:
    # A day of names without a label to score has no counts.
    lines, labels, nxdomain, rcodes = counts.get(key_of(x), (0, 0, 0, 0))
    return replace(x, lines=lines, labels=labels, nxdomain_lines=nxdomain, rcode_lines=rcodes)


def _list_alarm_labels(x: Finding) -> Iterator[tuple[str, bool]]:
    """Yield the alarms' labels, those of high confidence last; none of generators or tunnels."""
    for alarm in reversed(x.alarms):
        if alarm.kind not in (generated_names.KIND, *tunnels.KINDS):
            sure = alarm.confidence == "high"
            yield from ((y.name.partition(".")[0], sure) for y in x.list_names(alarm))


def _judge_days(
    database: EventsDatabase,
    request: Request,
    log: LogContext,
    few: int,
    matches: verdicts.Matches,
    below: tunnels.TunnelVerdicts,
) -> tuple[list[Finding], list[float]]:
    """Return the days to report, the surest first, and the running sum of each day.

    few: the clients from which on a label that resolves is common.
    """
    database.select_rare_labels(few)
    keeps_all = request.alarms_per_day is not None
    evidence = _find_evidence(database, request.thresholds, log, few, matches)
    for key, tunnel in below.days.items():
        evidence[key] += tunnel
    scores: list[float] = []
    days: list[Finding] = []
    with _bar(desc="days", total=database.count_days()[0], unit="day") as bar:
        for columns in database.read_labels(LABELS_AT_ONCE):
            judged = judge_days(
                columns, log, request.thresholds, lambda *key: keeps_all or key in evidence
            )
            scores += [x.total for x in judged]
            some = (x for x in judged if keeps_all or x.alarms or key_of(x) in evidence)
            days += [add_evidence(x, evidence.pop(key_of(x), ())) for x in some]
            days = _select_highest(days, request.alarms_per_day)
            bar.update(len(judged))
    for (client, day), own in evidence.items():  # days that have no label to judge
        x = Finding(client=client, day=None if day == NO_DAY else day)
        days.append(add_evidence(x, own))
    return sorted(_select_highest(days, request.alarms_per_day), key=_rank), scores


def _find_tunnels(
    database: EventsDatabase, request: Request, clients: int
) -> tunnels.TunnelVerdicts:
    """Return the alarms of what clients ask for below registrable names; clients: of the log."""
    scale = request.thresholds.scale
    days: dict[tuple[str, int], list[tunnels.SubDomainGroup]] = {}
    for columns in database.read_sub_domains(LABELS_AT_ONCE, scale * tunnels.THRESHOLD):
        days |= tunnels.find_alarmed_days(columns, scale)
    return tunnels.judge_tunnels(days, clients, scale)


def _find_evidence(
    database: EventsDatabase,
    thresholds: AlarmThresholds,
    log: LogContext,
    few: int,
    matches: verdicts.Matches,
) -> defaultdict[tuple[str, int], list[Evidence]]:
    """Return what speaks against clients' days beside their rare labels."""
    generated = verdicts.find_generated(database, matches, few) if matches else {}
    shared = find_outbreaks(database.list_outbreaks(list_limits(thresholds, log)), thresholds)
    evidence = defaultdict[tuple[str, int], list[Evidence]](list)
    for key, own in chain(generated.items(), shared.items()):
        evidence[key].append(own)
    return evidence


def _select_highest(days: list[Finding], per_day: int | None) -> list[Finding]:
    """Return the highest days of each date; all for None."""
    if per_day is None:
        return days
    dates: dict[int | None, list[Finding]] = defaultdict(list)
    for x in days:
        dates[x.day].append(x)
    return [x for own in dates.values() for x in heapq.nsmallest(per_day, own, key=_rank)]


def _rank(x: Finding) -> tuple[bool, float, float, str, int]:
    return x.confidence == "low", -x.score, -x.total, *key_of(x)
