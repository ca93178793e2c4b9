"""Measure `train` as a user runs it, in whole processes, and as a corpus grows.

The environment variable BENCH_ROWS names the sizes of corpora to train on besides, for example
"400000 3000000": half of the rows are generated, lists of every family for day after day; the other
half are the committed legitimate labels, then pairs of them joined by a hyphen.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from random import Random

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.names.parse import MAX_LABEL
from pipeline.corpus import defaults
from pipeline.corpus.schema import COLUMNS, GROUP
from pipeline.h2o_cluster.cluster import open_cluster

from .measure import Row, format_spread, run_pipeline, time_rounds
from .sample_labels import list_legitimate

SIZES = [int(x) for x in os.environ.get("BENCH_ROWS", "").split()]
_MOST_LANGUAGE = 1_000_000  # rows that the language model is trained on: its fits take long
_NAMES = 1000  # at most, of a family, a day and a seed
_SLOW = {"necurs", "tempedreve"}  # families that take a minute for what others generate in a second


def rows() -> Iterator[Row]:
    """Yield the subject's rows."""
    yield "H2O, start and stop", format_spread(time_rounds(_start_h2o, 3), "s", 2)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        data, out = Path(folder) / "rows.csv", str(Path(folder) / "model")
        defaults.write_embedded(data)
        took = run_pipeline("train", "--features", "classic", "--data", str(data), "--out", out)
        yield "train classic on 165,579 rows, whole process", f"{took.seconds:.1f} s"
        took = run_pipeline("train", "--out", out)
        yield "train language, its corpus made first, whole process", f"{took.seconds:.1f} s"
        for size in SIZES:
            write_corpus(data, size)
            yield from _train_growing(data, out, size)


def _train_growing(data: Path, out: str, size: int) -> Iterator[Row]:
    for features in ("classic", "language"):
        for nodes in (1, 2) if features == "classic" or size <= _MOST_LANGUAGE else ():
            options = ("--h2o-nodes", str(nodes), "--h2o-memory", "8g", "--out", out)
            took = run_pipeline("train", "--features", features, "--data", str(data), *options)
            yield f"train {features} on {size:,} rows, H2O nodes: {nodes}", f"{took.seconds:.0f} s"
            yield "  peak memory of the largest process", f"{took.peak:,.0f} MB"


def _start_h2o() -> None:
    with open_cluster():
        pass


def write_corpus(path: Path, size: int) -> None:
    """Write a corpus of `size` rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, GROUP))
        writer.writerows(islice(_iterate_generated(), size // 2))
        writer.writerows(islice(_iterate_legitimate(), size - size // 2))


def _iterate_generated() -> Iterator[tuple[str, ...]]:
    """Yield rows of every family whose names change by day or seed, one list after the other."""
    random, families = Random(1), [x for x in FAMILIES.values() if x.name not in _SLOW]
    for day in (date(2010, 1, 1) + timedelta(days=i % 4000) for i in count()):
        for family in families:
            variant = random.choice(family.variants)
            if not variant.period and not variant.draw:
                continue
            seed = variant.draw(random) if variant.draw else random.choice(variant.seeds)
            group = f"{family.name} {variant.name} {day} {seed}"
            for host in islice(variant.generate(day, seed), _NAMES):
                yield host, host.partition(".")[0], "dga", family.name, group


def _iterate_legitimate() -> Iterator[tuple[str, ...]]:
    labels, random = list_legitimate(), Random(2)
    yield from ((f"{x}.com", x, "legit", "listed", x) for x in labels)
    for first in cycle(labels):
        label = f"{first}-{random.choice(labels)}"[:MAX_LABEL].strip("-")
        yield f"{label}.com", label, "legit", "pairs", label
