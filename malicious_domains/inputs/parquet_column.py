"""A column of Parquet, which DuckDB reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..names.errors import Invalid
from ..names.file_kinds import PARQUET
from .csv_column import refuse_numbers
from .csv_records import MAX_SHOWN, normalize_name
from .rows import NULL_ROW, KeptRow, Notes, Row, Rows
from .streams import InputError

_AT_ONCE = 8192  # rows
_ESCAPED = {ord(x): f"[{x}]" for x in "*?["}  # DuckDB's wildcards


def is_parquet(path: Path | None) -> bool:
    """Return whether a path is that of a regular file of Parquet."""
    if path is None or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(PARQUET)) == PARQUET


def read_parquet_column(path: Path, name: str | None, notes: Notes, keep: bool = False) -> Rows:
    """Yield a column of Parquet, one cell a row; a KeptRow of each if `keep`.

    name: the column, or a number from 1 on, or keys with dots between them for a field of a
    struct; None for the only column. Raises InputError if there is no such column, if it holds
    numbers alone, and if DuckDB is not installed.

    >>> import duckdb, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "dns.parquet")
    ...     duckdb.sql("SELECT 'example.com' AS query").write_parquet(str(path))
    ...     [*read_parquet_column(path, "query", Notes())]
    ['example.com']
    """
    return refuse_numbers(_read_rows(path, name, notes, keep), name or "1")


def _read_rows(path: Path, name: str | None, notes: Notes, keep: bool) -> Rows:
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise InputError(f"{path}: this is Parquet: pip install duckdb, which reads it") from error
    try:
        with duckdb.connect() as connection:
            table, file = "FROM read_parquet(?)", [str(path).translate(_ESCAPED)]
            described = connection.execute(f"SELECT * {table} LIMIT 0", file).description or ()
            columns = [x for x, *_ in described]
            column, cell = _find_cell(path, name, columns)
            notes.kept = tuple(x for x in columns if x != column)
            cells = ", ".join([cell, *map(_quote, notes.kept)])
            records = connection.execute(f"SELECT {cells} {table}", file)
            while some := records.fetchmany(_AT_ONCE):
                for value, *rest in some:
                    row = _to_row(value, name or column)
                    yield KeptRow(row, dict(zip(notes.kept, rest, strict=True))) if keep else row
    except duckdb.BinderException as error:  # it lists the keys that there are
        raise InputError(f"{path}: no {name!r}: {' '.join(str(error).split())}") from error
    except duckdb.Error as error:
        message = f"Parquet that cannot be read: {str(error).splitlines()[0]}"
        raise InputError(f"{path}: {message}") from error


def _find_cell(path: Path, name: str | None, columns: list[str]) -> tuple[str, str]:
    """Return the column, and the SQL of what is in it, or at keys within it."""
    shown = f"{path}: this is Parquet, of the columns {', '.join(columns)[:200]}"
    if name is None:
        if len(columns) > 1:
            raise InputError(f"{shown}: choose one, --column NAME")
        name = columns[0]
    if name in columns:
        return name, _quote(name)
    if name.isascii() and name.isdigit() and 0 < int(name) <= len(columns):
        return columns[int(name) - 1], _quote(columns[int(name) - 1])
    wanted, *keys = name.split(".")
    same = [x for x in columns if normalize_name(x) == normalize_name(wanted)]
    if len(same) != 1:
        raise InputError(f"{shown}: there is no column {name!r}")
    return same[0], ".".join(map(_quote, [same[0], *keys]))


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _to_row(value: Any, name: str) -> Row:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    return NULL_ROW if value is None else Invalid(str(value)[:MAX_SHOWN], f"{name!r} is no text")
