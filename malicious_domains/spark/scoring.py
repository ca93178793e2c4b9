"""Names scored on Spark: the scorer's own verdicts, batch by batch, where the data are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.pandas.types import from_arrow_schema, from_arrow_type

from ..inputs.rows import NULL_ROW, Row
from ..model.scorer import Scorer
from ..names.errors import Invalid, MaliciousDomainsError
from ..scoring.model_options import ModelOptions, load_scorer
from ..scoring.output_formats import (
    Counts,
    compute_verdicts,
    describe_exception,
    explain_invalid,
    join_generators,
)
from .row_places import Block, split_blocks

CHUNK = 1 << 15  # rows scored together; each different text is scored once
_MOST_CHARACTERS = 1 << 24  # of a chunk
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
    """Return a row of SCORED for each row, in order; none is lost."""
    place = {row: at for at, row in enumerate(dict.fromkeys(rows))}
    columns = zip(*_score_different(scorer, [*place]), strict=True)
    arrays = [
        _to_column(column) if x.type == _TEXT else pa.array(column, x.type)
        for x, column in zip(SCORED, columns, strict=True)
    ]
    different = pa.RecordBatch.from_arrays(arrays, schema=SCORED)
    if len(place) == len(rows):
        return different
    return different.take(pa.array([place[row] for row in rows], pa.int64()))


def _score_different(scorer: Scorer, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    for row, x in zip(rows, compute_verdicts(scorer, rows), strict=True):
        if isinstance(x, Invalid):
            yield x.domain, x.status, None, None, None, explain_invalid(x) or None, None, x.reason
        else:
            reason, generators = describe_exception(x.name, x.allowed), join_generators(x.known)
            scored = (x.name.label, x.label, x.probability)
            yield row, "judged", *scored, reason or None, generators or None, None


def _to_column(texts: Iterable[str | None]) -> pa.Array:
    """Return texts as a column; a byte that was not UTF-8 is written as \\xNN."""
    try:
        return pa.array(texts, _TEXT)
    except UnicodeEncodeError:
        encoded = (x and x.encode("utf-8", "surrogateescape") for x in texts)
        return pa.array([x and x.decode("utf-8", "backslashreplace") for x in encoded], _TEXT)


# --- files ---

Batches = Iterable[pa.RecordBatch]
ReadRows = Callable[[Block, Iterator[str | None]], Iterator[Row]]


def score_batches(
    options: ModelOptions, read_rows: ReadRows
) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """Return what mapInArrow runs over row_places.add_places: it scores the rows of each block."""
    return partial(_score_batches, options, read_rows)


def _score_batches(
    options: ModelOptions, read_rows: ReadRows, batches: Batches
) -> Iterator[pa.RecordBatch]:
    scorer = load_scorer(options)
    for rows, files, places in _split_chunks(read_rows, batches):
        where = [pa.array(files, _TEXT), pa.array(places, pa.int64())]
        columns = [*score_rows(scorer, rows).columns, *where]
        yield pa.RecordBatch.from_arrays(columns, schema=PLACED)


def _split_chunks(
    read_rows: ReadRows, batches: Batches
) -> Iterator[tuple[list[Row], list[str], list[int]]]:
    """Yield some rows at a time, the file of each and its place there."""
    rows, files, places, size = list[Row](), list[str](), list[int](), 0
    for block, texts in split_blocks(batches):
        for place, row in enumerate(read_rows(block, texts), block.place):
            rows.append(row)
            files.append(block.file)
            places.append(place)
            size += len(row)
            if len(rows) == CHUNK or size > _MOST_CHARACTERS:
                yield rows, files, places
                rows, files, places, size = [], [], [], 0
    if rows:
        yield rows, files, places


def count_rows(table: DataFrame) -> Counts:
    """Count the rows of PLACED of each kind, for output_formats.format_summary."""
    skipped = F.when(F.col("status") == "skipped", F.col("reason"))
    allowed = F.when(F.col("status") == "judged", F.col("reason").startswith("allowed: "))
    groups = table.groupBy("status", "label", skipped.alias("why"), allowed.alias("allowed"))
    counts: Counts = Counter()
    for status, label, reason, listed, number in groups.count().collect():
        counts[f"skipped {reason}" if status == "skipped" else status] += number
        counts["flagged"] += number * (label or 0)
        counts["allowed"] += number * bool(listed)
    return counts


# --- columns ---

_PANDAS_TYPES = {pa.int32(): pd.Int32Dtype()}  # which has nulls


def register_udf(
    spark: SparkSession, name: str, options: ModelOptions
) -> Callable[[Column | str], Column]:
    """Return a function from texts to structs of VERDICT, which SQL knows by its name."""
    load_scorer(options)  # an error of its options is raised here, not by an executor

    def score(texts: pd.Series) -> pd.DataFrame:
        if not len(texts):
            return pd.DataFrame(columns=VERDICT.names)
        _check_texts(name, texts)
        rows = [x if isinstance(x, str) else NULL_ROW for x in texts]
        batch = score_rows(load_scorer(options), rows).select(VERDICT.names)
        table: pd.DataFrame = batch.to_pandas(types_mapper=_PANDAS_TYPES.get)
        return table

    score.__annotations__ = {"texts": pd.Series, "return": pd.DataFrame}
    wrap: Any = pandas_udf  # whose overloads know of no struct
    function: Callable[[Column | str], Column] = wrap(score, from_arrow_schema(VERDICT))
    spark.udf.register(name, function)
    return function


def _check_texts(name: str, texts: pd.Series | pd.DataFrame) -> None:
    """Raise MaliciousDomainsError for a column of another type, which is not known before."""
    kind = "struct" if isinstance(texts, pd.DataFrame) else pd.api.types.infer_dtype(texts)
    if kind in ("string", "empty"):
        return
    if kind in ("integer", "floating"):  # with nulls among them whole numbers are floats by now
        kind = "numbers"
    elif kind != "struct":
        kind = from_arrow_type(pa.Array.from_pandas(texts).type).simpleString()
    raise MaliciousDomainsError(
        f"{name}: a column of {kind}, not of texts; give it the column that has the names, or "
        "CAST(… AS STRING)"
    )
