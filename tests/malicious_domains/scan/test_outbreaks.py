"""Several clients that ask for the same odd names, which resolve or have no response codes."""

from __future__ import annotations

import json
import random
from pathlib import Path

import duckdb
import numpy as np
import pytest

from malicious_domains.dga.listing import first_names
from malicious_domains.scan import outbreaks, selects
from tests.helpers.commands import run_here as command

DAY = 86_400
START = 20_418 * DAY  # 2025-11-26
BOTS = list(first_names("ramnit", None, "2016-01-01", None, 20))
INFECTED = ["10.0.0.20", "10.0.0.21", "10.0.0.22"]
KNOWN = ["google.com", "example.org", "wikipedia.org", "github.com", "bbc.co.uk", "kernel.org"]
Rows = list[tuple[float, str, str]]


def clean(clients: int = 40, day: int = 0) -> Rows:
    draw = random.Random(day)
    names = [f"{x}.10.0.0.{20 + i}" for i in range(clients) for x in KNOWN]
    pairs = [x.split(".10.0.0.") for x in names]
    return [(START + day * DAY + draw.randrange(DAY), f"10.0.0.{end}", name) for name, end in pairs]


def ask(clients: list[str], names: list[str], day: int = 0) -> Rows:
    start = START + day * DAY + 9000
    return [(start + 60 * i + k, x, n) for k, x in enumerate(clients) for i, n in enumerate(names)]


def scan(
    path: Path, rows: Rows, *options: str | Path, rcode: str = ""
) -> tuple[int, list[dict[str, object]]]:
    lines = (f"{t},{c},{q},{rcode}\n" for t, c, q in rows)
    path.write_text("time,client,query,rcode\n" + "".join(lines))
    found = command("scan", path, "--format", "jsonl", *options)
    return found.returncode, [json.loads(x) for x in found.stdout.splitlines()]


def kinds(finding: dict[str, object]) -> dict[str, dict[str, object]]:
    return {x["kind"]: x for x in finding["alarms"]}  # type: ignore[attr-defined]


@pytest.mark.parametrize("rcode", ["", "NOERROR"])
def test_an_outbreak_is_an_alarm_of_each_of_its_clients(tmp_path: Path, rcode: str) -> None:
    status, found = scan(tmp_path / "dns.csv", clean() + ask(INFECTED, BOTS), rcode=rcode)
    assert status == 1
    assert sorted(x["client"] for x in found) == INFECTED  # type: ignore[type-var]
    for x in found:
        alarm = kinds(x)["outbreak"]
        assert (alarm["clients"], alarm["confidence"]) == (INFECTED, "high")
        assert {y["name"] for y in alarm["names"]} <= set(BOTS)  # type: ignore[attr-defined]
        assert "that other clients ask for, too (10.0.0.2" in str(x["why"])
        assert x["first_seen"] is not None


@pytest.mark.parametrize(("clients", "asked"), [(3, 3), (5, 3), (120, 30), (40, 20)])
def test_an_outbreak_in_a_network_of_any_size(tmp_path: Path, clients: int, asked: int) -> None:
    """One in which each bot got as far as another name, too."""
    infected = [f"10.0.0.{20 + i}" for i in range(asked)]
    rows = [x for i, client in enumerate(infected) for x in ask([client], BOTS[i % 3 : 15 + i % 6])]
    status, found = scan(tmp_path / "dns.csv", clean(clients) + rows)
    assert status == 1
    assert {x["client"] for x in found if "outbreak" in kinds(x)} == set(infected)


def test_odd_names_that_clients_share_here_and_there_are_no_outbreak(tmp_path: Path) -> None:
    """An advertising network has a pool of names, of which each client meets some."""
    draw = random.Random(2)
    pool = list(first_names("ramnit", None, "2016-02-01", None, 60))
    rows = [x for i in range(40) for x in ask([f"10.0.0.{20 + i}"], draw.sample(pool, 3))]
    status, found = scan(tmp_path / "dns.csv", clean() + rows)
    assert (status, [x["client"] for x in found]) == (0, [None])
    assert [*kinds(found[0])] == ["shared-oddity"]


def test_names_of_an_outbreak_are_no_oddity_and_allowed_ones_nothing(tmp_path: Path) -> None:
    rows = clean() + ask(INFECTED, BOTS)
    allow = tmp_path / "allow.txt"
    allow.write_text("\n".join(BOTS))
    assert scan(tmp_path / "dns.csv", rows, "--allow", allow) == (0, [])
    status, _ = scan(tmp_path / "two.csv", clean() + ask(INFECTED[:2], BOTS[:3]))
    assert status == 0


@pytest.mark.slow
def test_the_bots_are_found_on_each_of_three_nights(tmp_path: Path) -> None:
    """One, two, three hosts with the same names."""
    for day in range(3):
        rows = clean(day=day) + ask(INFECTED[: day + 1], BOTS, day)
        options = ("--state", tmp_path / "state", "--all")
        status, found = scan(tmp_path / f"{day}.csv", rows, *options)
        assert status == 1
        assert {x["client"] for x in found if x["client"]} == set(INFECTED[: day + 1])
    assert all("outbreak" in kinds(x) for x in found if x["client"])


@pytest.mark.parametrize("rcode", ["", "NOERROR"])
@pytest.mark.parametrize("state", ["", "state"])
def test_three_days_in_one_log(tmp_path: Path, state: str, rcode: str) -> None:
    rows = [x for day in range(3) for x in clean(day=day) + ask(INFECTED[: day + 1], BOTS, day)]
    options = ("--state", tmp_path / state, "--all") if state else ()
    status, found = scan(tmp_path / "dns.csv", rows, *options, rcode=rcode)
    assert status == 1
    days = {(x["client"], x["day"]) for x in found if x["client"]}
    assert len(days) == 6


@pytest.mark.parametrize("at_once", [7, 1 << 18])
def test_arrays_pair_the_clients_that_the_join_pairs(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbreaks, "_AT_ONCE", at_once)
    draw = np.random.default_rng(1)
    with duckdb.connect() as connection:
        for clients, labels in ((0, 1), (9, 12), (80, 15)):
            asked = draw.integers(0, [3, max(clients, 1), labels], (40 * clients, 3)) - [1, 0, 0]
            columns = dict(zip(("day", "client", "label"), asked.T, strict=True))
            connection.register("asked", columns)
            connection.execute(
                "CREATE OR REPLACE TABLE own AS SELECT day::INTEGER AS day, client::INTEGER AS "
                "client, label, row_number() OVER (PARTITION BY day, label ORDER BY client) AS "
                "place, count(*) OVER (PARTITION BY client, day) AS number "
                "FROM (SELECT DISTINCT * FROM asked)"
            )
            join = selects.OUTBREAK_PAIRS.format(outbreak_labels="own", min_names=3.5)
            rows = connection.execute("FROM own ORDER BY day, label, place").fetchnumpy()
            pairs = outbreaks.pair_clients({x: np.asarray(y) for x, y in rows.items()}, 3.5)
            some = [*zip(*(x.tolist() for x in pairs.values()), strict=True)]
            assert sorted(some) == sorted(connection.execute(join).fetchall())
            assert bool(some) == bool(clients)
