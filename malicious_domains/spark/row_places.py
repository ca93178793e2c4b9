"""Where rows stand: the file of each, and a number that grows along the file.

Spark hands out the largest pieces of files first, and reads what it has written in that way too.
So it is these two columns that rows can be put in order by, whoever reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, pairwise
from operator import itemgetter
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from .arrow_columns import texts_of
from .input_files import shown


class Block(NamedTuple):
    """What a task reads of a file at one go: from which byte on, and its first row's place."""

    file: str
    start: int
    place: int


def placed(table: DataFrame, value: Column, numbered: bool = False) -> DataFrame:
    """The columns value, file, start and place of what was read; see Block.

    numbered: Spark knows the number of each row in its file, as it does of Parquet. Else a row's
    place is its block's first byte and how many rows of the block come before it: no row is shorter
    than a byte, so places grow from block to block.
    """
    at = table.metadataColumn("_metadata")
    start = at["file_block_start"]
    # Of a later block the line that begins with its first byte belongs to the block before it.
    place = at["row_index"] if numbered else start + (start > 0).cast("long")
    columns = (value.alias("value"), at["file_path"].alias("file"), start.alias("start"))
    return table.select(*columns, place.alias("place"))


def whole_files(table: DataFrame) -> DataFrame:
    """The same rows, those of each file in one partition, in turn, as one block."""
    turn = table.withColumn("turn", F.monotonically_increasing_id())
    sorted_ = turn.repartition("file").sortWithinPartitions("file", "start", "turn")
    first = F.lit(0).cast("long")
    return sorted_.select("value", "file", first.alias("start"), first.alias("place"))


# --- beside the data ---


def blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[Block, Iterator[str | None]]]:
    """Each block of a partition and its texts, which are to be taken before the next block."""
    for (file, start), runs in groupby(_runs(batches), itemgetter(0)):
        parts = (part for _, part in runs)
        first = next(parts)
        texts = (text for part in chain([first], parts) for text in texts_of(part["value"]))
        yield Block(shown(unquote(file)), start, first["place"][0].as_py()), texts


def _runs(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[tuple[str, int], pa.RecordBatch]]:
    """Pieces of batches of one block each."""
    for batch in batches:
        for at, end in pairwise([*_changes(batch), batch.num_rows]):
            part = batch.slice(at, end - at)
            yield (part["file"][0].as_py(), part["start"][0].as_py()), part


def _changes(batch: pa.RecordBatch) -> list[int]:
    """Where another block begins than that of the row before."""
    if not batch.num_rows:
        return []
    others = (pc.not_equal(x[1:], x[:-1]) for x in (batch["file"], batch["start"]))
    changed = pc.or_(*others).to_numpy(zero_copy_only=False)
    return [0, *(int(x) + 1 for x in np.flatnonzero(changed))]
