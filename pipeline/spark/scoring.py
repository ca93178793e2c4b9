"""Names scored on Spark: the scorer's own verdicts, batch by batch, where the data are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from lambda_app.chalicelib.model.score import Invalid
from lambda_app.chalicelib.model.scorer import Scorer

from ..scoring.formats import Counts, generators, remark, verdicts, why
from ..scoring.rows import Row
from ..scoring.workers import Job, scorer_of
from .texts import column_of

CHUNK = 1 << 15  # rows scored together, of which each different text is looked at once
VERDICT = "status string, name string, label int, probability double, reason string, known string"
SCORED = f"domain string, {VERDICT}"

_TYPES = {"string": pa.string(), "int": pa.int32(), "double": pa.float64()}


def schema_of(text: str) -> pa.Schema:
    """An Arrow schema of the few types that these columns have."""
    pairs = (part.split() for part in text.split(","))
    return pa.schema([(name, _TYPES[kind]) for name, kind in pairs])


def scored(scorer: Scorer, rows: Sequence[Row]) -> pa.RecordBatch:
    """A row out for each row in, in order, with the columns SCORED; none is lost."""
    place = {row: at for at, row in enumerate(dict.fromkeys(rows))}
    columns = _columns(scorer, list(place))
    schema = schema_of(SCORED)
    texts = [
        column_of(columns[x.name]) if x.type == pa.string() else pa.array(columns[x.name], x.type)
        for x in schema
    ]
    different = pa.RecordBatch.from_arrays(texts, schema=schema)
    if len(place) == len(rows):
        return different
    return different.take(pa.array([place[row] for row in rows], pa.int64()))


def _columns(scorer: Scorer, rows: Sequence[Row]) -> dict[str, list[object]]:
    found = verdicts(scorer, rows)
    judged = zip(found.verdict, found.probability, found.allowed, found.known, strict=True)
    lines: list[tuple[object, ...]] = []
    for row, name in zip(rows, found.rows, strict=True):
        if isinstance(name, Invalid):
            lines.append((name.domain, name.status, None, None, None, why(name) or None, None))
        else:
            label, probability, entry, known = next(judged)
            told = (remark(name, entry) or None, generators(known) or None)
            lines.append((row, "judged", name.label, label, probability, *told))
    columns = zip(*lines, strict=True) if lines else [()] * 7
    return dict(zip((x.name for x in schema_of(SCORED)), map(list, columns), strict=True))


Rows = Callable[[Iterator[pa.RecordBatch]], Iterator[Row]]


def scoring(
    job: Job, rows_of: Rows
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What mapInArrow runs: rows out of a partition's batches, scored some at a time."""
    return partial(_score, job, rows_of)


def _score(job: Job, rows_of: Rows, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    scorer, chunk = scorer_of(job), list[Row]()
    for row in rows_of(batches):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield scored(scorer, chunk)
            chunk = []
    if chunk:
        yield scored(scorer, chunk)


def counted(table: DataFrame) -> Counts:
    """How many rows of SCORED there are of each kind, as formats.summary takes them."""
    skipped = F.when(F.col("status") == "skipped", F.col("reason"))
    allowed = F.when(F.col("status") == "judged", F.col("reason").startswith("allowed: "))
    groups = table.groupBy("status", "label", skipped.alias("why"), allowed.alias("allowed"))
    counts: Counts = Counter()
    for status, label, reason, listed, number in groups.count().collect():
        counts[f"skipped {reason}" if status == "skipped" else status] += number
        counts["flagged"] += number * (label or 0)
        counts["allowed"] += number * bool(listed)
    return counts
