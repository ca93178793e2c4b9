"""Measure `scan` of ten million lines, beside DuckDB merely reading them, in the same run."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from .measure import CommandRun, Row, run_command, run_pipeline, sized
from .zeek_logs import write_logs

LINES = sized(10_000_000)
_SMALL = 1000
_MEMORY = "200MB"
# The least that any reader does with DuckDB: read every line, count the pairs.
_FLOOR = """
import sys, duckdb
file, source = sys.argv[1:]
duckdb.sql(
    'SELECT count(DISTINCT ("id.orig_h", query)) FROM ' + source.format(file=file)
).fetchall()
"""
_READ_JSON = (
    "read_json('{file}', format = 'newline_delimited', "
    "columns = {{'id.orig_h': 'VARCHAR', query: 'VARCHAR'}})"
)


def rows() -> Iterator[Row]:
    """Yield the subject's rows."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        tsv, jsonl = write_logs(Path(folder), LINES)
        small = Path(folder) / "small.log"
        with tsv.open() as file:
            small.write_text("".join(islice(file, _SMALL)))
        took = run_pipeline("scan", str(small), rounds=sized(5))
        yield f"scan of {_SMALL:,} lines, whole process", f"{took.seconds:.2f} s"
        yield from _compare_with_duckdb("TSV", tsv, _read_tsv(tsv))
        limited = run_pipeline("scan", str(tsv), "--memory", _MEMORY)
        yield f"  the same with --memory {_MEMORY}", f"{limited.seconds:.1f} s"
        yield "  its peak memory, of its largest process", f"{limited.peak:,.0f} MB"
        tsv.unlink()
        yield from _compare_with_duckdb("JSON", jsonl, _READ_JSON)


def _compare_with_duckdb(what: str, path: Path, source: str) -> Iterator[Row]:
    floor = run_command(sys.executable, "-c", _FLOOR, str(path), source)
    took = run_pipeline("scan", str(path))
    yield f"DuckDB reading {LINES:,} lines of {what}, counting pairs", _format_run(floor)
    yield f"scan of {LINES:,} lines of {what}", _format_run(took)
    yield "  as a multiple of DuckDB's time", f"{took.seconds / floor.seconds:.2f} x"
    yield "  of its processor time", f"{took.processor / floor.processor:.2f} x"
    yield "  peak memory of its largest process", f"{took.peak:,.0f} MB"


def _format_run(took: CommandRun) -> str:
    """Format seconds, those of all cores in brackets, and lines a second."""
    return f"{took.seconds:.1f} s ({took.processor:.1f} s), {LINES / took.seconds:,.0f} lines/s"


def _read_tsv(path: Path) -> str:
    """Return DuckDB's table function for a Zeek log, by the log's own header."""
    with path.open() as file:
        header = next(x for x in file if x.startswith("#fields"))
    columns = ", ".join(f"'{x}': 'VARCHAR'" for x in header.rstrip("\n").split("\t")[1:])
    return (
        "read_csv('{file}', delim = '\t', quote = '', escape = '', header = false, "
        "auto_detect = false, strict_mode = false, null_padding = true, "
        f"columns = {{{{{columns}}}}})"
    )
