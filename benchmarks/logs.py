"""The function that reads logs, in the Lambda's own runtime: seconds and memory of an object.

An object holds the queries of a minute. The network is made up and clean: clients ask for names by
Zipf's law, and for some that nobody has asked for before, of which one in thirty does not exist. In
the first minutes those are one in a hundred, which is much. Then a day goes by in one object, and
minutes with one in five hundred follow. Beside it a sparse network: a day of few clients, an object
each five minutes. AWS around it is moto on this machine, which answers one request at a time.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import boto3
import numpy as np

from pipeline.evaluation.client_days.pool import mistyped
from pipeline.release import package
from tests.helpers import aws_server, route53
from tests.helpers.data import legitimate

from .lambda_runtime import Function, emulated
from .measure import Row, peak, sized, spread
from .share import WHOLE

LINES = sized(100_000, 500)  # of a minute
CLIENTS = sized(1_000, 10)
MINUTES = 3  # of either kind
MORNING, EVENING = 0.01, 0.002  # of the queries are for names that nobody has asked for
SPARSE, OBJECTS = sized(250, 10), sized(288, 2)  # clients of the other network, objects of its day
HOURS = 96  # such names of a client in between, as many as in eight hours of the latter
MEMORY = 512  # MB
_TICKS = os.sysconf("SC_CLK_TCK")
_START = route53.MIDNIGHT + 12 * 3600


def rows() -> Iterator[Row]:
    """The subject's rows; raises RuntimeError if an object is not read."""
    with tempfile.TemporaryDirectory(prefix="logs-") as name:
        folder = Path(name)
        unpacked = folder / "app"
        zipfile.ZipFile(package.package(folder / "package")).extractall(unpacked)
        with aws_server.running(folder / "log") as url:
            yield from _measured(unpacked, url)


def _measured(unpacked: Path, url: str) -> Iterator[Row]:
    os.environ.update(aws_server.CREDENTIALS | {"AWS_ENDPOINT_URL": url})
    with _running(unpacked, "busy") as function:
        size = f"logs: an object of {LINES:,} lines of {CLIENTS:,} clients"
        if function.held:
            size += f", at {MEMORY} MB and {MEMORY / WHOLE:.0%} of a core"
        network = _Network()
        yield from _minutes(f"{size}, a state just begun", function, network, MORNING)
        _read(function, "busy", _key(), network.hours())
        yield from _minutes(f"{size}, at a day's end", function, network, EVENING)
        yield (
            f"  peak memory of the function, all day (of {MEMORY} MB)",
            f"{peak(function.pid):,.0f} MB",
        )

    with _running(unpacked, "sparse") as function:
        yield from _day(function)


@contextmanager
def _running(unpacked: Path, name: str) -> Iterator[Function]:
    """The function, with a bucket, a table and a topic of a name."""
    topic = aws_server.make_for_logs(name)
    environment = {x: os.environ[x] for x in (*aws_server.CREDENTIALS, "AWS_ENDPOINT_URL")}
    environment |= {"LOG_BUCKET": name, "LOG_TABLE": name, "LOG_TOPIC": topic}
    environment = package.variables() | environment
    with emulated(unpacked, "app.logs", environment, sdk=True, megabytes=MEMORY) as function:
        yield function


