"""Measure `score` and `scan` on Spark, on one and two executors, as data grow.

One process of this package and DuckDB are measured beside it. An executor has one core. The first
run of a session has a row of its own: Java compiles then. Labels beyond the first million are the
same with a number at their end. Spark reads them from eight files of Parquet, which it shares out;
one process reads them as lines of one file. A log is one file for both; Spark reads several parts
of it at once.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from malicious_domains.inputs.csv_column import Column
from malicious_domains.scoring.model_options import ModelOptions
from malicious_domains.spark import data_files, name_files, scanning
from malicious_domains.spark.log_events import read_events
from malicious_domains.spark.session import open_session

from .measure import Row, run_command, run_pipeline, sized
from .sample_labels import TOTAL, distinct_labels
from .zeek_logs import write_logs

LABELS = (sized(100_000), sized(1_000_000), sized(10_000_000))
LINES = (sized(100_000), sized(1_000_000), sized(10_000_000))
EXECUTORS = (1, 2)
_PARTS = 8  # files of names
_MODEL = ModelOptions("language")
_GROUP_JSON = """
import sys, duckdb
duckdb.sql(
    "SELECT count(*) FROM (SELECT \\"id.orig_h\\", lower(query) FROM read_json('" + sys.argv[1]
    + "', format = 'newline_delimited', columns = {'id.orig_h': 'VARCHAR', query: 'VARCHAR'}) "
    "GROUP BY ALL)"
).fetchall()
"""


def rows() -> Iterator[Row]:
    """Yield the subject's rows."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        yield from _measure_score(Path(folder))
        yield from _measure_scan(Path(folder))


def _measure_score(folder: Path) -> Iterator[Row]:
    paths = [_write_labels(folder / f"labels-{count}", count) for count in LABELS]
    for count, path in zip(LABELS, paths, strict=True):
        plain = folder / "plain.txt"
        with plain.open("w") as file:
            for part in sorted(path.iterdir()):
                file.writelines(f"{x}\n" for x in pq.read_table(part)["name"].to_pylist())
        took = run_pipeline("score", "--format", "csv", "--jobs", "1", "--input", str(plain))
        yield f"score of {count:,} labels, one process", _format_rate(count, took.seconds, "labels")
        plain.unlink()
    for executors in EXECUTORS:
        yield from _score_on_spark(folder, paths, executors)
    for path in paths:
        shutil.rmtree(path)


def _score_on_spark(folder: Path, paths: list[Path], executors: int) -> Iterator[Row]:
    on = f"Spark, executors: {executors}"
    start = time.perf_counter()
    with open_session(f"local-cluster[{executors},1,2048]", {}) as spark:
        out = folder / "scored"
        _time_writing(partial(_score, spark, paths[0], out), out)
        yield f"{on}: start, and {LABELS[0]:,} labels", f"{time.perf_counter() - start:.1f} s"
        for count, path in zip(LABELS, paths, strict=True):
            took = _time_writing(partial(_score, spark, path, out), out)
            yield f"{on}: score of {count:,} labels", _format_rate(count, took, "labels")


def _measure_scan(folder: Path) -> Iterator[Row]:
    paths = []
    for count in LINES:
        tsv, jsonl = write_logs(folder, count)
        tsv.unlink()
        paths.append(jsonl.rename(folder / f"dns-{count}.json"))
        floor = run_command(sys.executable, "-c", _GROUP_JSON, str(paths[-1]))
        what = f"DuckDB grouping {count:,} lines of JSON"
        yield what, _format_rate(count, floor.seconds, "lines")
        for jobs in EXECUTORS:
            took = run_pipeline("scan", "--jobs", str(jobs), str(paths[-1]))
            what = f"scan of {count:,} lines of JSON, processes: {jobs}"
            yield what, _format_rate(count, took.seconds, "lines")
    for executors in EXECUTORS:
        yield from _scan_on_spark(folder, paths, executors)


def _scan_on_spark(folder: Path, paths: list[Path], executors: int) -> Iterator[Row]:
    on, out = f"Spark, executors: {executors}", folder / "alarms"
    with open_session(f"local-cluster[{executors},1,2048]", {}) as spark:
        took = _time_writing(partial(_scan, spark, paths[0], out), out)
        yield f"{on}: scan of {LINES[0]:,} lines, the first of a session", f"{took:.1f} s"
        for count, path in zip(LINES, paths, strict=True):
            took = _time_writing(partial(_scan, spark, path, out), out)
            yield f"{on}: scan of {count:,} lines", _format_rate(count, took, "lines")


def _score(spark: SparkSession, path: Path, out: Path) -> None:
    files = data_files.open_files(spark, [str(path)])
    table, _ = name_files.score_files(files, _MODEL, Column("name"), None)
    data_files.write_parquet(table, str(out))


def _scan(spark: SparkSession, path: Path, out: Path) -> None:
    events = read_events(data_files.open_files(spark, [str(path)]), {})
    request = scanning.ScanRequest(model=ModelOptions("language"))
    result = scanning.scan_events(spark, events, request)
    data_files.write_parquet(result.alarms, str(out))
    result.close()


def _time_writing(run: Callable[[], object], out: Path) -> float:
    start = time.perf_counter()
    run()
    took = time.perf_counter() - start
    shutil.rmtree(out, ignore_errors=True)
    return took


def _write_labels(folder: Path, count: int) -> Path:
    """Write different labels to a folder of Parquet files."""
    folder.mkdir()
    labels, part = distinct_labels(min(count, TOTAL)), -(-count // _PARTS)
    for i in range(_PARTS):
        numbers = range(i * part, min((i + 1) * part, count))
        texts = [_number_label(labels, number) for number in numbers]
        pq.write_table(pa.table({"name": texts}), folder / f"{i}.parquet")
    return folder


def _number_label(labels: list[str], number: int) -> str:
    again, at = divmod(number, len(labels))
    return f"{labels[at][:60]}{again}" if again else labels[at]


def _format_rate(count: int, seconds: float, what: str) -> str:
    return f"{seconds:.1f} s, {count / seconds:,.0f} {what}/s"
