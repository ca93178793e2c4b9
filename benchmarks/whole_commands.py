"""Measure commands as a user runs them, in whole processes: time and memory as the input grows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

from malicious_domains.features.registry import SETS
from malicious_domains.inputs.ordered_pool import default_jobs
from pipeline.corpus import defaults

from .dns_logs import DAY_LINES, DAY_NAMES, write_day, write_few_pairs, write_many_pairs
from .measure import CommandRun, Row, run_python, sized
from .sample_labels import TOTAL, iterate_hosts

FEW_PAIRS, MANY_PAIRS = sized(10_000_000), sized(4_000_000)  # lines
_MEMORY = "200MB"
# The least that any reader does with DuckDB: read every line, count the pairs.
_FLOOR = """
import duckdb
log = duckdb.read_csv("{log}", sep="\\t", quotechar="", skiprows=2, header=False, names={fields})
log.aggregate('count(DISTINCT ("id.orig_h", query))').fetchall()
"""


def score_files() -> Iterator[Row]:
    """Yield how long `score` takes for a file of names, by model and processes."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "hosts.txt"
        path.write_text("".join(f"{host}\n" for host in iterate_hosts(TOTAL)))
        for model, jobs in product(SETS, (1, default_jobs())):
            options = ("--model", model, "--jobs", str(jobs), "--input", str(path))
            took = run_python("-mpipeline", "score", "--format", "csv", *options, rounds=sized(3))
            what = f"{model}: score of {TOTAL:,} lines, processes: {jobs}"
            yield what, _format_run(took, TOTAL)


def scan_logs() -> Iterator[Row]:
    """Yield how long `scan` takes for logs, beside DuckDB merely reading them, in the same run."""
    logs: tuple[tuple[str, int, Callable[[Path], tuple[Path, list[str]]]], ...] = (
        (f"a day, {DAY_NAMES:,} names", DAY_LINES, write_day),
        ("few pairs", FEW_PAIRS, lambda folder: write_few_pairs(folder, FEW_PAIRS)),
        ("many pairs", MANY_PAIRS, lambda folder: write_many_pairs(folder, MANY_PAIRS)),
    )
    for what, lines, write in logs:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            log, fields = write(Path(folder))
            floor = run_python("-c", _FLOOR.format(log=log, fields=fields))
            yield f"{what}: DuckDB counting pairs, {lines:,} lines", _format_run(floor, lines)
            took = run_python("-mpipeline", "scan", str(log))
            yield f"{what}: scan of {lines:,} lines", _format_run(took, lines)
            wall, processor = took.seconds / floor.seconds, took.processor / floor.processor
            yield "  as a multiple of DuckDB's time", f"{wall:.1f} x ({processor:.1f} x)"
            limited = run_python("-mpipeline", "scan", str(log), "--memory", _MEMORY)
            yield f"  with --memory {_MEMORY}", _format_run(limited, lines)


def train_models() -> Iterator[Row]:
    """Yield how long `train` takes for both models."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        data, out = Path(folder) / "rows.csv", str(Path(folder) / "model")
        defaults.write_embedded(data)
        took = run_python(
            "-mpipeline", "train", "--features=classic", f"--data={data}", "--out", out
        )
        yield "train classic on 165,579 rows, whole process", f"{took.seconds:.1f} s"
        took = run_python("-mpipeline", "train", "--out", out)
        yield "train language, its corpus made first, whole process", f"{took.seconds:.1f} s"


def _format_run(took: CommandRun, lines: int) -> str:
    """Format seconds, those of all cores in brackets, lines a second and the peak of memory."""
    rate = lines / took.seconds
    return f"{took.seconds:.1f} s ({took.processor:.1f} s), {rate:,.0f}/s, {took.peak:,.0f} MB"
