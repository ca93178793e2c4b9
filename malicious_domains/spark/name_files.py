"""Files of names scored on Spark: a row out for each row in, with its place.

Spark reads Parquet and lines; records of CSV and objects are parsed as on one machine, as Spark's
readers take a quote that is never closed, or a number in place of a name, for something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import repeat

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812
from pyspark.sql.pandas.types import from_arrow_schema

from ..inputs import csv_column, rows
from ..inputs.csv_column import Column
from ..inputs.csv_records import is_shifted, normalize_name, read_preamble, read_records
from ..inputs.rows import KeptRow, Notes, Row
from ..inputs.zeek_header import ZEEK_START
from ..names.errors import Invalid, MaliciousDomainsError
from ..scoring.model_options import ModelOptions
from .data_files import InputFiles
from .event_columns import find_column
from .row_places import Block, add_places, gather_files
from .scoring import PLACED, ReadRows, score_batches


def score_files(
    files: InputFiles, options: ModelOptions, column: Column | None, field: str | None
) -> tuple[DataFrame, Observation | None]:
    """Return the columns PLACED of all names; column or field says where these stand.

    With a field, the observation has, once the rows have been written, the number of objects
    without it. Raises MaliciousDomainsError for files without that column.
    """
    read_rows: ReadRows
    if files.kind == "parquet":
        table, read_rows = _read_parquet(files, column), _parse_cells
    elif column is not None:
        layout = CsvLayout.detect(files, column)
        table, read_rows = _read_csv(files), partial(_parse_records, layout)
    else:
        table = _read_lines(files)
        read_rows = _parse_lines if field is None else partial(_parse_objects, field)
    scored = table.mapInArrow(score_batches(options, read_rows), from_arrow_schema(PLACED))
    return (scored, None) if field is None else _count_lacking(scored)


def _read_parquet(files: InputFiles, column: Column | None) -> DataFrame:
    table = files.read_parquet()
    if column is None:
        there = ", ".join(table.columns[:30])
        raise MaliciousDomainsError(f"Parquet has columns: name one of {there}, --column NAME")
    kind, names = find_column(table, f"--column {column.name}", column.name)
    if not isinstance(kind, T.StringType):
        raise MaliciousDomainsError(
            f"--column {column.name}: it is of {kind.simpleString()}, not of texts"
        )
    return add_places(table, names, numbered=True)


def _read_lines(files: InputFiles) -> DataFrame:
    return add_places(files.lines, F.col("value"))


def _read_csv(files: InputFiles) -> DataFrame:
    """Return the lines, a file for each task if a record may go on in the line after it."""
    lines = _read_lines(files)
    quotes = F.length("value") - F.length(F.replace("value", F.lit('"'), F.lit("")))
    odd = F.contains("value", F.lit('"')) & (quotes % 2 == 1)
    return lines if lines.where(odd).isEmpty() else gather_files(lines)


@dataclass(frozen=True)
class CsvLayout:
    """The layout of the first CSV file, which is that of all; header: its names, if it has any."""

    file: str
    column: Column
    at: int
    delimiter: str
    header: tuple[str, ...]

    @classmethod
    def detect(cls, files: InputFiles, column: Column) -> CsvLayout:
        """Read the first file with lines; raises MaliciousDomainsError if the column is missing."""
        lines, file = files.head.lines, str(files.head.file.path)
        given = (column.delimiter, column.detect_delimiter, column.find_header)
        _, rest, delimiter = read_preamble((f"{x}\n" for x in lines), *given)
        if not lines:
            raise MaliciousDomainsError(f"{file}: empty")
        _check_format(file, delimiter)
        records = read_records(rest, delimiter)
        first, second = next(records, []), next(records, [])
        if isinstance(first, Invalid):
            raise MaliciousDomainsError(f"{file}: {first.error}")
        second = [] if isinstance(second, Invalid) else second
        at, header = csv_column.find_column(first, column, Notes(), second)
        at += header and is_shifted(first, second, at)
        return cls(file, column, at, delimiter, tuple(map(normalize_name, first)) if header else ())


# --- beside the data ---

_NO_FIELD = "no field"  # the status of a row that is counted, not written
_LACKING = Invalid("", "", _NO_FIELD, "")
Texts = Iterator[str | None]


def _parse_lines(_: Block, texts: Texts) -> Iterator[Row]:
    return rows.read_lines(x or "" for x in texts)


def _parse_cells(_: Block, texts: Texts) -> Iterator[Row]:
    return (rows.NULL_ROW if x is None else x for x in texts)


def _parse_objects(field: str, _: Block, texts: Texts) -> Iterator[Row]:
    notes = Notes()
    found = rows.read_json_field((x or "" for x in texts), field, notes)
    yield from (x for x in found if not isinstance(x, KeptRow))
    yield from repeat(_LACKING, notes.without_field)


def _parse_records(layout: CsvLayout, block: Block, texts: Texts) -> Iterator[Row]:
    number, first = 0, block.start == 0
    lines: Iterator[str] = (f"{x}\n" for x in texts)
    if first:
        number, lines, delimiter = read_preamble(
            lines, layout.delimiter, str, layout.column.find_header
        )
        _check_format(block.file, delimiter)
    parsed = read_records(lines, layout.delimiter, number)
    if first and layout.header:
        _check_header(layout, block.file, next(parsed, None))
    for record in parsed:
        yield (
            record
            if isinstance(record, Invalid)
            else csv_column.pick_cell(record, layout.at, layout.column)
        )


def _check_format(file: str, delimiter: str) -> None:
    if delimiter == ZEEK_START:
        raise MaliciousDomainsError(f"{file}: a Zeek log as TSV, which Spark does not read here")


def _check_header(layout: CsvLayout, file: str, first: list[str] | Invalid | None) -> None:
    if first is not None and tuple(map(normalize_name, first)) != layout.header:
        raise MaliciousDomainsError(
            f"{file} has another header than {layout.file}: give files of one header at a time"
        )


def _count_lacking(scored: DataFrame) -> tuple[DataFrame, Observation]:
    observation = Observation()
    lacking = F.col("status") == _NO_FIELD
    counted = scored.observe(observation, F.count_if(lacking).alias("without"))
    return counted.where(~lacking), observation
