"""Measure the figures of docs/generators.md: a month's index, and what it finds beside the model.

The model's recall is read from the report that `make report` wrote, if there is one.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from malicious_domains.dga.generators import ALL_FAMILIES
from malicious_domains.dga.legitimate_hosts import LISTS, read_hosts
from malicious_domains.dga.seeded_generators import (
    generate_period,
    list_generators,
    select_generators,
    start_of_period,
)
from malicious_domains.names.dga_index import DgaIndex

from .measure import ROOT, SHARE, Row, run_pipeline, sized, time_rounds

_FIRST, _DAY, _DAYS = date(2026, 11, 1), date(2026, 11, 24), 30
_FEW_FAMILIES = ("banjori", "conficker", "goz", "qsnatch", "simda")  # for a run in small
_NAMES = sized(1_000_000)
_LENGTHS = range(3, 13)
_REPORT = ROOT / "report" / "report.json"


def rows() -> Iterator[Row]:
    """Yield the subject's rows."""
    families = [] if SHARE == 1 else [f"--family={x}" for x in _FEW_FAMILIES]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "known.npz"
        last = _FIRST + timedelta(days=_DAYS - 1)
        interval = ("--from", str(_FIRST), "--to", str(last), "--out", str(path))
        took = run_pipeline("dga", "index", *interval, *families, "--jobs", "2")
        yield "index of November 2026, two processes", f"{took.seconds:.0f} s"
        yield "  processor time of all of them", f"{took.processor:.0f} s"
        index = DgaIndex.load(path)
        yield "  names, size", f"{len(index.hashes):,}; {path.stat().st_size / 1e6:.1f} MB"
        load = min(time_rounds(lambda: DgaIndex.load(path)))
        yield "  loading and verifying it", f"{load:.2f} s"
    hosts = [f"name{i}.example" for i in range(_NAMES)]
    match = min(time_rounds(lambda: index.match(hosts)))
    yield f"matching {_NAMES:,} names", f"{match:.2f} s"
    yield "false match by the hash, of a name", f"{len(index.hashes) / 2**64:.1e}"
    for n in _LENGTHS:
        probability = index.chance[n] if n < len(index.chance) else 0.0
        yield f"legitimate name of {n} characters in it, probability", f"{probability:.1e}"
    yield from _match_lists(index)
    took = run_pipeline("dga", "feed", "--from", str(_DAY), "--days", str(sized(7)), *families)
    yield "dga feed of a week, peak memory of its largest process", f"{took.peak:.0f} MB"
    yield from _match_families(index, _FEW_FAMILIES if families else ALL_FAMILIES)


def _match_lists(index: DgaIndex) -> Iterator[Row]:
    """Yield how many legitimate names are expected in the index, and how many are in it."""
    for path in LISTS:
        hosts = [*read_hosts(path)]
        lengths = (len(host.partition(".")[0]) for host in hosts)
        expected = sum(index.chance[n] for n in lengths if n < len(index.chance))
        figure = f"{expected:.1f}; {len(index.match(hosts))} of {len(hosts):,}"
        name = path.name.removeprefix("legit-").partition(".")[0]
        yield f"{name}: expected in it, found", figure


def _match_families(index: DgaIndex, families: Iterable[str]) -> Iterator[Row]:
    """Yield how many of a day's names are matched, and with certainty, and the model's recall."""
    recall: dict[str, float] = {}
    if _REPORT.exists():
        report = json.loads(_REPORT.read_text())
        recall = {x["family"]: x["recall"]["0.001"] for x in report["families"]}
    for family in families:
        hosts = _names_of_day(family)
        matches = [x for x in index.match(hosts).values() if family in {y.family for y in x}]
        certain = sum(not min(y.chance for y in x) for x in matches)
        by_model = f"{recall[family]:.0%}" if family in recall else "–"
        shares = f"{len(matches) / len(hosts):.0%}; {certain / len(hosts):.0%}; {by_model}"
        what = f"{family}: names; by match; with certainty; by the model"
        yield what, f"{len(hosts):,}; {shares}"


def _names_of_day(family: str) -> list[str]:
    """Return the different names that a family generates on the day, by all published seeds."""
    hosts: list[str] = []
    for number in select_generators([family]):
        _, variant, seed = list_generators()[number]
        hosts += generate_period(number, start_of_period(variant, seed, _DAY)).hosts
    return [*dict.fromkeys(filter(None, hosts))]
