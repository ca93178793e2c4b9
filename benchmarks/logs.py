"""Measure the function that reads logs in the Lambda's own runtime: time and memory of an object.

An object holds the queries of a minute. The network is made up and clean: clients ask for names by
Zipf's law, and for some that nobody has asked for before, of which one in thirty does not exist. A
day goes by in one object, then minutes follow in which one name in five hundred is new. Processor
time counts: moto, which stands in for AWS, answers one request at a time.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import boto3

from pipeline.evaluation.client_days.pool import draw_typo
from pipeline.release import package
from pipeline.release.stage_settings import read_config
from tests.helpers import aws_server, route53
from tests.helpers.data import legitimate

from .lambda_runtime import Function, emulated
from .measure import Row, format_spread, read_peak, sized

LINES = sized(100_000, 500)  # of a minute
CLIENTS = sized(1_000, 10)
MINUTES = 3
NEW_SHARE = 1 / 500  # of the names in a minute
NEW_NAMES = 96  # of each client in between: as many as in eight hours of the evening
MEMORY = 512  # MB
CORE_MEMORY = 1769  # MB at which a function has a whole core, as AWS documents it
NAME = "busy"  # of the bucket and the table
_TICKS = os.sysconf("SC_CLK_TCK")
_START = route53.MIDNIGHT + 12 * 3600
_number = itertools.count()
_draw = Random(1)


def rows() -> Iterator[Row]:
    """Yield the subject's rows; raise RuntimeError if an object is not read."""
    with tempfile.TemporaryDirectory(prefix="logs-") as name:
        folder = Path(name)
        unpacked = folder / "app"
        zipfile.ZipFile(package.build_package(folder / "package")).extractall(unpacked)
        with aws_server.running(folder / "log") as url:
            aws = aws_server.CREDENTIALS | {"AWS_ENDPOINT_URL": url}
            os.environ.update(aws)
            topic = aws_server.make_for_logs(NAME)
            environment = read_config("dev").environment_variables | aws
            environment |= {"LOG_BUCKET": NAME, "LOG_TABLE": NAME, "LOG_TOPIC": topic}
            with emulated(unpacked, "app.logs", environment, sdk=True) as function:
                yield from _measure_minutes(function)


def _measure_minutes(function: Function) -> Iterator[Row]:
    names = legitimate()
    size = f"logs: an object of {LINES:,} lines of {CLIENTS:,} clients"
    hours = (client for _ in range(NEW_NAMES) for client in range(CLIENTS))
    _read_object(function, [_ask_new(client, names) for client in hours])
    busy = [_read_object(function, _make_minute(names)) for _ in range(MINUTES)]
    yield f"{size}, at a day's end: processor time", format_spread(busy, "s", 1)
    limited = [x * CORE_MEMORY / MEMORY for x in busy]
    yield f"  the same at {MEMORY} MB, estimated", format_spread(limited, "s", 1)
    peak = f"{read_peak(function.process.pid):,.0f} MB"
    yield f"  peak memory of the function, all day (of {MEMORY} MB)", peak


def _read_object(function: Function, records: list[route53.Record]) -> float:
    """Have an object read; return the seconds of the function's processor time."""
    key = route53.key_of(_START, next(_number))
    boto3.client("s3").put_object(Bucket=NAME, Key=key, Body=route53.packed(records))
    before = _read_processor_time(function)
    if function(route53.event(key, bucket=NAME, seconds=_START)) != {"read": 1}:
        raise RuntimeError(function.log[-2000:])
    return _read_processor_time(function) - before


def _read_processor_time(function: Function) -> float:
    """Return the seconds of processor time of the function's process."""
    fields = Path(f"/proc/{function.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _make_minute(names: list[str]) -> list[route53.Record]:
    """Make LINES queries, a share of them for new names."""
    weights = list(itertools.accumulate(1 / (rank + 20) for rank in range(1, len(names) + 1)))
    chosen = _draw.choices(names, cum_weights=weights, k=LINES)
    clients = _draw.choices(range(CLIENTS), k=LINES)
    return [
        _ask_new(client, names) if _draw.random() < NEW_SHARE else _ask(client, name)
        for client, name in zip(clients, chosen, strict=True)
    ]


def _ask_new(client: int, names: list[str]) -> route53.Record:
    name = draw_typo(_draw.choice(names), _draw)
    return _ask(client, name, "NXDOMAIN" if _draw.random() < 1 / 30 else "NOERROR")


def _ask(client: int, name: str, rcode: str = "NOERROR") -> route53.Record:
    at = _START + _draw.uniform(0, 60)
    return route53.record(route53.client(client), f"www.{name}.com", at, rcode)
