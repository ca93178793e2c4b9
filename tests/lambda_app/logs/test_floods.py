"""A client that asks for more than is kept: a flood of generated names is found, a resolver not."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from functools import lru_cache

import pytest

from lambda_app.chalicelib.logs import summary
from pipeline.evaluation.client_days.pool import draw_typo
from tests.helpers.data import legitimate
from tests.helpers.route53 import MIDNIGHT, record
from tests.lambda_app.logs.conftest import Cloud

CLIENT = "10.0.0.9"
_OBJECT = 15_000  # lines
_MANY = 60_000  # names: more than votes are read of (SAMPLE), and a sample of one in 16 is kept


# JSON is slow to make of 60,000 objects: what differs is put into the line of one.
TEMPLATES = {x: json.dumps(record(CLIENT, "NAME", 0, x)) for x in ("NOERROR", "NXDOMAIN")}


def generate_names(number: int) -> list[str]:
    """Return different names as ramnit and others generate them: letters, evenly distributed."""
    draw, names = random.Random(1), dict[str, None]()
    while len(names) < number:
        size = draw.randint(8, 19)
        names["".join(draw.choices("abcdefghijklmnopqrstuvwxy", k=size)) + ".com"] = None
    return [*names]


def write_line(name: str, seconds: float, rcode: str) -> bytes:
    """Return the line of a query by CLIENT."""
    line = TEMPLATES[rcode].replace("1970-01-01T00:00:00Z", write_time(int(seconds)), 1)
    return line.replace("NAME", name, 1).encode()


@lru_cache(1)
def write_time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def read_all(cloud: Cloud, lines: list[bytes]) -> None:
    for number, start in enumerate(range(0, len(lines), _OBJECT)):
        assert cloud.read(lines[start : start + _OBJECT], number) == {"read": 1}


@pytest.mark.slow
@pytest.mark.parametrize("number", [4_900, 5_100, _MANY])
def test_a_flood_of_generated_names_is_found(cloud: Cloud, number: int) -> None:
    names = generate_names(number)
    read_all(cloud, [write_line(x, MIDNIGHT + i / 3, "NXDOMAIN") for i, x in enumerate(names)])
    finding = cloud.findings()[CLIENT]
    assert (finding["stands"], finding["confidence"]) == (True, "high")
    assert finding["too_busy"] == (number > 5_000)
    assert {x["client"] for x in cloud.messages()} == {CLIENT}
    assert summary.on_schedule(cloud.scorer, MIDNIGHT + 90_000.0)["alarmed"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [6_000, _MANY])
def test_a_resolvers_day_raises_no_alarm(cloud: Cloud, number: int) -> None:
    """One query in ten is for a typo, which does not exist."""
    draw = random.Random(1)
    listed = draw.sample(legitimate(), 100_000)
    day = list[bytes]()
    for i in range(number):
        name, rcode = listed[i % len(listed)] + (str(i) if i >= len(listed) else ""), "NOERROR"
        if draw.random() < 0.1:
            name, rcode = draw_typo(name, draw), "NXDOMAIN"
        day.append(write_line(f"www.{name}.com", MIDNIGHT + 86_000 * i / number, rcode))
    read_all(cloud, day)
    numbers = summary.on_schedule(cloud.scorer, MIDNIGHT + 90_000.0)
    assert (numbers["alarmed"], numbers["too_busy"]) == (0, 1)
    assert cloud.findings() == {}
