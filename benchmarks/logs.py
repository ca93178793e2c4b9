"""The function that reads logs, in the Lambda's own runtime: seconds and memory of an object.

An object holds the queries of a minute. The network is made up and clean: clients ask for names by
Zipf's law, one query in a hundred is for a name that hardly anybody has asked for before, and a
fifth of these do not exist. AWS around it is moto on this machine, which answers one request at a
time.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import boto3
import numpy as np

from pipeline.deploy import package
from pipeline.evaluation.traffic.pool import mistyped
from tests.helpers import aws_server, route53
from tests.helpers.data import legitimate

from .lambda_runtime import Function, emulated
from .measure import Row, peak, sized, spread

LINES = sized(100_000, 500)  # of a minute
CLIENTS = sized(1_000, 10)
OBJECTS = 6  # minutes
SHARE = 512 / 1769  # of a core at 512 MB, as AWS documents it: a whole one at 1,769
_FRESH = 0.01  # of the queries
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
    environment = aws_server.CREDENTIALS | {"AWS_ENDPOINT_URL": url}
    os.environ.update(environment)
    topic = _made()
    environment |= {"LOG_BUCKET": "logs", "LOG_TABLE": "logs", "LOG_TOPIC": topic}
    with emulated(unpacked, "app.logs", package.variables() | environment, sdk=True) as function:
        seconds, busy = [], []
        for minute, body in enumerate(_objects()):
            key = route53.key_of(_START + 60 * minute)
            boto3.client("s3").put_object(Bucket="logs", Key=key, Body=body)
            event = route53.event(key, bucket="logs", seconds=_START)
            before, start = (_busy(function) if minute else 0.0), time.perf_counter()
            if function(event) != {"read": 1}:
                raise RuntimeError(function.log[-2000:])
            seconds.append(time.perf_counter() - start)
            busy.append(_busy(function) - before)
        what = f"logs: an object of {LINES:,} lines of {CLIENTS:,} clients, packed"
        yield what, f"{len(body) / 1e6:.1f} MB"
        yield "  the first, its start included", f"{seconds[0]:.1f} s"
        yield "  another, here", spread(seconds[1:], "s", 1)
        yield "  of it the function's own processor time", spread(busy[1:], "s", 1)
        yield "  the same at 512 MB, reckoned", spread([x / SHARE for x in busy[1:]], "s", 1)
        yield "  peak memory of the function (of 512 MB)", f"{peak(function.pid):,.0f} MB"
        yield from _state(len(seconds))


def _made() -> str:
    """A bucket, a table and a topic, whose ARN it returns."""
    boto3.client("s3").create_bucket(Bucket="logs")
    boto3.client("dynamodb").create_table(
        TableName="logs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": x, "AttributeType": "S"} for x in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    return str(boto3.client("sns").create_topic(Name="logs")["TopicArn"])


def _objects() -> Iterator[bytes]:
    random = np.random.default_rng(1)
    names, typos = legitimate(), Random(1)
    weights = np.cumsum((np.arange(1, len(names) + 1) + 20.0) ** -1.0)
    for minute in range(OBJECTS):
        ranks = np.searchsorted(weights, random.random(LINES) * weights[-1]).tolist()
        own = random.integers(0, CLIENTS, LINES).tolist()
        new = (random.random(LINES) < _FRESH).tolist()
        lines = [
            json.dumps(
                route53.record(
                    route53.client(own[i]),
                    f"www.{mistyped(names[k], typos) if new[i] else names[k]}.com",
                    _START + 60 * minute + 60 * i / LINES,
                    "NXDOMAIN" if new[i] and i % 5 == 0 else "NOERROR",
                )
            )
            for i, k in enumerate(ranks)
        ]
        yield gzip.compress("\n".join(lines).encode() + b"\n")


def _busy(function: Function) -> float:
    """Seconds of processor time of the function's process, by Linux."""
    fields = Path(f"/proc/{function.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _state(objects: int) -> Iterator[Row]:
    """What DynamoDB keeps, and how often it was written."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="logs")
    items = [x for page in pages for x in page["Items"] if "state" in x]
    sizes = [len(x["state"]["B"]) for x in items]
    writes = [int(x["version"]["N"]) for x in items]
    # By what items hold in the end, so rather too many.
    units = sum(n * -(-size // 1024) for n, size in zip(writes, sizes, strict=True))
    yield "  items in the table; their bytes", f"{len(items):,}; {sum(sizes) / 1e6:.1f} MB"
    yield "  DynamoDB's writes of an object", f"{sum(writes) / objects:,.0f}"
    yield "  its write units, at most", f"{units / objects:,.0f}"
