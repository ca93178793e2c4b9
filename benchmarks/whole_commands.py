"""Measure commands as a user runs them, in whole processes: time and memory as the input grows."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from malicious_domains.features.registry import SETS
from malicious_domains.inputs.ordered_pool import default_jobs
from pipeline.corpus import defaults
from pipeline.h2o_cluster.cluster import open_cluster

from .dns_logs import write_logs
from .measure import CommandRun, Row, format_spread, run_command, run_pipeline, sized, time_rounds
from .sample_labels import TOTAL, iterate_hosts

NAMES = (sized(100_000), sized(500_000), TOTAL)
LINES = sized(10_000_000)
SPARK_LINES = (sized(100_000), sized(1_000_000), LINES)
_MEMORY = "200MB"
# The least that any reader does with DuckDB: read every line, count the pairs.
_FLOOR = """
import sys, duckdb
duckdb.sql('SELECT count(DISTINCT ("id.orig_h", query)) FROM ' + sys.argv[1]).fetchall()
"""
_JSON = (
    "read_json('{}', format = 'newline_delimited', "
    "columns = {{'id.orig_h': 'VARCHAR', query: 'VARCHAR'}})"
)
_TSV = "read_csv('{}', delim = '\t', quote = '', skip = 2, header = false, names = {})"


def score_files() -> Iterator[Row]:
    """Yield how long `score` takes for files of names, by model, lines and processes."""
    took = run_pipeline("score", "google.com", rounds=sized(5))
    yield "score of one name, whole process", f"{took.seconds:.2f} s"
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for lines in NAMES:
            path = _write_names(Path(folder) / "hosts.txt", lines)
            for model in SETS:
                for jobs in (1, default_jobs()):
                    options = ("--model", model, "--jobs", str(jobs), "--input", str(path))
                    took = run_pipeline("score", "--format", "csv", *options, rounds=sized(3))
                    what = f"{model}: score of {lines:,} lines, processes: {jobs}"
                    yield what, _format_run(took, lines)


def scan_logs() -> Iterator[Row]:
    """Yield how long `scan` takes for a log, beside DuckDB merely reading it, in the same run."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        tsv, jsonl, fields = write_logs(Path(folder), LINES)
        for kind, path, source in (
            ("TSV", tsv, _TSV.format(tsv, fields)),
            ("JSON", jsonl, _JSON.format(jsonl)),
        ):
            floor = run_command(sys.executable, "-c", _FLOOR, source)
            yield f"DuckDB counting pairs, {LINES:,} lines of {kind}", _format_run(floor, LINES)
            took = run_pipeline("scan", str(path))
            yield f"scan of {LINES:,} lines of {kind}", _format_run(took, LINES)
            yield "  as a multiple of DuckDB's time", f"{took.seconds / floor.seconds:.2f} x"
        limited = run_pipeline("scan", str(tsv), "--memory", _MEMORY)
        yield f"scan of the TSV with --memory {_MEMORY}", _format_run(limited, LINES)


def run_on_spark() -> Iterator[Row]:
    """Yield how long `score` and `scan` take on Spark; an executor has one core."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        for lines in SPARK_LINES:
            _, jsonl, _ = write_logs(folder, lines)
            names = _write_names(folder / "hosts.txt", min(lines, TOTAL))
            for executors in ("1", "2"):
                spark = ("--engine", "spark", "--master", f"local-cluster[{executors},1,2048]")
                out = ("--out", str(folder / f"{lines}-{executors}"))
                took = run_pipeline("scan", *spark, *out, str(jsonl))
                what = f"scan of {lines:,} lines of JSON, Spark's executors: {executors}"
                yield what, _format_run(took, lines)
                if lines <= TOTAL:
                    out = (*out[:1], f"{out[1]}-names")
                    took = run_pipeline("score", *spark, *out, "--input", str(names))
                    what = f"score of {lines:,} lines, Spark's executors: {executors}"
                    yield what, _format_run(took, lines)


def train_models() -> Iterator[Row]:
    """Yield how long `train` takes for both models."""
    yield "H2O, start and stop", format_spread(time_rounds(_start_h2o, 3), "s", 2)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        data, out = Path(folder) / "rows.csv", str(Path(folder) / "model")
        defaults.write_embedded(data)
        took = run_pipeline("train", "--features", "classic", "--data", str(data), "--out", out)
        yield "train classic on 165,579 rows, whole process", f"{took.seconds:.1f} s"
        took = run_pipeline("train", "--out", out)
        yield "train language, its corpus made first, whole process", f"{took.seconds:.1f} s"


def _start_h2o() -> None:
    with open_cluster():
        pass


def _write_names(path: Path, count: int) -> Path:
    with path.open("w") as file:
        file.writelines(f"{host}\n" for host in iterate_hosts(count))
    return path


def _format_run(took: CommandRun, lines: int) -> str:
    """Format seconds, those of all cores in brackets, lines a second and the peak of memory."""
    rate = lines / took.seconds
    return f"{took.seconds:.1f} s ({took.processor:.1f} s), {rate:,.0f}/s, {took.peak:,.0f} MB"
