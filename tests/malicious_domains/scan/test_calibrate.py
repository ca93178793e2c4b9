"""A network's own thresholds, from days that are believed clean."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

from malicious_domains.clients import rates
from malicious_domains.clients.client_day import AlarmThresholds
from malicious_domains.clients.site import Site, SiteError, adapt_thresholds
from malicious_domains.dga.listing import first_names
from malicious_domains.scan import scan
from malicious_domains.scan.calibrate import CleanDays
from tests.helpers.commands import run_here as command

DAY = 86_400
START = 20_418 * DAY  # 2025-11-26
CLIENTS = [f"10.0.0.{20 + i}" for i in range(12)]
BOTS = list(first_names("ramnit", None, "2016-01-01", None, 30))
KNOWN = ["google.com", "example.org", "wikipedia.org", "github.com", "bbc.co.uk", "kernel.org"]
HEAD = "time,client,query,rcode\n"
SERVICE = [
    f"{x}.net" for x in ("xk7qzvw0pqj", "vqkxjzw81hq", "zzxqvkj3wpq", "qj9wvzkx2bh", "kzq4xvjw7fp")
]


def write_days(path: Path, days: range, odd: float = 0.0) -> Path:
    """Days of clients that ask for known names; a share of them meets an odd service, too."""
    draw = random.Random(days.start)
    with path.open("w") as file:
        file.write(HEAD)
        for day in days:
            for client in CLIENTS:
                start = START + day * DAY + draw.randrange(3600)
                names = KNOWN + (SERVICE if draw.random() < odd else [])
                for i, name in enumerate(names):
                    file.write(f"{start + i},{client},{name},NOERROR\n")
    return path


def calibrate(path: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    return command("calibrate", path, "--out", path.with_suffix(".json"), *options)


@pytest.mark.slow
def test_a_quiet_network_keeps_the_thresholds(tmp_path: Path) -> None:
    log = write_days(tmp_path / "dns.csv", range(10))
    found = calibrate(log)
    assert found.returncode == 0, found.stderr
    first, alarms, *_ = found.stdout.splitlines()
    assert first.startswith("120 client-days of 10 days, at most 12 clients a day, with response")
    assert "packaged thresholds: 0, at most 24.7 in 1,000" in alarms
    site = Site.load(tmp_path / "dns.json")
    assert (site.client_days, site.alarms, site.scale) == (120, 0, 1.0)
    assert site.rate == 3 / 120


@pytest.mark.slow
def test_odd_services_raise_the_thresholds_and_are_named(tmp_path: Path) -> None:
    """In one night one or two clients meet them: nobody makes the names common.

    Later days have no alarm by these thresholds until a bot is among them.
    """
    log = write_days(tmp_path / "dns.csv", range(60), odd=0.04)
    site = tmp_path / "dns.json"
    found = calibrate(log, "--rate", "1/100", "--next", "500")
    assert found.returncode == 0
    assert any(f" {x}" in found.stdout for x in SERVICE)
    assert "on the next 500 client-days: at most" in found.stdout
    told = json.loads(site.read_text())
    assert told["scale"] > 1.0
    assert told["alarms"] > 5
    assert {x["label"] for x in told["raised_by"]} == {x.partition(".")[0] for x in SERVICE}
    assert min(x["clients"] for x in told["raised_by"]) > 3
    other = write_days(tmp_path / "other.csv", range(60, 75), odd=0.04)
    again = command("scan", other, "--site", site)
    assert again.returncode == 0
    assert (
        f"scan: {site}: thresholds times {told['scale']:g}, for 10 alarms in 1,000" in again.stderr
    )
    with other.open("a") as file:
        for i, name in enumerate(BOTS):
            file.write(f"{START + 60 * DAY + i},10.0.0.23,{name},NXDOMAIN\n")
    alarmed = scan([other], site=site).alarmed
    assert ("10.0.0.23", 20_418 + 60) in {(x.client, x.day) for x in alarmed}


@pytest.mark.slow
def test_names_of_a_list_are_part_of_the_file(tmp_path: Path) -> None:
    log, known = write_days(tmp_path / "dns.csv", range(10), odd=0.05), tmp_path / "known.txt"
    known.write_text("\n".join(SERVICE))
    assert calibrate(log).returncode == 0
    assert Site.load(tmp_path / "dns.json").alarms > 0
    assert calibrate(log, "--allow", known).returncode == 0
    site = Site.load(tmp_path / "dns.json")
    assert (site.alarms, site.scale, site.allow) == (0, 1.0, tuple(SERVICE))
    assert scan([log], site=tmp_path / "dns.json").alarmed == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--rate", "1/1000"],
            "120 client-days can show no rate below 25 in 1,000 (3/n); give 3,000",
        ),
        (["--rate", "2"], "'2': expected a share of client-days, as 1/1000 or 0.001"),
        (["--engine", "spark"], "calibrate reads logs on one machine"),
        (["--allow", "no.txt"], "no.txt: no list of names as text"),
    ],
)
def test_what_cannot_be_promised_is_refused(
    options: list[str], message: str, tmp_path: Path
) -> None:
    found = calibrate(write_days(tmp_path / "dns.csv", range(10)), *options)
    assert found.returncode == 2
    assert message in " ".join(found.stderr.split())
    assert not (tmp_path / "dns.json").exists()


def test_a_log_without_a_query_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "dns.csv"
    log.write_text(HEAD + f"{START},,,\n")
    found = calibrate(log)
    assert (found.returncode, "no client-day was read" in found.stderr) == (2, True)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"site_version": 2}', '{"site_version": 1}', "[" * 100_000]
    + [Site(9, 0, 0.1, x).to_json() for x in (0.1, float("nan"), 1e9)]
)  # fmt: skip
def test_a_damaged_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "site.json").write_text(text)
    with pytest.raises(SiteError, match=r"site.json: not the thresholds of a network"):
        Site.load(tmp_path / "site.json")


def test_a_scale_is_of_the_kinds_of_high_confidence() -> None:
    own = adapt_thresholds(Site(9, 0, 0.1, 2.0)).with_rcodes
    packaged = AlarmThresholds().with_rcodes
    assert own.random_looking == 2 * packaged.random_looking
    assert (own.long_dead, own.many_dead) == (packaged.long_dead, packaged.many_dead)


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_other_days_stay_within_the_bound(spread: float) -> None:
    """Networks of different rates, whose days differ, split by day: 95 of 100 or more."""
    draw = np.random.default_rng(5)
    within = []
    for _ in range(150):
        rate = min(np.exp(draw.normal(np.log(0.004), 1.2)), 0.3)
        of_day = draw.gamma(1 / spread, spread, 40) if spread else np.ones(40)
        events = draw.binomial(30, np.minimum(rate * of_day, 1.0)).tolist()
        scores: dict[tuple[str, int | None], float] = {
            (f"{i}", day): 1.5 for day in range(20) for i in range(events[day])
        }
        days = CleanDays(dict.fromkeys(range(20), 30), scores, [], 30, True)
        bound = rates.most_events(
            days.count(1.0), days.total, days.total, dispersion=days.measure_dispersion()
        )
        within.append(sum(events[20:]) <= bound)
    assert np.mean(within) >= 0.94


def test_bounds_of_days_without_an_alarm() -> None:
    assert rates.upper_bound(0, 0) == 1.0
    assert rates.upper_bound(3, 3) == 1.0
    assert rates.most_events(0, 10, 0) == 0
    days = CleanDays({1: 5}, {}, [], 5, True)
    assert days.measure_dispersion() == 1.0
