"""Where rows stand: the file of each, and a number that grows along the file.

Spark hands out the largest pieces of files first, and reads what it has written in that way too.
So rows can be put in order by these two columns.
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

from .data_files import display_path


class Block(NamedTuple):
    """A part of a file that a task reads at one go: its first byte, and its first row's place."""

    file: str
    start: int
    place: int


def add_places(table: DataFrame, value: Column, numbered: bool = False) -> DataFrame:
    """Return the columns value, file, start and place of a table that was read; see Block.

    numbered: Spark knows the number of each row in its file, as it does of Parquet. Else a row's
    place is its block's first byte plus the number of rows of the block before it: no row is
    shorter than a byte, so places grow from block to block.
    """
    at = table.metadataColumn("_metadata")
    start = at["file_block_start"]
    # Of a later block the line that begins with its first byte belongs to the block before it.
    place = at["row_index"] if numbered else start + (start > 0).cast("long")
    columns = (value.alias("value"), at["file_path"].alias("file"), start.alias("start"))
    return table.select(*columns, place.alias("place"))


def gather_files(table: DataFrame) -> DataFrame:
    """Return the same rows, those of each file in one partition, in order, as one block."""
    numbered = table.withColumn("order", F.monotonically_increasing_id())
    ordered = numbered.repartition("file").sortWithinPartitions("file", "start", "order")
    first = F.lit(0).cast("long")
    return ordered.select("value", "file", first.alias("start"), first.alias("place"))


# --- beside the data ---


def split_blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[Block, Iterator[str | None]]]:
    """Yield each block of a partition and its texts, which must be read before the next block."""
    for (file, start), slices in groupby(_slice_blocks(batches), itemgetter(0)):
        parts = (part for _, part in slices)
        first = next(parts)
        texts = (text for part in chain([first], parts) for text in to_texts(part["value"]))
        yield Block(display_path(unquote(file)), start, first["place"][0].as_py()), texts


def to_texts(column: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """Return a column of text; bytes that are not UTF-8 become surrogates, as in a text file."""
    try:
        texts: list[str | None] = column.to_pylist()
    except UnicodeDecodeError:
        raw = column.cast(pa.binary()).to_pylist()
        texts = [None if x is None else x.decode("utf-8", "surrogateescape") for x in raw]
    return texts


def _slice_blocks(
    batches: Iterable[pa.RecordBatch],
) -> Iterator[tuple[tuple[str, int], pa.RecordBatch]]:
    for batch in batches:
        for at, end in pairwise([*_find_starts(batch), batch.num_rows]):
            part = batch.slice(at, end - at)
            yield (part["file"][0].as_py(), part["start"][0].as_py()), part


def _find_starts(batch: pa.RecordBatch) -> list[int]:
    """Return the rows at which another block begins than that of the row before."""
    if not batch.num_rows:
        return []
    others = (pc.not_equal(x[1:], x[:-1]) for x in (batch["file"], batch["start"]))
    changed = pc.or_(*others).to_numpy(zero_copy_only=False)
    return [0, *(int(x) + 1 for x in np.flatnonzero(changed))]
