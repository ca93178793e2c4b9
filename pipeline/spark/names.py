"""Files of names scored on Spark: a row out for each row in, in order."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812
from pyspark.sql.pandas.types import from_arrow_schema

from lambda_app.chalicelib.model.score import Invalid

from ..scoring import rows
from ..scoring.csv_records import SHOWN, ZEEK
from ..scoring.rows import Column, Notes, Row
from ..scoring.workers import Job
from . import files
from .errors import SparkError
from .events import found as column_of
from .events import quoted
from .files import CORRUPT, Files
from .scoring import SCORED, Batches, Rows, scoring
from .texts import texts_of


def scored(
    found: Files, job: Job, column: Column | None, field: str | None
) -> tuple[DataFrame, Observation | None]:
    """The columns SCORED of all names; column or field says where these stand.

    With a field there is beside it what tells, once the rows have been written, how many objects
    lack it. Raises PipelineError for files that have it not.
    """
    rows_of: Rows
    if found.kind == "parquet":
        table, rows_of = _of_parquet(found, column), _cells
    elif column is not None:
        table, rows_of = _of_csv(found, column), partial(_records, column.name)
    elif field is not None:
        table, rows_of = found.lines, partial(_objects, field)
    else:
        table, rows_of = found.lines, _lines
    made = table.mapInArrow(scoring(job, rows_of), from_arrow_schema(SCORED))
    return (made, None) if field is None else _without_notes(made)


def _of_parquet(found: Files, column: Column | None) -> DataFrame:
    table = files.parquet(found)
    if column is None:
        there = ", ".join(table.columns[:30])
        raise SparkError(f"Parquet has columns: name one of {there}, --column NAME")
    kind, chosen = column_of(table, f"--column {column.name}", column.name)
    if not isinstance(kind, T.StringType):
        raise SparkError(f"--column {column.name}: it is of {kind.simpleString()}, not of texts")
    return table.select(chosen.alias("value"))


def _of_csv(found: Files, column: Column) -> DataFrame:
    lines = found.head.lines
    if not lines or lines[0].startswith(ZEEK):
        what = "a Zeek log as TSV, which Spark does not read here" if lines else "empty"
        raise SparkError(f"{found.head.text.path}: {what}")
    delimiter = column.delimiter or column.delimiter_of(lines[0])
    record = next(csv.reader([lines[0]], delimiter=delimiter), [])
    at, header = rows.find_column(record, column, Notes())
    names = record if header else [f"c{i}" for i in range(len(record))]
    table = files.csv(found, names, delimiter, header)
    return table.select(table[quoted(names[at])].alias("value"), CORRUPT)


# --- beside the data ---

_NO_FIELD = "no field"  # the status of a row that counts objects, and is not written


def _texts(batches: Batches) -> Iterator[str | None]:
    return (text for batch in batches for text in texts_of(batch["value"]))


def _lines(batches: Batches) -> Iterator[Row]:
    return rows.from_lines(x or "" for x in _texts(batches))


def _cells(batches: Batches) -> Iterator[Row]:
    return (rows.NULL if x is None else x for x in _texts(batches))


def _objects(field: str, batches: Batches) -> Iterator[Row]:
    notes = Notes()
    yield from rows.from_json((x or "" for x in _texts(batches)), field, notes)
    for _ in range(notes.without_field):
        yield _LACKING


_LACKING = Invalid("", "", _NO_FIELD, "")


def _records(name: str, batches: Batches) -> Iterator[Row]:
    for batch in batches:
        for text, line in zip(texts_of(batch["value"]), texts_of(batch[CORRUPT]), strict=True):
            if text is None and line is not None:
                yield Invalid(line[:SHOWN], f"no column {name!r} in this row")
            else:
                yield text or ""


def _without_notes(made: DataFrame) -> tuple[DataFrame, Observation]:
    seen = Observation()
    lacking = F.col("status") == _NO_FIELD
    return made.observe(seen, F.count_if(lacking).alias("without")).where(~lacking), seen
