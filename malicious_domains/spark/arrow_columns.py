"""Columns of Arrow as Python has them, and back."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa


def texts_of(column: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """A column of text; bytes that are no UTF-8 become surrogates, as in a file that is read."""
    try:
        found: list[str | None] = column.to_pylist()
    except UnicodeDecodeError:
        raw = column.cast(pa.binary()).to_pylist()
        found = [None if x is None else x.decode("utf-8", "surrogateescape") for x in raw]
    return found


def column_of(texts: Sequence[str | None]) -> pa.Array:
    """Texts as a column; a byte that was no UTF-8 stands there as \\xNN."""
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if x is None else _shown(x) for x in texts], pa.string())


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
