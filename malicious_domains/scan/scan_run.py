"""What `scan` does: read, group, score, judge."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ..clients.client_day import AlarmThresholds, LogContext
from ..clients.common_labels import common_from
from ..clients.fourgrams import Background
from ..inputs.signals import temporary_folder
from ..names.dga_index import DgaIndex
from ..names.errors import MaliciousDomainsError
from . import baseline, client_days, events_db, known_generators, scored_hosts
from .client_identity import Names
from .findings import Accounting, Files, Findings
from .progress import Advance, bar, statement
from .reading import Reading, Source, read
from .scan_pool import Pool
from .shared_labels import shared
from .verdicts import ClientDayVerdict

MEMORY = "700MB"  # of DuckDB, which spills to the disk beyond it


class ScanError(MaliciousDomainsError):
    """A scan that cannot be made."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to scan, and how."""

    source: Source
    job: scored_hosts.Job = field(default_factory=scored_hosts.Job)
    cut: AlarmThresholds = field(default_factory=AlarmThresholds)
    jobs: int = 1
    memory: str = MEMORY
    names: Names = field(default_factory=Names)
    baseline: Path | None = None
    most: int | None = None  # alarms a day; None: those over the cut
    known: DgaIndex | None = None  # names that known generators make


def scan(request: Request) -> Findings:
    """Read logs and judge each client's day. Raises MaliciousDomainsError of any kind.

    With a baseline, its labels are those of this log too, once the scan has ended well.
    """
    with _database(request.memory) as connection, Pool(request.jobs) as pool:
        with bar("opening", request.source.size, "B") as advance:
            reading = read(connection, request.source, advance)
        with closing(reading):
            with statement(connection, "reading", reading.bytes):
                events_db.group(connection)
            labels, makers = _named(connection, request, pool)
            coded, clients = events_db.coded(connection), events_db.clients(connection)
            baseline.know(connection, request.baseline)
            events_db.choose(connection, common_from(clients, coded))
            log = LogContext(has_rcodes=coded, background=Background.count([*labels]))
            findings = _findings(connection, request, pool, reading, log, clients, makers)
        if request.baseline:
            baseline.keep(connection, request.baseline)
    return findings


def _named(
    connection: duckdb.DuckDBPyConnection, request: Request, pool: Pool
) -> tuple[set[str], known_generators.Makers]:
    """Make the tables of clients, hosts, pairs and what generators made.

    Returns the different labels and the makers of names.
    """
    events_db.add_clients(connection, request.names)
    queries = events_db.queries(connection)
    with bar("names", len(queries), "name") as advance:
        found = scored_hosts.judge(request.job, queries.tolist(), pool, advance)
    events_db.add_hosts(connection, found.columns(queries))
    events_db.pair(connection)
    index = request.known
    makers = known_generators.matched(connection, index, queries.tolist()) if index else {}
    return {*found.label} - {""}, makers


def _findings(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    pool: Pool,
    reading: Reading,
    log: LogContext,
    clients: int,
    makers: known_generators.Makers,
) -> Findings:
    busy = client_days.too_busy(connection)
    count, dated = client_days.count(connection)
    speaking = (
        known_generators.speaking(connection, makers, common_from(clients, log.has_rcodes))
        if makers
        else {}
    )
    scores: list[float] = []

    def noted(
        batches: Iterable[client_days.Batch], advance: Advance
    ) -> Iterator[client_days.Batch]:
        for batch in batches:
            scores.extend(batch.totals)
            advance(len(batch.totals))
            yield batch

    with bar("days", count, "day") as advance:
        every = request.most is not None
        wanted = frozenset(speaking)
        found = client_days.judged(connection, log, request.cut, pool, every, wanted)
        told = known_generators.joined(noted(found, advance), speaking, log, request.cut)
        kept = _kept(told, request.most)
    lines = _accounting(events_db.lines(connection))
    return Findings(
        alarmed=client_days.told(connection, kept),
        shared=shared(connection, clients, request.cut),
        too_busy=busy,
        accounting=lines,
        clients=clients,
        days=count,
        coded=log.has_rcodes,
        dated=dated,
        cut=request.cut.thresholds(log.has_rcodes).random_looking,
        answers=events_db.codes(connection),
        known=baseline.known(connection) if request.baseline else None,
        index=known_generators.indexed(connection, request.known, makers)
        if request.known
        else None,
        # A day with nothing unfamiliar has a sum of 0.
        scores=[*scores, *[0.0] * (count - len(scores))],
        broken=[(str(x.path), *x[1:]) for x in reading.broken()] if lines.broken else [],
        files=_files(reading),
    )


def _kept(batches: Iterable[client_days.Batch], most: int | None) -> list[ClientDayVerdict]:
    """The days to tell, the surest first: all that there are, or the highest of each day."""
    if most is None:
        return sorted((x for batch in batches for x in batch.days), key=_rank)
    highest: dict[int, list[ClientDayVerdict]] = defaultdict(list)
    for batch in batches:
        for x in batch.days:
            highest[x.number] = heapq.nsmallest(most, [*highest[x.number], x], key=_rank)
    return sorted((x for kept in highest.values() for x in kept), key=_rank)


def _rank(x: ClientDayVerdict) -> tuple[bool, float, float, str, int]:
    return x.confidence == "low", -x.score, -x.total, x.client, x.number


def _accounting(lines: dict[str, int]) -> Accounting:
    counts = dict(lines)
    judged, broken = counts.pop("", 0), counts.pop("broken", 0)
    return Accounting(judged, other=counts.pop("other_event", 0), broken=broken, skipped=counts)


def _files(reading: Reading) -> Files:
    forms, skipped, damaged = (
        {str(path): text for path, text in found.items()}
        for found in (reading.forms, reading.skipped, reading.damaged)
    )
    return Files(forms, skipped, damaged)


@contextmanager
def _database(memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of this scan's own, which spills to the disk what memory does not hold."""
    with temporary_folder("scan-") as folder:
        file = folder / "scan.duckdb"
        settings = {"memory_limit": memory, "temp_directory": str(folder)}
        try:
            with duckdb.connect(file, config=dict(settings)) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                yield connection
        except duckdb.Error as error:
            raise ScanError(f"DuckDB: {error}") from error
