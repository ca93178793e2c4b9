"""python -m benchmarks.growth [--rows N ...] [--nodes N ...]: a training's time and memory as
rows grow, step by step, on one node of H2O and on several.

Half the rows are generated: whole lists of every family, day after day. The other half are
the committed legitimate labels, then pairs of them with a hyphen between. Each size runs in
a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from random import Random
from typing import Any

from malicious_domains.dga.generators import FAMILIES
from malicious_domains.names.parse import MAX_LABEL
from pipeline.corpus import labelled
from pipeline.corpus.readers import RowReader
from pipeline.corpus.schema import COLUMNS, GROUP
from pipeline.h2o_cluster import cluster, nodes
from pipeline.training import export, glm, shards, training_run
from pipeline.training.training_run import Request, run_training

from .measure import peak

SIZES = (400_000, 1_000_000, 3_000_000, 10_000_000)
_LIST = 1000  # names at most of a family, a day and a seed
_FIRST = date(2010, 1, 1)
_DEAR = {"necurs", "tempedreve"}  # a minute for what others make in a second


def main() -> None:
    """Print the steps of each size and number of nodes."""
    chosen = _chosen()
    if chosen.one:
        _one(chosen)
        return
    for rows in chosen.rows:
        for number in chosen.nodes:
            words = ["--rows", str(rows), "--nodes", str(number), "--features", chosen.features]
            words += ["--memory", chosen.memory, "--one"]
            subprocess.run([sys.executable, "-m", "benchmarks.growth", *words], check=True)


def _chosen() -> Any:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--nodes", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--features", choices=["classic", "language"], default="language")
    parser.add_argument("--memory", default="4g", help="of each node")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


class Clock:
    """Seconds by step, and the most memory that this process had held by its end."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.peaks: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the with block to a step."""
        start = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - start
        self.peaks[name] = peak()

    def count(self, owner: Any, name: str, step: str) -> None:
        """Count the calls of a function to a step."""
        called: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.step(step):
                return called(*args, **kwargs)

        setattr(owner, name, timed)


def _one(chosen: Any) -> None:
    clock = Clock()
    clock.count(labelled, "read", "read the corpus")
    clock.count(training_run, "_design", "count tables, choose bins")
    clock.count(nodes, "_wait_for_all", "start H2O")
    clock.count(glm, "draw_split", "split")
    clock.count(shards, "write", "write features (3 times)")
    clock.count(cluster.Cluster, "read", "import (4 times)")
    clock.count(glm, "_fit", "fit (4 times)")
    clock.count(glm, "predict", "predict (5 times)")
    for name in ("_candidates", "best_f1", "check_with_h2o"):
        clock.count(glm, name, "threshold")
    clock.count(training_run, "export", "export")
    clock.count(export, "_compare", "proof")
    [rows], [number] = chosen.rows, chosen.nodes
    memory: list[float] = []

    @contextmanager
    def measured(*args: Any) -> Iterator[list[nodes.Node]]:
        with nodes.nodes(*args) as running:
            yield running
            memory.extend(peak(node.process.pid) for node in running)

    setattr(cluster, "nodes", measured)  # noqa: B010
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        path = Path(folder) / "corpus.csv"
        # Not to be part of this process's memory.
        start = time.perf_counter()
        code = f"from benchmarks.growth import write; write({str(path)!r}, {rows})"
        subprocess.run([sys.executable, "-c", code], check=True)
        clock.seconds["generate"] = time.perf_counter() - start
        with clock.step("all"):
            run_training(
                Request(
                    features=chosen.features,
                    data=path,
                    out=Path(folder) / "model",
                    h2o_nodes=number,
                    h2o_memory=chosen.memory,
                )
            )
    print(f"{chosen.features}, {rows:,} rows, nodes: {number}")
    for step, seconds in clock.seconds.items():
        print(f"  {step:<28} {seconds:>9,.1f} s {clock.peaks.get(step, 0):>9,.0f} MB")
    print(f"  peak of each node: {', '.join(f'{x:,.0f} MB' for x in memory)}", flush=True)


def write(path: str, rows: int) -> None:
    """Write a corpus of so many rows."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, GROUP))
        writer.writerows(islice(_generated(), rows // 2))
        writer.writerows(islice(_legitimate(), rows - rows // 2))


def _generated() -> Iterator[tuple[str, ...]]:
    """Of every family whose names change by day or seed, one list after the other."""
    random, families = Random(1), [x for x in FAMILIES.values() if x.name not in _DEAR]
    for day in (_FIRST + timedelta(days=i % 4000) for i in count()):
        for family in families:
            variant = random.choice(family.variants)
            if not variant.period and not variant.draw:
                continue
            seed = variant.draw(random) if variant.draw else random.choice(variant.seeds)
            group = f"{family.name} {variant.name} {day} {seed}"
            for host in islice(variant.generate(day, seed), _LIST):
                yield host, host.partition(".")[0], "dga", family.name, group


def _legitimate() -> Iterator[tuple[str, ...]]:
    lists = (RowReader(name).rows(0, 0) for name in ("hsts", "universities"))
    labels = [row.domain for rows in lists for row in rows if row.domain]
    yield from ((f"{x}.com", x, "legit", "listed", x) for x in labels)
    random = Random(2)
    for first in cycle(labels):
        label = f"{first}-{random.choice(labels)}"[:MAX_LABEL].strip("-")
        yield f"{label}.com", label, "legit", "pairs", label


if __name__ == "__main__":
    main()
