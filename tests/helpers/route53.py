"""A made-up day of a network, as Route 53 Resolver logs it, in the objects that AWS delivers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import islice
from random import Random
from typing import Any

import numpy as np

from malicious_domains.dga.generators import FAMILIES
from pipeline.evaluation.client_days.joiners import JOINERS, word_lists
from pipeline.evaluation.client_days.pool import draw_typo
from tests.helpers.data import legitimate

DAY = 20_417  # 2025-11-25, in days since the epoch
MIDNIGHT = DAY * 86_400
HOURS = (6 * 3600, 20 * 3600)  # between which people are at work
BUCKET = "dns-logs"
INFECTED = ("zloader", "banjori", "suppobox-like", "necurs", "simda", "matsnu-like")

Record = dict[str, Any]


def record(client: str, name: str, seconds: float, code: str = "NOERROR", **more: Any) -> Record:
    """Return a line's object, as AWS documents it; seconds since the epoch."""
    stamp = datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
    return {
        "version": "1.100000", "account_id": "111122223333", "region": "us-east-1",
        "vpc_id": "vpc-0123456789abcdef0", "query_timestamp": stamp, "query_name": f"{name}.",
        "query_type": "A", "query_class": "IN", "rcode": code,
        "answers": [{"Rdata": "192.0.2.7", "Type": "A", "Class": "IN"}][: code == "NOERROR"],
        "srcaddr": client, "srcport": "56067", "transport": "UDP",
        "srcids": {"instance": "i-0123456789abcdef0"},
    } | more  # fmt: skip


def packed(records: Iterable[Record | bytes]) -> bytes:
    """Return an object: gz, a JSON object a line; bytes stand as they are."""
    lines = (x if isinstance(x, bytes) else json.dumps(x).encode() for x in records)
    return gzip.compress(b"".join(line + b"\n" for line in lines), 1)


def key_of(seconds: float, number: int = 0) -> str:
    """Return the key of an object that was written at a time."""
    moment = datetime.fromtimestamp(seconds, UTC)
    vpc, account = "vpc-0123456789abcdef0", "111122223333"
    folder = f"AWSLogs/{account}/vpcdnsquerylogs/{vpc}/{moment:%Y/%m/%d}"
    return f"{folder}/{vpc}_vpcdnsquerylogs_{account}_{moment:%Y%m%dT%H%MZ}_{number:08x}.log.gz"


def event(*keys: str, bucket: str = BUCKET, etag: str = "e", seconds: float = MIDNIGHT) -> Record:
    """Return the event that S3 sends of objects written at a time."""
    stamp = datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "eventTime": stamp,
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                    "object": {"key": key, "size": 1, "eTag": etag, "sequencer": "0A"},
                },
            }
            for key in keys
        ]
    }


def client(number: int) -> str:
    """Return an address."""
    return f"10.0.{number // 250}.{number % 250 + 1}"


def day(clients: int, seed: int = 1, names: float = 60.0, repeats: int = 3) -> list[Record]:
    """Return a day of clean clients; the first few are infected by one of INFECTED each."""
    random, numbers = Random(seed), np.random.default_rng(seed)
    pool = legitimate()[:]
    random.shuffle(pool)
    weights = np.cumsum((np.arange(1, len(pool) + 1) + 20.0) ** -1.0)
    asked: list[tuple[float, str, str, str]] = []
    for number in range(clients):
        own = client(number)
        size = int(numbers.lognormal(np.log(names), 0.9)) + 1
        for rank in np.searchsorted(weights, numbers.random(size) * weights[-1]).tolist():
            for _ in range(random.randint(1, repeats)):
                asked.append((random.uniform(*HOURS), own, f"www.{pool[rank]}.com", "NOERROR"))
        for _ in range(numbers.poisson(2.5)):
            dead = draw_typo(random.choice(pool[:2000]), random)
            asked.append((random.uniform(*HOURS), own, f"{dead}.com", "NXDOMAIN"))
            for odd in (f"{dead}.com.contoso", f"wpad.{dead}.net"):  # which nobody judges
                asked.append((random.uniform(*HOURS), own, odd, "NXDOMAIN"))
    words = word_lists(seed)[0]
    for number, family in enumerate(INFECTED):
        start = random.uniform(*HOURS)
        for at, host in enumerate(_generated(family, random, words, pool)):
            code = "NXDOMAIN" if random.random() < 0.95 else "NOERROR"
            when = start + at * random.uniform(1, 300) if number % 2 else random.uniform(*HOURS)
            asked.append((min(when, 86_399), client(number), host, code))
    asked.sort()
    return [
        record(own, name, MIDNIGHT + at, code) for at, own, name, code in asked if name[0] != "."
    ]


def _generated(family: str, random: Random, words: list[str], pool: list[str]) -> list[str]:
    if family in JOINERS:
        return [f"{x}.com" for x in islice(JOINERS[family](random, words, pool), 60)]
    variant = FAMILIES[family].variants[0]
    return list(islice(variant.generate(date(2025, 11, 25), variant.seeds[0]), 30))


def objects(records: list[Record], seconds: int) -> dict[str, list[Record]]:
    """Return a day's records by the key of the object that they are delivered in."""
    found: dict[str, list[Record]] = {}
    for x in records:
        at = datetime.fromisoformat(x["query_timestamp"]).timestamp()
        end = (at // seconds + 1) * seconds
        found.setdefault(key_of(end), []).append(x)
    return found
