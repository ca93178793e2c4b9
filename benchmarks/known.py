"""Every figure of docs/generators.md: the index of a month, and what it finds beside the model.

The model's recall is of the report that `make report` wrote, where there is one.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from malicious_domains.dga.generators import EVERY
from malicious_domains.dga.legitimate_hosts import LISTS, read_hosts
from malicious_domains.dga.periods import start
from malicious_domains.dga.seeded_generators import all_series, chosen, periods
from malicious_domains.names.dga_index import Known, KnownNames

from .measure import ROOT, SHARE, Row, T, pipeline, sized

_FIRST, _DAY = date(2026, 11, 1), date(2026, 11, 24)
_DAYS = 30
_FEW = ("banjori", "conficker", "goz", "qsnatch", "simda")  # families, to try the benchmark itself
_NAMES = sized(1_000_000)
_LENGTHS = range(3, 13)
_REPORT = ROOT / "report" / "report.json"


def rows() -> Iterator[Row]:
    """The subject's rows."""
    some = [] if SHARE == 1 else [f"--family={x}" for x in _FEW]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "known.npy"
        last = _FIRST + timedelta(days=_DAYS - 1)
        span = ("--from", str(_FIRST), "--to", str(last), "--out", str(path))
        took = pipeline("dga", "index", *span, *some, "--jobs", "2")
        yield "index of November 2026, two processes", f"{took.seconds:.0f} s"
        yield "  processor time of all of them", f"{took.processor:.0f} s"
        known, loaded = _timed(lambda: KnownNames.load(path))
        size = path.stat().st_size / 1e6
        yield "  names, size", f"{len(known.hashes):,}; {size:.1f} MB"
        yield "  loading and verifying it, processor time", f"{loaded:.2f} s"
    hosts = [f"name{i}.example" for i in range(_NAMES)]
    _, took_match = _timed(lambda: known.match(hosts))
    yield f"matching {_NAMES:,} names, processor time", f"{took_match:.2f} s"
    yield "false match by the hash, of a name", f"{len(known.hashes) / 2**64:.1e}"
    for n in _LENGTHS:
        probability = known.chance[n] if n < len(known.chance) else 0.0
        yield f"legitimate name of {n} characters in it, probability", f"{probability:.1e}"
    yield from _lists(known)
    took = pipeline("dga", "feed", "--from", str(_DAY), "--days", str(sized(7)), *some)
    yield "dga feed of a week, peak memory of its largest process", f"{took.peak:.0f} MB"
    yield from _families(known, some)


def _timed(run: Callable[[], T]) -> tuple[T, float]:
    """What a function returns, and the least processor time of three rounds, in seconds."""
    found, least = None, float("inf")
    for _ in range(3):
        before = time.process_time()
        found = run()
        least = min(least, time.process_time() - before)
    assert found is not None
    return found, least


def _lists(known: KnownNames) -> Iterator[Row]:
    """Legitimate names that are in it: as many as are expected, and as many as are found."""
    for path in LISTS:
        hosts = [*read_hosts(path)]
        lengths = (len(host.partition(".")[0]) for host in hosts)
        expected = sum(known.chance[n] for n in lengths if n < len(known.chance))
        figure = f"{expected:.1f}; {len(known.match(hosts))} of {len(hosts):,}"
        yield f"{path.name}: expected in it, found", figure


def _families(known: KnownNames, some: list[str]) -> Iterator[Row]:
    """What is found of a day's names, what of them with certainty, and the model's recall."""
    by_model: dict[str, float] = {}
    if _REPORT.exists():
        report = json.loads(_REPORT.read_text())
        by_model = {x["family"]: x["recall"]["0.001"] for x in report["families"]}
    for family in _FEW if some else EVERY:
        hosts = _of_day(family)
        found = known.match(hosts).values()
        own = [x for x in found if family in {y.family for y in x}]
        sure = sum(not _certain(x).chance for x in own)
        model = f"{by_model[family]:.0%}" if family in by_model else "–"
        shares = f"{len(own) / len(hosts):.0%}; {sure / len(hosts):.0%}; {model}"
        yield (
            f"{family}: names; by match; with certainty; by the model",
            f"{len(hosts):,}; {shares}",
        )


def _certain(known: tuple[Known, ...]) -> Known:
    return min(known, key=lambda x: x.chance)


def _of_day(family: str) -> list[str]:
    """The different names that a family asks for on the day, of all its published seeds."""
    hosts: dict[str, None] = {}
    for number in chosen([family]):
        _, variant, seed = all_series()[number]
        made = periods(number, start(variant, seed, _DAY)).hosts
        hosts |= dict.fromkeys(filter(None, made))
    return [*hosts]
