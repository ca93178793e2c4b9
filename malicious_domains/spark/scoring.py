"""Names scored on Spark: the scorer's own verdicts, batch by batch, where the data are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql import types as T  # noqa: N812
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.pandas.types import from_arrow_schema

from ..inputs import csv_column, rows
from ..inputs.csv_records import is_shifted, split_line
from ..inputs.rows import NULL_ROW, KeptRow, Notes, Row
from ..model.scorer import Scorer
from ..names.errors import Invalid, MaliciousDomainsError
from ..scoring import output_formats
from ..scoring.model_options import ModelOptions, load_scorer
from ..scoring.output_formats import compute_verdicts, describe_exception, explain_invalid
from .data_files import InputFiles, display_path, quote_name
from .python_workers import Batches, Results, to_texts

_TEXT = pa.string()
VERDICT = pa.schema(
    {
        "status": _TEXT,  # judged, skipped or invalid; of these two the next three are null
        "name": _TEXT,  # the label that was judged
        "label": pa.int32(),  # 1 malicious, 0 legitimate
        "probability": pa.float64(),
        "reason": _TEXT,  # a code for what is skipped, a sentence for what is invalid
        "known": _TEXT,  # the generators that make it, where there is an index
        "reason_code": _TEXT,  # a code for what is skipped or invalid
    }
)
SCORED = pa.schema([pa.field("domain", _TEXT), *VERDICT])
# place grows along the file.
PLACED = pa.schema([*SCORED, pa.field("file", _TEXT), pa.field("place", pa.int64())])


def score_rows(scorer: Scorer, rows: Sequence[Row]) -> pa.RecordBatch:
    """Return a row of SCORED for each row, in order; none is lost.

    >>> score_rows(Scorer.load(), ["google.com", "", "google.com"])["label"].to_pylist()
    [0, None, 0]
    """
    place = {row: at for at, row in enumerate(dict.fromkeys(rows))}  # each is scored once
    columns = zip(*_score_different(scorer, [*place]), strict=True) if rows else [()] * len(SCORED)
    pairs = zip(SCORED, columns, strict=True)
    arrays = [pa.array(map(_escape, y) if x.type == _TEXT else y, x.type) for x, y in pairs]
    different = pa.RecordBatch.from_arrays(arrays, schema=SCORED)
    return different.take(pa.array([place[row] for row in rows], pa.int64()))


def _score_different(scorer: Scorer, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    for row, x in zip(rows, compute_verdicts(scorer, rows), strict=True):
        if isinstance(x, Invalid):
            yield x.domain, x.status, None, None, None, explain_invalid(x) or None, None, x.reason
        else:
            reason = describe_exception(x.name, x.allowed)
            generators = "; ".join(map(str, x.known or ()))
            scored = (x.name.label, x.label, x.probability)
            yield row, "judged", *scored, reason or None, generators or None, None


def _escape(text: str | None) -> str | None:
    """Return a text in which a byte that was not UTF-8 is written as \\xNN."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\\udc", "\\x")


# --- files ---

_NO_FIELD = "no field"  # the status of a row that is counted, not written
_LACKING = Invalid("", "", _NO_FIELD, "")
Parse = Callable[[str | None], Iterable[Row]]


def score_files(
    files: InputFiles, options: ModelOptions, column: csv_column.Column | None, field: str | None
) -> tuple[DataFrame, Observation]:
    """Return the columns PLACED of all names; column or field says where these stand.

    The observation has, once the rows have been written, the number of objects without the field.
    Raises MaliciousDomainsError for files without that column.
    """
    parse: Parse = _parse_cell
    if files.kind == "parquet":
        table, name = _read_parquet(files, column.name if column else field or "")
    elif column is not None:
        table, name = _read_csv(files, column)
    else:
        table, name = files.lines, F.col("value")
        parse = _parse_line if field is None else partial(_parse_object, field)
    file = table.metadataColumn("_metadata")["file_path"]
    # Spark gives the parts of a file to its tasks in their order.
    place = F.monotonically_increasing_id()
    placed = table.select(name.alias("value"), file.alias("file"), place.alias("place"))
    scored = placed.mapInArrow(partial(_score_batches, options, parse), from_arrow_schema(PLACED))
    observation, lacking = Observation(), F.col("status") == _NO_FIELD
    counted = scored.observe(observation, F.count_if(lacking).alias("without"))
    return counted.where(~lacking), observation


