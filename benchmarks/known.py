"""Measure the figures of docs/generators.md: a month's index, and what it finds beside the model.

The model's recall is read from the report that `make report` wrote, if there is one.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from malicious_domains.dga.generators import ALL_FAMILIES
from malicious_domains.dga.legitimate_hosts import LISTS, read_hosts
from malicious_domains.dga.seeded_generators import (
    generate_period,
    list_generators,
    select_generators,
)
from malicious_domains.names.dga_index import DgaIndex

from .measure import ROOT, SHARE, Row, run_python, sized, time_rounds

_DAY = date(2026, 11, 24)
_FEW_FAMILIES = ("banjori", "goz")  # for a run in small
_NAMES = sized(1_000_000)
_REPORT = ROOT / "report" / "report.json"


def rows() -> Iterator[Row]:
    """Yield the subject's rows."""
    families = [] if SHARE == 1 else [f"--family={x}" for x in _FEW_FAMILIES]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "known.npz"
        month = ("--from", "2026-11-01", "--to", "2026-11-30", "--out", str(path))
        took = run_python("-mpipeline", "dga", "index", *month, *families, "--jobs", "2")
        figure = f"{took.seconds:.0f} s ({took.processor:.0f} s)"
        yield "index of November 2026, two processes (of all processors)", figure
        index = DgaIndex.load(path)
        yield "  names, size", f"{len(index.hashes):,}; {path.stat().st_size / 1e6:.1f} MB"
        yield "  loading and verifying it", f"{min(time_rounds(lambda: DgaIndex.load(path))):.2f} s"
    hosts = [f"name{i}.example" for i in range(_NAMES)]
    match = min(time_rounds(lambda: index.match(hosts)))
    yield f"matching {_NAMES:,} names", f"{match:.2f} s"
    for length, probability in enumerate(index.chance[:13]):
        yield f"legitimate name of {length} characters in it, probability", f"{probability:.1e}"
    for path in LISTS:
        hosts = [*read_hosts(path)]
        lengths = (len(host.partition(".")[0]) for host in hosts)
        expected = sum(index.chance[n] for n in lengths if n < len(index.chance))
        figure = f"{expected:.1f}; {len(index.match(hosts))} of {len(hosts):,}"
        yield f"{path.name.split('.')[0].removeprefix('legit-')}: expected in it, found", figure
    took = run_python(
        "-mpipeline", "dga", "feed", f"--from={_DAY}", f"--days={sized(7)}", *families
    )
    yield "dga feed of a week, peak memory of its largest process", f"{took.peak:.0f} MB"
    report = json.loads(_REPORT.read_text()) if _REPORT.exists() else {"families": []}
    recall = {x["family"]: x["recall"]["0.001"] for x in report["families"]}
    for family in _FEW_FAMILIES if families else ALL_FAMILIES:
        by_model = f"{recall[family]:.0%}" if family in recall else "–"
        figure = f"{_match_family(index, family)}; {by_model}"
        yield f"{family}: names; by match; with certainty; by the model", figure


def _match_family(index: DgaIndex, family: str) -> str:
    """Return how many names a family generates on the day, and the shares that are matched."""
    hosts: set[str] = set()
    for number in select_generators([family]):
        start = list_generators()[number].start_of_period(_DAY)
        hosts.update(generate_period(number, start).hosts)
    hosts.discard("")
    matches = [x for x in index.match([*hosts]).values() if family in {y.family for y in x}]
    certain = sum(not min(y.chance for y in x) for x in matches)
    return f"{len(hosts):,}; {len(matches) / len(hosts):.0%}; {certain / len(hosts):.0%}"