def _day(function: Function) -> Iterator[Row]:
    records = route53.day(clients=SPARSE)
    objects = route53.objects(records, 86_400 // OBJECTS)
    took, busy = zip(
        *(_read(function, "sparse", key, route53.packed(some)) for key, some in objects.items()),
        strict=True,
    )
    writes, units = _written("sparse")
    what = f"logs: a day of {SPARSE} clients, {len(records):,} queries in {len(objects)} objects"
    yield what, f"{sum(busy):,.1f} s of processor time"
    seconds, how = (took, "") if function.held else (_reckoned(busy), ", reckoned")
    yield f"  of an object, at {MEMORY} MB{how}", spread(seconds, "s", 1)
    yield "  DynamoDB's writes; write units, rather too many", f"{writes:,}; {units:,}"


def _minutes(what: str, function: Function, network: _Network, fresh: float) -> Iterator[Row]:
    seconds, busy, before = [], [], _written("busy")
    for body in [network.minute(fresh) for _ in range(MINUTES)]:
        took, worked = _read(function, "busy", _key(), body)
        seconds.append(took)
        busy.append(worked)
    writes, units = (after - x for after, x in zip(_written("busy"), before, strict=True))
    yield what, spread(seconds, "s", 1)
    yield "  of it the function's own processor time", spread(busy, "s", 1)
    if not function.held:
        yield f"  the same at {MEMORY} MB, reckoned", spread(_reckoned(busy), "s", 1)
    yield "  DynamoDB's writes of an object", f"{writes / MINUTES:,.0f}"
    yield "  its write units, rather too many", f"{units / MINUTES:,.0f}"


def _reckoned(busy: Iterable[float]) -> list[float]:
    """Seconds at a share of a core that took so many of a whole one."""
    return [x * WHOLE / MEMORY for x in busy]


_number = itertools.count()


def _key() -> str:
    return route53.key_of(_START, next(_number))


def _read(function: Function, name: str, key: str, body: bytes) -> tuple[float, float]:
    """Have an object read; seconds that it took, and those that the function was busy."""
    boto3.client("s3").put_object(Bucket=name, Key=key, Body=body)
    event = route53.event(key, bucket=name, seconds=_START)
    before, start = _busy(function), time.perf_counter()
    if function(event) != {"read": 1}:
        raise RuntimeError(function.log[-2000:])
    return time.perf_counter() - start, _busy(function) - before


class _Network:
    """Clients and the names that they ask for, the same ones each time."""

    def __init__(self) -> None:
        self.names = legitimate()
        self.random, self.typos = np.random.default_rng(1), Random(1)
        self.weights = np.cumsum((np.arange(1, len(self.names) + 1) + 20.0) ** -1.0)

    def minute(self, fresh: float) -> bytes:
        """An object of LINES queries, of which a share is for new names."""
        some = self.random.random(LINES) * self.weights[-1]
        ranks = np.searchsorted(self.weights, some).tolist()
        own = self.random.integers(0, CLIENTS, LINES).tolist()
        new = (self.random.random(LINES) < fresh).tolist()
        return self._packed(
            self._new(client) if is_new else self._record(client, self.names[rank])
            for client, rank, is_new in zip(own, ranks, new, strict=True)
        )

    def hours(self) -> bytes:
        """An object of HOURS new names for each client."""
        return self._packed(self._new(client) for _ in range(HOURS) for client in range(CLIENTS))

    def _new(self, client: int) -> route53.Record:
        name = mistyped(self.typos.choice(self.names), self.typos)
        return self._record(client, name, "NXDOMAIN" if self.typos.random() < 1 / 30 else "NOERROR")

    def _record(self, client: int, name: str, code: str = "NOERROR") -> route53.Record:
        at = _START + self.typos.uniform(0, 60)
        return route53.record(route53.client(client), f"www.{name}.com", at, code)

    def _packed(self, records: Iterable[route53.Record]) -> bytes:
        return gzip.compress("".join(json.dumps(x) + "\n" for x in records).encode())


def _busy(function: Function) -> float:
    """Seconds of processor time of the function's process, by Linux; 0 before it has started."""
    try:
        pid = function.pid
    except ValueError:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _written(name: str) -> tuple[int, int]:
    """Writes to the table so far, and write units by what its items hold now."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=name)
    items = [x for page in pages for x in page["Items"] if "state" in x]
    writes = [int(x["version"]["N"]) for x in items]
    sizes = [-(-len(x["state"]["B"]) // 1024) for x in items]
    return sum(writes), sum(n * size for n, size in zip(writes, sizes, strict=True))