def _read_parquet(files: InputFiles, name: str) -> tuple[DataFrame, Column]:
    table = files.reader.parquet(*files.paths)
    if not name:
        columns = ", ".join(table.columns[:30])
        raise MaliciousDomainsError(f"Parquet has columns: name one of {columns}, --column NAME")
    value = F.col(quote_name(name) if name in table.columns else name)
    if (kind := table.select(value).schema[0].dataType) != T.StringType():
        raise MaliciousDomainsError(f"--column {name}: of {kind.simpleString()}, not of texts")
    return table, value


def _read_csv(files: InputFiles, column: csv_column.Column) -> tuple[DataFrame, Column]:
    """Return the column's cells as Spark splits records, which may have line breaks."""
    lines = files.head.lines
    if not lines:
        raise MaliciousDomainsError(f"{display_path(files.names[0])}: empty")
    delimiter = column.delimiter or column.detect_delimiter(lines[0])
    first, second = (split_line(x, delimiter) for x in [*lines, ""][:2])
    at, has_header = column.find(first, Notes(), second)
    at += has_header and is_shifted(first, second, at)
    if has_header and len(files.names) > 1:
        # It raises an error for another header, if it needs a value.
        files.below_header.where("value = ''").count()
    table = files.reader.options(
        sep=delimiter,
        header=has_header,
        multiLine=True,
        escape="\\" if any('\\"' in x for x in lines) else '"',  # MySQL's, or the usual
        ignoreLeadingWhiteSpace=True,
    ).csv([*files.paths], schema=", ".join(f"c{i} string" for i in range(at + 1)))
    return table, F.coalesce(f"c{at}", F.lit(""))


# --- beside the data ---


def _score_batches(options: ModelOptions, parse: Parse, batches: Batches) -> Results:
    scorer = load_scorer(options)
    for batch in batches:
        parsed = [[*parse(text)] for text in to_texts(batch["value"])]
        at = pa.array([i for i, own in enumerate(parsed) for _ in own], pa.int64())
        files = map(_name_file, batch["file"].take(at).to_pylist())
        where = [pa.array(files, _TEXT), batch["place"].take(at)]
        columns = score_rows(scorer, [row for own in parsed for row in own]).columns
        yield pa.RecordBatch.from_arrays([*columns, *where], schema=PLACED)


@lru_cache
def _name_file(uri: str) -> str:
    return display_path(unquote(uri))


def _parse_cell(text: str | None) -> Iterable[Row]:
    return [NULL_ROW if text is None else text]


def _parse_line(text: str | None) -> Iterable[Row]:
    return rows.read_lines(iter([text or ""]))


def _parse_object(field: str, text: str | None) -> Iterable[Row]:
    notes = Notes()
    values = rows.read_json_field(iter([text or ""]), field, notes)
    return [*(x for x in values if not isinstance(x, KeptRow)), *[_LACKING] * notes.without_field]


# --- counts and columns ---


def count_rows(table: DataFrame) -> output_formats.Counts:
    """Count the rows of PLACED of each kind, for output_formats.format_summary."""
    skipped = F.when(F.col("status") == "skipped", F.col("reason"))
    allowed = F.when(F.col("status") == "judged", F.col("reason").startswith("allowed: "))
    groups = table.groupBy("status", "label", skipped.alias("why"), allowed.alias("allowed"))
    counts: output_formats.Counts = Counter()
    for status, label, reason, listed, number in groups.count().collect():
        counts[f"skipped {reason}" if status == "skipped" else status] += number
        counts["flagged"] += number * (label or 0)
        counts["allowed"] += number * bool(listed)
    return counts


def register_udf(
    spark: SparkSession, name: str, options: ModelOptions
) -> Callable[[Column | str], Column]:
    """Return a function from texts to structs of VERDICT, which SQL knows by its name."""
    load_scorer(options)  # an error of its options is raised here, not by an executor

    def score(texts: pd.Series) -> pd.DataFrame:
        is_table = isinstance(texts, pd.DataFrame)  # of a struct
        if is_table or pd.api.types.infer_dtype(texts) not in ("string", "empty"):
            wanted = "give it the column that has the names, or CAST(… AS STRING)"
            raise MaliciousDomainsError(f"{name}: a column that is not of texts; {wanted}")
        rows = [x if isinstance(x, str) else NULL_ROW for x in texts]
        batch = score_rows(load_scorer(options), rows).select(VERDICT.names)
        table: pd.DataFrame = batch.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
        return table

    score.__annotations__ = {"texts": pd.Series, "return": pd.DataFrame}
    wrap: Any = pandas_udf  # whose overloads know of no struct
    function: Callable[[Column | str], Column] = wrap(score, from_arrow_schema(VERDICT))
    spark.udf.register(name, function)
    return function
