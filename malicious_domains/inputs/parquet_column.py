"""A column of Parquet, which DuckDB reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..names.errors import Invalid
from ..names.file_kinds import PARQUET
from .csv_column import refuse_numbers
from .csv_records import MAX_SHOWN, normalize_name
from .rows import NULL_ROW, KeptRow, Notes, Row
from .streams import InputError

_AT_ONCE = 8192  # rows


def is_parquet(path: Path | None) -> bool:
    """Return whether a path is that of a regular file of Parquet."""
    if path is None or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(PARQUET)) == PARQUET


def read_parquet_column(
    path: Path, name: str | None, notes: Notes, keep: bool = False
) -> Iterator[Row | KeptRow]:
    """Yield a column of Parquet, one cell a row; a KeptRow of each if `keep`.

    name: the column, or a number from 1 on, or keys with dots between them for a field of a
    struct; None for the only column. Raises InputError if there is no such column, if it holds
    numbers alone, and if DuckDB is not installed.
    """
    return refuse_numbers(_read_rows(path, name, notes, keep), name or "1")


def _read_rows(path: Path, name: str | None, notes: Notes, keep: bool) -> Iterator[Row | KeptRow]:
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise InputError(f"{path}: this is Parquet: pip install duckdb, which reads it") from error
    try:
        with duckdb.connect() as connection:
            table = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            columns = [column for column, *_ in table.description or ()]
            keys = _find_keys(path, name, columns)
            notes.kept = tuple(x for x in columns if [x] != keys)
            while records := table.fetchmany(_AT_ONCE):
                for record in records:
                    values = dict(zip(columns, record, strict=True))
                    row = _to_row(values, keys)
                    rest = {x: values[x] for x in notes.kept}
                    yield KeptRow(row, rest) if keep else row
    except duckdb.Error as error:
        message = f"Parquet that cannot be read: {str(error).splitlines()[0]}"
        raise InputError(f"{path}: {message}") from error


def _find_keys(path: Path, name: str | None, columns: list[str]) -> list[str]:
    """Return the column, and the keys within it if it is a struct."""
    if name is None and len(columns) == 1:
        return columns
    shown = f"{path}: this is Parquet, of the columns {', '.join(columns)[:200]}"
    if name is None:
        raise InputError(f"{shown}: choose one, --column NAME")
    if name in columns:
        return [name]
    if name.isascii() and name.isdigit() and 0 < int(name) <= len(columns):
        return [columns[int(name) - 1]]
    wanted, *keys = name.split(".")
    same = [x for x in columns if normalize_name(x) == normalize_name(wanted)]
    if len(same) != 1:
        raise InputError(f"{shown}: there is no column {name!r}")
    return [same[0], *keys]


def _to_row(value: Any, keys: list[str]) -> Row:
    for key in keys:
        if isinstance(value, dict) and key not in value:
            raise InputError(f"there is no {key!r} among {', '.join(map(repr, value))[:200]}")
        value = value[key] if isinstance(value, dict) else None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    return (
        NULL_ROW if value is None else Invalid(str(value)[:MAX_SHOWN], f"{keys[-1]!r} is no text")
    )
