"""Files of names scored on Spark: a row out for each row in, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import repeat

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812
from pyspark.sql.pandas.types import from_arrow_schema

from ..inputs import rows
from ..inputs.csv_records import normalize_name, read_preamble, read_records
from ..inputs.rows import Column, Notes, Row
from ..inputs.zeek_header import ZEEK_START
from ..model.score import Invalid
from ..scoring.workers import Job
from . import input_files
from .errors import SparkError
from .event_columns import found as column_of
from .input_files import Files
from .row_places import Block, placed, whole_files
from .scoring import PLACED, Rows, scoring


def scored(
    found: Files, job: Job, column: Column | None, field: str | None
) -> tuple[DataFrame, Observation | None]:
    """The columns PLACED of all names; column or field says where these stand.

    With a field there is beside it what tells, once the rows have been written, how many objects
    lack it. Raises MaliciousDomainsError for files that have it not.
    """
    rows_of: Rows
    if found.kind == "parquet":
        table, rows_of = _of_parquet(found, column), _cells
    elif column is not None:
        table, rows_of = _of_csv(found), partial(_records, Table.of(found, column))
    else:
        table = _of_lines(found)
        rows_of = _lines if field is None else partial(_objects, field)
    made = table.mapInArrow(scoring(job, rows_of), from_arrow_schema(PLACED))
    return (made, None) if field is None else _without_notes(made)


def _of_parquet(found: Files, column: Column | None) -> DataFrame:
    table = input_files.parquet(found)
    if column is None:
        there = ", ".join(table.columns[:30])
        raise SparkError(f"Parquet has columns: name one of {there}, --column NAME")
    kind, chosen = column_of(table, f"--column {column.name}", column.name)
    if not isinstance(kind, T.StringType):
        raise SparkError(f"--column {column.name}: it is of {kind.simpleString()}, not of texts")
    return placed(table, chosen, numbered=True)


def _of_lines(found: Files) -> DataFrame:
    return placed(found.lines, F.col("value"))


def _of_csv(found: Files) -> DataFrame:
    """The lines, of each file by one task if a record may go on in the line after it."""
    lines = _of_lines(found)
    quotes = F.length("value") - F.length(F.replace("value", F.lit('"'), F.lit("")))
    odd = F.contains("value", F.lit('"')) & (quotes % 2 == 1)
    return lines if lines.where(odd).isEmpty() else whole_files(lines)


@dataclass(frozen=True)
class Table:
    """What CSV files have in common, as the first has it; header: its names, if it has any."""

    file: str
    column: Column
    at: int
    delimiter: str
    header: tuple[str, ...]

    @classmethod
    def of(cls, found: Files, column: Column) -> Table:
        """Of the first file that is not empty; raises MaliciousDomainsError if it has no such column."""
        lines, file = found.head.lines, str(found.head.text.path)
        given = (column.delimiter, column.detect_delimiter)
        _, rest, delimiter = read_preamble((f"{x}\n" for x in lines), *given)
        if not lines:
            raise SparkError(f"{file}: empty")
        _check_format(file, delimiter)
        first = next(read_records(rest, delimiter), [])
        if isinstance(first, Invalid):
            raise SparkError(f"{file}: {first.reason}")
        at, header = rows.find_column(first, column, Notes())
        return cls(file, column, at, delimiter, tuple(map(normalize_name, first)) if header else ())


# --- beside the data ---

_NO_FIELD = "no field"  # the status of a row that counts objects, and is not written
Texts = Iterator[str | None]


def _lines(_: Block, texts: Texts) -> Iterator[Row]:
    return rows.read_lines(x or "" for x in texts)


def _cells(_: Block, texts: Texts) -> Iterator[Row]:
    return (rows.NULL_ROW if x is None else x for x in texts)


def _objects(field: str, _: Block, texts: Texts) -> Iterator[Row]:
    notes = Notes()
    yield from rows.read_json_field((x or "" for x in texts), field, notes)
    yield from repeat(_LACKING, notes.without_field)


_LACKING = Invalid("", "", _NO_FIELD, "")


def _records(table: Table, block: Block, texts: Texts) -> Iterator[Row]:
    number, first = 0, block.start == 0
    lines: Iterator[str] = (f"{x}\n" for x in texts)
    if first:
        number, lines, delimiter = read_preamble(lines, table.delimiter, str)
        _check_format(block.file, delimiter)
    found = read_records(lines, table.delimiter, number)
    if first and table.header:
        _check_header(table, block.file, next(found, None))
    for record in found:
        yield (
            record
            if isinstance(record, Invalid)
            else rows.pick_cell(record, table.at, table.column)
        )


def _check_format(file: str, delimiter: str) -> None:
    if delimiter == ZEEK_START:
        raise SparkError(f"{file}: a Zeek log as TSV, which Spark does not read here")


def _check_header(table: Table, file: str, first: list[str] | Invalid | None) -> None:
    if first is not None and tuple(map(normalize_name, first)) != table.header:
        raise SparkError(
            f"{file} has another header than {table.file}: give files of one header at a time"
        )


def _without_notes(made: DataFrame) -> tuple[DataFrame, Observation]:
    seen = Observation()
    lacking = F.col("status") == _NO_FIELD
    return made.observe(seen, F.count_if(lacking).alias("without")).where(~lacking), seen
