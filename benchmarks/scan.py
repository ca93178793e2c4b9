"""`scan` of ten million lines, beside DuckDB merely reading them, in the same run."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from .log import lengthened
from .measure import Ran, Row, command, pipeline, sized

LINES = sized(10_000_000)
_SMALL = 1000
_SPILL = "200MB"
# What no reader by DuckDB can do without: every line read, the pairs counted.
_FLOOR = """
import sys, duckdb
file, source = sys.argv[1:]
duckdb.sql(
    'SELECT count(DISTINCT ("id.orig_h", query)) FROM ' + source.format(file=file)
).fetchall()
"""


def rows() -> Iterator[Row]:
    """The subject's rows."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        tsv, objects = lengthened(Path(folder), LINES)
        small = Path(folder) / "small.log"
        with tsv.open() as file:
            small.write_text("".join(islice(file, _SMALL)))
        took = pipeline("scan", str(small), rounds=sized(5))
        yield f"scan of {_SMALL:,} lines, whole process", f"{took.seconds:.2f} s"
        yield from _beside("TSV", tsv, _columns(tsv))
        spilled = pipeline("scan", str(tsv), "--memory", _SPILL)
        yield f"  the same with --memory {_SPILL}", f"{spilled.seconds:.1f} s"
        yield "  its peak memory, of its largest process", f"{spilled.peak:,.0f} MB"
        tsv.unlink()
        yield from _beside("JSON", objects, _KEYS)


def _beside(what: str, path: Path, source: str) -> Iterator[Row]:
    floor = command(sys.executable, "-c", _FLOOR, str(path), source)
    took = pipeline("scan", str(path))
    yield f"DuckDB reading {LINES:,} lines of {what}, counting pairs", _told(floor)
    yield f"scan of {LINES:,} lines of {what}", _told(took)
    yield "  as a multiple of DuckDB's time", f"{took.seconds / floor.seconds:.2f} x"
    yield "  of its processor time", f"{took.processor / floor.processor:.2f} x"
    yield "  peak memory of its largest process", f"{took.peak:,.0f} MB"


def _told(took: Ran) -> str:
    """Seconds, those of all cores in brackets, and lines a second."""
    return f"{took.seconds:.1f} s ({took.processor:.1f} s), {LINES / took.seconds:,.0f} lines/s"


_KEYS = (
    "read_json('{file}', format = 'newline_delimited', "
    "columns = {{'id.orig_h': 'VARCHAR', query: 'VARCHAR'}})"
)


def _columns(path: Path) -> str:
    """The reading of a Zeek log by its own header."""
    with path.open() as file:
        header = next(x for x in file if x.startswith("#fields"))
    columns = ", ".join(f"'{x}': 'VARCHAR'" for x in header.rstrip("\n").split("\t")[1:])
    return (
        "read_csv('{file}', delim = '\t', quote = '', escape = '', header = false, "
        "auto_detect = false, strict_mode = false, null_padding = true, "
        f"columns = {{{{{columns}}}}})"
    )
