"""Names scored on Spark: the scorer's own verdicts, batch by batch, where the data are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from ..inputs.rows import Row
from ..model.score import Invalid
from ..model.scorer import Scorer
from ..scoring.output_formats import (
    Counts,
    compute_verdicts,
    describe_exception,
    explain_invalid,
    join_generators,
)
from ..scoring.workers import Job, load_scorer
from .arrow_columns import column_of
from .row_places import Block, blocks

CHUNK = 1 << 15  # rows scored together, of which each different text is looked at once
_LARGE = 1 << 24  # characters of a smaller chunk
_TEXT = pa.string()
VERDICT = pa.schema(
    {
        "status": _TEXT,  # judged, skipped or invalid; of these two the next three are null
        "name": _TEXT,  # the label that was judged
        "label": pa.int32(),  # 1 malicious, 0 legitimate
        "probability": pa.float64(),
        "reason": _TEXT,  # a code for what is skipped, a sentence for what is invalid
        "known": _TEXT,  # the generators that make it, where there is an index
    }
)
SCORED = pa.schema([pa.field("domain", _TEXT), *VERDICT])
PLACED = pa.schema(
    [
        *SCORED,
        pa.field("file", _TEXT),
        pa.field("place", pa.int64()),  # grows along the file
    ]
)


def scored(scorer: Scorer, rows: Sequence[Row]) -> pa.RecordBatch:
    """A row out for each row in, in order, with the columns SCORED; none is lost."""
    place = {row: at for at, row in enumerate(dict.fromkeys(rows))}
    columns = zip(*_lines(scorer, [*place]), strict=True)
    arrays = [
        column_of(column) if x.type == _TEXT else pa.array(column, x.type)
        for x, column in zip(SCORED, columns, strict=True)
    ]
    different = pa.RecordBatch.from_arrays(arrays, schema=SCORED)
    if len(place) == len(rows):
        return different
    return different.take(pa.array([place[row] for row in rows], pa.int64()))


def _lines(scorer: Scorer, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    found = compute_verdicts(scorer, rows)
    judged = zip(found.verdict, found.probability, found.allowed, found.known, strict=True)
    for row, name in zip(rows, found.rows, strict=True):
        if isinstance(name, Invalid):
            yield name.domain, name.status, None, None, None, explain_invalid(name) or None, None
        else:
            label, probability, entry, known = next(judged)
            told = (describe_exception(name, entry) or None, join_generators(known) or None)
            yield row, "judged", name.label, label, probability, *told


Batches = Iterable[pa.RecordBatch]
Rows = Callable[[Block, Iterator[str | None]], Iterator[Row]]


def scoring(job: Job, rows_of: Rows) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """What mapInArrow runs over places.placed: rows out of each block, scored some at a time."""
    return partial(_score, job, rows_of)


def _score(job: Job, rows_of: Rows, batches: Batches) -> Iterator[pa.RecordBatch]:
    scorer = load_scorer(job)
    for rows, files, places in _chunks(rows_of, batches):
        where = [pa.array(files, _TEXT), pa.array(places, pa.int64())]
        columns = [*scored(scorer, rows).columns, *where]
        yield pa.RecordBatch.from_arrays(columns, schema=PLACED)


Chunk = tuple[list[Row], list[str], list[int]]  # rows, the file of each and its place there


def _chunks(rows_of: Rows, batches: Batches) -> Iterator[Chunk]:
    rows, files, places, size = list[Row](), list[str](), list[int](), 0
    for block, texts in blocks(batches):
        for place, row in enumerate(rows_of(block, texts), block.place):
            rows.append(row)
            files.append(block.file)
            places.append(place)
            size += len(row)
            if len(rows) == CHUNK or size > _LARGE:
                yield rows, files, places
                rows, files, places, size = [], [], [], 0
    if rows:
        yield rows, files, places


def counted(table: DataFrame) -> Counts:
    """How many rows of PLACED there are of each kind, as formats.summary takes them."""
    skipped = F.when(F.col("status") == "skipped", F.col("reason"))
    allowed = F.when(F.col("status") == "judged", F.col("reason").startswith("allowed: "))
    groups = table.groupBy("status", "label", skipped.alias("why"), allowed.alias("allowed"))
    counts: Counts = Counter()
    for status, label, reason, listed, number in groups.count().collect():
        counts[f"skipped {reason}" if status == "skipped" else status] += number
        counts["flagged"] += number * (label or 0)
        counts["allowed"] += number * bool(listed)
    return counts
