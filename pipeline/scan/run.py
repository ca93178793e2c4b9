"""What `scan` does: read, group, score, judge."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lambda_app.chalicelib.traffic.day import Cut, Log
from lambda_app.chalicelib.traffic.familiar import few
from lambda_app.chalicelib.traffic.pieces import Background

from ..errors import PipelineError
from . import asked, days, hosts
from .findings import Accounting, ClientDay, Findings
from .reading import Source, read

MEMORY = "700MB"  # of DuckDB, which spills to the disk beyond it


class ScanError(PipelineError):
    """A scan that cannot be made."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to scan, and how."""

    source: Source
    job: hosts.Job = field(default_factory=hosts.Job)
    cut: Cut = field(default_factory=Cut)
    jobs: int = 1
    memory: str = MEMORY
    not_clients: frozenset[str] = frozenset()
    most: int | None = None  # alarms a day; None: those over the cut


def scan(request: Request) -> Findings:
    """Read logs and judge each client's day. Raises PipelineError of any kind."""
    with _database(request.memory) as connection:
        reading = read(connection, request.source)
        asked.group(connection, request.not_clients)
        queries = asked.queries(connection)
        found = hosts.judge(request.job, queries.tolist(), request.jobs)
        asked.add_hosts(connection, found.columns(queries))
        coded, clients = asked.coded(connection), asked.clients(connection)
        asked.pair(connection, few(clients, coded))
        log = Log(coded=coded, grams=Background.of(sorted({*found.label} - {""})))
        busy = days.too_busy(connection)
        lines = _accounting(asked.lines(connection))
        judged = list(days.judged(connection, log, request.cut))
        count = days.count(connection)
        return Findings(
            alarmed=_alarmed(judged, request),
            too_busy=busy,
            accounting=lines,
            clients=clients,
            days=count,
            coded=coded,
            # A day with nothing unfamiliar has a sum of 0.
            scores=[*(x.total for x in judged), *[0.0] * (count - len(judged))],
            broken=[(str(x.path), x.line, x.wrong) for x in reading.broken()]
            if lines.broken
            else [],
            forms={str(path): form for path, form in reading.forms.items()},
        )


def _alarmed(judged: list[days.Judged], request: Request) -> list[ClientDay]:
    """The days to tell, the surest first: those with alarms, or the highest of each day."""
    found = [x for x in judged if x.day.alarms or request.most]
    found.sort(key=lambda x: (x.day.confidence != "high", -x.day.score, -x.total, x.day.client))
    if request.most:
        seen: Counter[int | None] = Counter()
        found = [
            x for x in found if not seen.update([x.day.day]) and seen[x.day.day] <= request.most
        ]
    return [x.day for x in found]


def _accounting(lines: dict[str, int]) -> Accounting:
    counts = dict(lines)
    judged, broken = counts.pop("", 0), counts.pop("broken", 0)
    return Accounting(judged, other=counts.pop("other_event", 0), broken=broken, skipped=counts)


@contextmanager
def _database(memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of this scan's own, which spills to the disk what memory does not hold."""
    with tempfile.TemporaryDirectory(prefix="scan-") as folder:
        file = Path(folder) / "scan.duckdb"
        settings = {"memory_limit": memory, "temp_directory": folder}
        try:
            with duckdb.connect(file, config=dict(settings)) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                yield connection
        except duckdb.Error as error:
            raise ScanError(f"DuckDB: {error}") from error
