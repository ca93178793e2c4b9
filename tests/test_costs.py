"""The costs in docs/operations.md follow from its prices, and from what requests take."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
import requests

from tests.helpers.api import PATH, post
from tests.helpers.data import legitimate

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
MEMORY = 512  # MB


def table(head: str) -> dict[str, list[float]]:
    """Return the numbers of a table by the first cells of its rows."""
    _, _, rest = PAGE.partition(f"| {head} |")
    rows = [x.strip("| ").split(" | ") for x in rest.split("\n\n")[0].splitlines()[2:]]
    return {name: [float(x.replace(",", "")) for x in cells] for name, *cells in rows}


PRICES = {k: x for k, (x,) in table("price").items()}
TAKEN = table(f"a million names take, at {MEMORY} MB")
COSTS = table("dollars for a million names")


def compute_costs(column: int) -> dict[str, float]:
    """Return each cost of a million names, in dollars."""
    requests_, milliseconds, starts, start, logged, answer = (x[column] for x in TAKEN.values())
    seconds = (requests_ * milliseconds + starts * start) / 1000 * MEMORY / 1024
    costs = {
        f"Lambda, {kind}": requests_ / 1e6 * PRICES["Lambda, a million requests"]
        + seconds * PRICES[f"Lambda, a GB-second, {kind}"]
        for kind in ("x86_64", "arm64")
    }
    costs["logs"] = requests_ * logged / 1e9 * PRICES["logs, a GB"]
    costs["transfer"] = requests_ * answer / 1e9 * PRICES["transfer to the internet, a GB"]
    for name in COSTS:
        if together := re.fullmatch("together, (.*), (x86_64|arm64)", name):
            api = requests_ / 1e6 * PRICES[f"{together[1]}, a million requests"]
            parts = costs[f"Lambda, {together[2]}"], costs["logs"], costs["transfer"]
            costs[name] = api + sum(parts)
    return costs


@pytest.mark.parametrize(("column", "digits"), [(0, 2), (1, 3)])
def test_costs_follow_from_the_prices(column: int, digits: int) -> None:
    computed = {k: round(x, digits) for k, x in compute_costs(column).items()}
    assert {k: x[column] for k, x in COSTS.items()} == computed


def test_every_stage_has_the_memory_that_the_costs_are_of() -> None:
    config = json.loads((ROOT / "lambda_app" / ".chalice" / "config.json").read_text())
    stages = config["stages"].values()
    assert {x.get("lambda_memory_size", config["lambda_memory_size"]) for x in stages} == {MEMORY}


def test_answers_have_the_size_that_the_costs_are_of(app_url: str) -> None:
    names = [f"{x}.com" for x in legitimate()[::100][:1000]]
    one = [post(app_url, {"domain": x}).content for x in names[:50]]
    many = requests.post(app_url + PATH, json={"domains": names}, timeout=60).content
    sizes = sum(len(gzip.compress(x)) for x in one) / len(one), len(gzip.compress(many))
    assert TAKEN["bytes of an answer, compressed"] == pytest.approx(list(sizes), rel=0.1)
