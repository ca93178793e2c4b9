"""The index of generated names: which names it has, for which days, and its file."""

from __future__ import annotations

import json
import time
import timeit
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pytest

from malicious_domains.dga.build_index import build_index
from malicious_domains.dga.generators import FAMILIES
from malicious_domains.dga.legitimate_hosts import LISTS, read_labels
from malicious_domains.dga.seeded_generators import (
    DayRange,
    SeededGenerator,
    list_generators,
    select_generators,
)
from malicious_domains.names.dga_index import DgaIndex, DgaIndexError, DgaMatch
from tests.helpers.clock import slowness
from tests.helpers.commands import run_here

DAY = date(2026, 11, 24)
SPAN = DayRange.of(DAY - timedelta(days=1), DAY + timedelta(days=1))
QUICK = ["banjori", "conficker", "goz", "kraken", "murofet", "pushdo", "simda", "sisron", "symmi"]
PERIODIC = [
    x
    for x in list_generators()
    if x.variant.period not in ("", "hour") and x.family != "pitou"  # whose days may be alike
]


def match_host(index: DgaIndex, host: str) -> tuple[DgaMatch, ...]:
    """Return the generators of one host."""
    return index.match([host]).get(0, ())


@pytest.fixture(scope="module")
def known() -> DgaIndex:
    return build_index(select_generators(QUICK), SPAN, 1)


def first(family: str, number: int = 5, seed: str | None = None, variant: int = 0) -> list[str]:
    made = FAMILIES[family].variants[variant]
    return [*islice(made.generate(DAY, made.seeds[0] if seed is None else seed), number)]


def all_of(found: dict[int, tuple[DgaMatch, ...]]) -> Iterator[DgaMatch]:
    return chain.from_iterable(found.values())


@pytest.mark.slow
@pytest.mark.parametrize("generator", PERIODIC)
def test_a_period_is_that_in_which_the_names_are_the_same(generator: SeededGenerator) -> None:
    """The names are the same on its last day, and others on the days around it."""

    def names(day: date) -> list[str]:
        _, variant, seed = generator
        return [*islice((variant.own or variant.generate)(day, seed), 3)]

    for day in (DAY, date(2028, 2, 29), date(2025, 12, 31)):
        start, end = generator.start_of_period(day), generator.end_of_period(day)
        assert names(start) == names(day) == names(end)
        assert names(start - timedelta(days=1)) != names(day)
        assert names(end + timedelta(days=1)) != names(day)


@pytest.mark.parametrize("family", QUICK)
def test_names_of_a_day_are_found_with_their_family(known: DgaIndex, family: str) -> None:
    hosts = first(family)
    found = known.match(["www.example.com", *hosts])
    assert found.keys() == set(range(1, 1 + len(hosts)))
    assert all(family in {x.family for x in each} for each in found.values())
    assert all(str(x.first) <= str(DAY) <= str(x.last) for x in all_of(found) if x.date)


def test_a_match_tells_date_seed_and_position(known: DgaIndex) -> None:
    (found,) = match_host(known, first("conficker")[3])
    assert (found.family, found.date, found.last, found.position) == (
        "conficker",
        str(DAY),
        str(DAY),
        3,
    )
    (found,) = match_host(known, first("banjori")[2])
    assert (found.date, found.seed, found.position) == (None, "earnestnessbiophysicalohax.com", 2)


def test_a_name_of_two_families_tells_both(known: DgaIndex) -> None:
    found = match_host(known, first("goz", 1)[0])
    assert [(x.family, x.variant, x.date, x.last) for x in found] == [
        ("goz", "", "2026-11-21", "2026-11-27"),
        ("murofet", "v1", "2026-11-21", "2026-11-27"),
    ]
    assert not found[0].chance


def test_names_are_there_as_long_as_they_are_asked_for(known: DgaIndex) -> None:
    letters = FAMILIES["pushdo"].variants[0].own
    assert letters
    for days, expected in ((-31, True), (-32, False), (15, True), (16, False)):
        day = DAY + timedelta(days=days)
        found = match_host(known, next(iter(letters(day, ""))))
        assert bool(found) is expected
        assert not found or (found[0].date, found[0].position) == (str(day), 0)


def test_seeds_that_no_malware_used_are_left_out(known: DgaIndex) -> None:
    assert not match_host(known, first("banjori", seed="hereisaseeddomainthatweuse.com")[1])


