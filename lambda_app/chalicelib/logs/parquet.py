"""Read Parquet objects, such as those of Amazon Security Lake, with pyarrow from a layer."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import IO, Any

MAGIC = b"PAR1"  # that a file begins with
_ROWS = 10_000  # that are objects of Python at a time
_BUFFER = 1 << 20  # bytes of a column that are read at a time


class LogError(ValueError):
    """An object is no log of this format; the message says why."""


def read_parquet(file: IO[bytes], columns: Sequence[str], limit: int) -> Iterator[dict[str, Any]]:
    """Yield rows as JSON has them, nested, with those of `columns` that the file has.

    columns: "query.hostname" is a field of a struct. limit: bytes of the unpacked file. Raises
    LogError, also where pyarrow is missing.
    """
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        layer = "give the function a layer with pyarrow: ParquetLayer in docs/operations.md"
        raise LogError(f"it is Parquet; {layer} ({error})") from error
    try:
        reader = parquet.ParquetFile(file, buffer_size=_BUFFER, coerce_int96_timestamp_unit="us")
        groups = range(reader.num_row_groups)
        if sum(reader.metadata.row_group(i).total_byte_size for i in groups) > limit:
            raise LogError(f"it unpacks to more than {limit:,} bytes")
        for batch in reader.iter_batches(_ROWS, columns=columns):
            yield from batch.to_pylist()
    except (ValueError, OSError) as error:  # what pyarrow raises for damaged files, too
        raise LogError(f"it cannot be read as Parquet: {error}") from error
