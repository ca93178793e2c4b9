"""Files of names scored on Spark: a row out for each row in, in order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as T  # noqa: N812

from lambda_app.chalicelib.model.score import Invalid

from ..scoring import rows
from ..scoring.csv_records import SHOWN
from ..scoring.rows import Column, Notes, Row
from ..scoring.workers import Job
from . import files
from .errors import SparkError
from .events import found as column_of
from .files import CORRUPT, Files
from .scoring import SCORED, scoring
from .texts import texts_of


def scored(found: Files, job: Job, column: Column | None, field: str | None) -> DataFrame:
    """The columns SCORED of all names; column or field says where these stand.

    Raises PipelineError for files that have it not.
    """
    if found.kind == "parquet":
        if column is None:
            raise SparkError(f"{found.head.text.path}: Parquet: name the column, --column NAME")
        table, rows_of = _of_table(files.parquet(found), column), _cells
    elif column is not None:
        table, rows_of = _of_csv(found, column), partial(_records, column.name)
    elif field is not None:
        table, rows_of = found.lines, partial(_objects, field)
    else:
        table, rows_of = found.lines, _lines
    return table.mapInArrow(scoring(job, rows_of), SCORED)


def _of_table(table: DataFrame, column: Column) -> DataFrame:
    kind, found = column_of(table, "--column", column.name)
    if not isinstance(kind, T.StringType):
        raise SparkError(f"--column {column.name}: it is of {kind.simpleString()}, not of texts")
    return table.select(found.alias("value"))


def _of_csv(found: Files, column: Column) -> DataFrame:
    raise NotImplementedError


# --- beside the data ---

_PLACEHOLDER = Invalid("null", "no name", "skipped", "placeholder")


def _texts(batches: Iterator[pa.RecordBatch]) -> Iterator[str | None]:
    return (text for batch in batches for text in texts_of(batch["value"]))


def _lines(batches: Iterator[pa.RecordBatch]) -> Iterator[Row]:
    return rows.from_lines(x or "" for x in _texts(batches))


def _cells(batches: Iterator[pa.RecordBatch]) -> Iterator[Row]:
    """As a field of JSON: a null is a placeholder."""
    return (_PLACEHOLDER if x is None else x for x in _texts(batches))


def _objects(field: str, batches: Iterator[pa.RecordBatch]) -> Iterator[Row]:
    return rows.from_json((x or "" for x in _texts(batches)), field, Notes())


def _records(name: str, batches: Iterator[pa.RecordBatch]) -> Iterator[Row]:
    for batch in batches:
        for text, line in zip(texts_of(batch["value"]), texts_of(batch[CORRUPT]), strict=True):
            if text is None and line is not None:
                yield Invalid(line[:SHOWN], f"no column {name!r} in this row")
            else:
                yield text or ""