def test_a_file_gives_the_same_index_and_damage_is_told(known: DgaIndex, tmp_path: Path) -> None:
    path = tmp_path / "known.npz"
    known.save(path)
    again = DgaIndex.load(path)
    assert match_host(again, first("goz", 1)[0]) == match_host(known, first("goz", 1)[0])
    assert path.stat().st_size < 24 * len(known.hashes) + 50_000
    content = bytearray(path.read_bytes())
    for at in (0, 300, len(content) // 2, len(content) - 22):
        damaged = bytearray(content)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(DgaIndexError, match=r"known\.npz: no index of known names"):
            DgaIndex.load(path)
    path.write_bytes(content[:-5])
    with pytest.raises(DgaIndexError):
        DgaIndex.load(path)
    np.save(path, np.arange(3, dtype=np.uint64))  # an allow list
    with pytest.raises(DgaIndexError):
        DgaIndex.load(path)


def test_a_file_of_an_earlier_version_is_read(known: DgaIndex, tmp_path: Path) -> None:
    known.save(tmp_path / "known.npz")
    arrays = np.load(tmp_path / "known.npz", allow_pickle=False)
    with (tmp_path / "known.npy").open("wb") as file:
        for name in ("about", "prefilter", "hashes", "records"):
            np.save(file, arrays[name], allow_pickle=False)
    assert (
        DgaIndex.load(tmp_path / "known.npy").about == DgaIndex.load(tmp_path / "known.npz").about
    )


@pytest.mark.slow
def test_several_processes_make_the_same() -> None:
    numbers = select_generators(["conficker", "goz", "symmi"])
    one, two = (build_index(numbers, SPAN, jobs) for jobs in (1, 2))
    assert np.array_equal(one.hashes, two.hashes)
    assert np.array_equal(one.records, two.records)
    assert one.about == two.about


def test_short_names_may_be_there_by_chance_and_long_ones_not(known: DgaIndex) -> None:
    assert match_host(known, first("simda")[0])[0].chance
    assert all(known.chance[n] >= 1e-9 for n in (6, 7))
    assert all(known.chance[n] < 1e-9 for n in (12, 16, 23))


def test_legitimate_names_are_in_it_as_often_as_the_model_of_them_says() -> None:
    """The reckoning, by lists of its own: short names of all alphabets, which do occur."""
    qsnatch = build_index(select_generators(["qsnatch"]), SPAN, 1)
    hosts = [host for path in LISTS for host, _ in read_labels(path)]
    expected = sum(qsnatch.chance[len(host.partition(".")[0])] for host in hosts)
    assert expected / 3 < len(qsnatch.match(hosts)) < 3 * expected


@pytest.mark.slow
def test_a_million_names_are_matched_in_two_seconds(known: DgaIndex) -> None:
    hosts = [f"name{i}.example" for i in range(1_000_000)]
    took = timeit.repeat(lambda: known.match(hosts), time.process_time, number=1, repeat=3)
    assert min(took) < 2 * slowness()


@pytest.mark.slow
def test_the_commands(tmp_path: Path) -> None:
    path = tmp_path / "known.npz"
    days = ("--from", str(SPAN.first), "--to", str(SPAN.last))
    built = run_here(
        "dga",
        "index",
        *days,
        "--family",
        "goz",
        "--family",
        "murofet",
        "--jobs",
        "1",
        "--out",
        path,
    )
    assert (built.returncode, built.stdout) == (0, "")
    host = first("goz", 1)[0]
    matched = run_here("dga", "match", "--index", path, host.upper(), "www.example.com", "no name")
    assert matched.returncode == 1  # a row was refused
    rows = [line.split(",") for line in matched.stdout.splitlines()]
    assert [row[1] for row in rows] == ["family", "goz", "murofet"]
    without = run_here("dga", "match", *days, "--family", "goz", "--jobs", "1", host)
    assert (
        without.stdout.splitlines()[1]
        == matched.stdout.splitlines()[1].replace(host.upper(), host).rpartition(",")[0]
        + ","
        + without.stdout.splitlines()[1].rpartition(",")[2]
    )
    scored = run_here("score", "--known", path, "--format", "csv", host, "www.example.com")
    header, one, other = scored.stdout.splitlines()
    assert header.endswith(",reason,known,reason_code")
    assert '"goz of 2026-11-21, position 0; murofet v1 of 2026-11-21, position 0"' in one
    assert other.endswith(",")


@pytest.mark.slow
def test_a_known_name_is_malicious_whatever_the_model_says(tmp_path: Path) -> None:
    path, hosts = tmp_path / "known.npz", first("banjori")
    days = ("--from", str(DAY), "--to", str(DAY))
    assert (
        run_here(
            "dga", "index", *days, "--family", "banjori", "--jobs", "1", "--out", path
        ).returncode
        == 0
    )
    score = ("score", "--operating-point", "0.0001", "--format", "jsonl")
    plain = [json.loads(x) for x in run_here(*score, *hosts).stdout.splitlines()]
    known = [json.loads(x) for x in run_here(*score, "--known", path, *hosts).stdout.splitlines()]
    assert any(x["label"] == 0 for x in plain)
    assert all(x["known"] is None for x in plain)
    assert all(x["label"] == 1 for x in known)
    assert [x["known"][0]["position"] for x in known] == [0, 1, 2, 3, 4]
    allowed = run_here(*score, "--known", path, "--allow", path.with_suffix(".txt"), hosts[0])
    assert allowed.returncode == 2
    path.with_suffix(".txt").write_text(hosts[0])
    allowed = run_here(*score, "--known", path, "--allow", path.with_suffix(".txt"), hosts[0])
    assert json.loads(allowed.stdout)["label"] == 0  # its owner knows better


@pytest.mark.slow
def test_an_index_out_of_date_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "known.npz"
    days = ("--from", "2016-01-01", "--to", "2016-01-02")
    run_here("dga", "index", *days, "--family", "goz", "--jobs", "1", "--out", path)
    said = "out of date: it knows the names of 2016-01-01 to 2016-01-02"
    assert said in run_here("dga", "match", "--index", path, "www.example.com").stderr
    assert said in run_here("score", "--known", path, "www.example.com").stderr
