"""Measure the function that reads logs in the Lambda's own runtime: time and memory of an object.

An object holds the queries of a minute. The network is made up and clean: clients ask for names by
Zipf's law, and for some that nobody has asked for before, of which one in thirty does not exist. In
the first minutes such new names are one in a hundred, which is many. Then a day goes by in one
object, and minutes with one in five hundred follow. moto stands in for AWS; it answers one request
at a time.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import boto3
import numpy as np

from pipeline.evaluation.client_days.pool import draw_typo
from pipeline.release import package
from tests.helpers import aws_server, route53
from tests.helpers.data import legitimate

from .lambda_runtime import Function, emulated
from .measure import Row, format_spread, read_peak, sized

LINES = sized(100_000, 500)  # of a minute
CLIENTS = sized(1_000, 10)
MINUTES = 3  # of either kind
MORNING, EVENING = 0.01, 0.002  # share of the queries that are for new names
NEW_NAMES = 96  # of each client in between: as many as in eight hours of the evening
MEMORY = 512  # MB
CORE_MEMORY = 1769  # MB at which a function has a whole core, as AWS documents it
NAME = "busy"  # of the bucket and the table
_TICKS = os.sysconf("SC_CLK_TCK")
_START = route53.MIDNIGHT + 12 * 3600
_number = itertools.count()


def rows() -> Iterator[Row]:
    """Yield the subject's rows; raise RuntimeError if an object is not read."""
    with tempfile.TemporaryDirectory(prefix="logs-") as name:
        folder = Path(name)
        unpacked = folder / "app"
        zipfile.ZipFile(package.build_package(folder / "package")).extractall(unpacked)
        with aws_server.running(folder / "log") as url:
            os.environ.update(aws_server.CREDENTIALS | {"AWS_ENDPOINT_URL": url})
            topic = aws_server.make_for_logs(NAME)
            environment = {x: os.environ[x] for x in (*aws_server.CREDENTIALS, "AWS_ENDPOINT_URL")}
            environment |= {"LOG_BUCKET": NAME, "LOG_TABLE": NAME, "LOG_TOPIC": topic}
            environment = package.read_variables() | environment
            with emulated(unpacked, "app.logs", environment, sdk=True) as function:
                yield from _measure_minutes(function)


def _measure_minutes(function: Function) -> Iterator[Row]:
    size = f"logs: an object of {LINES:,} lines of {CLIENTS:,} clients"
    network = _Network()
    for when, share in (("a state just begun", MORNING), ("at a day's end", EVENING)):
        before = _count_writes()
        objects = [network.make_minute(share) for _ in range(MINUTES)]
        took, busy = zip(*(_read_object(function, x) for x in objects), strict=True)
        writes, units = (x - y for x, y in zip(_count_writes(), before, strict=True))
        yield f"{size}, {when}", format_spread(took, "s", 1)
        yield "  of it the function's own processor time", format_spread(busy, "s", 1)
        limited = [x * CORE_MEMORY / MEMORY for x in busy]
        yield f"  the same at {MEMORY} MB, estimated", format_spread(limited, "s", 1)
        yield "  DynamoDB's writes of an object", f"{writes / MINUTES:,.0f}"
        yield "  its write units, rather too many", f"{units / MINUTES:,.0f}"
        if share == MORNING:
            _read_object(function, network.make_hours())
    peak = f"{read_peak(function.process.pid):,.0f} MB"
    yield f"  peak memory of the function, all day (of {MEMORY} MB)", peak


def _read_object(function: Function, records: list[route53.Record]) -> tuple[float, float]:
    """Have an object read; return the seconds it took, and the function's processor time."""
    key = route53.key_of(_START, next(_number))
    boto3.client("s3").put_object(Bucket=NAME, Key=key, Body=route53.packed(records))
    event = route53.event(key, bucket=NAME, seconds=_START)
    before, start = _read_processor_time(function), time.perf_counter()
    if function(event) != {"read": 1}:
        raise RuntimeError(function.log[-2000:])
    return time.perf_counter() - start, _read_processor_time(function) - before


class _Network:
    """Clients and the names that they ask for, the same ones each time."""

    def __init__(self) -> None:
        self.names = legitimate()
        self.random, self.typos = np.random.default_rng(1), Random(1)
        self.weights = np.cumsum((np.arange(1, len(self.names) + 1) + 20.0) ** -1.0)

    def make_minute(self, new_share: float) -> list[route53.Record]:
        """Make LINES queries, a share of them for new names."""
        weights = self.random.random(LINES) * self.weights[-1]
        ranks = np.searchsorted(self.weights, weights).tolist()
        clients = self.random.integers(0, CLIENTS, LINES).tolist()
        new = (self.random.random(LINES) < new_share).tolist()
        return [
            self._ask_new(client) if is_new else self._ask(client, self.names[rank])
            for client, rank, is_new in zip(clients, ranks, new, strict=True)
        ]

    def make_hours(self) -> list[route53.Record]:
        """Make queries for NEW_NAMES new names of each client."""
        return [self._ask_new(client) for _ in range(NEW_NAMES) for client in range(CLIENTS)]

    def _ask_new(self, client: int) -> route53.Record:
        name = draw_typo(self.typos.choice(self.names), self.typos)
        return self._ask(client, name, "NXDOMAIN" if self.typos.random() < 1 / 30 else "NOERROR")

    def _ask(self, client: int, name: str, rcode: str = "NOERROR") -> route53.Record:
        at = _START + self.typos.uniform(0, 60)
        return route53.record(route53.client(client), f"www.{name}.com", at, rcode)


def _read_processor_time(function: Function) -> float:
    """Return the seconds of processor time of the function's process."""
    stat = Path(f"/proc/{function.process.pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _count_writes() -> tuple[int, int]:
    """Return the writes to the table so far, and write units by what its items hold now."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=NAME)
    items = [x for page in pages for x in page["Items"] if "state" in x]
    writes = [int(x["version"]["N"]) for x in items]
    sizes = [-(-len(x["state"]["B"]) // 1024) for x in items]
    return sum(writes), sum(n * size for n, size in zip(writes, sizes, strict=True))
