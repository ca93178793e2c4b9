"""Parquet, by a mapping or usual names of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from . import column_names, sql
from .layout import Head, Layout, selected
from .log_files import ReadingError


@dataclass(frozen=True)
class Parquet:
    """A table with types of its own; its times may be numbers, texts or timestamps."""

    used: tuple[tuple[str, str], ...]
    client: str
    query: str
    time: str
    rcode: str
    why: str
    coded: bool
    form: str = "parquet"
    answers: str = ""

    def select(self, paths: Sequence[Path], utf8: bool) -> str:
        """SQL for client, query, time, rcode, why."""
        taken = ", ".join(f"{column} AS {key}" for key, column in self.used)
        return selected(
            client=self.client,
            query=self.query,
            time=self.time,
            rcode=self.rcode,
            why=self.why,
            origin=f"(SELECT {taken} FROM read_parquet({sql.files(paths)}))",
        )

    def wrong(self, line: str) -> str:
        """What is wrong with a broken line."""
        return "no row"  # a row of Parquet is none of ours to break


def opened(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """A Parquet file, by the mapping or usual names. Raises ReadingError."""
    path = head.text.path
    if not head.text.head.startswith(b"PAR1"):
        return None
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(
                f"DESCRIBE SELECT * FROM read_parquet({sql.files([head.text.text])})"
            ).fetchall()
    except duckdb.Error as error:
        raise ReadingError(f"{path}: a Parquet file that cannot be read: {error}") from error
    known = {column: kind for column, kind, *_ in rows}
    found = column_names.chosen(known, mapping, path, "parquet", claimed=True)
    used = {f"{what}_": _as_text(column, known[column]) for what, column in found.items()}
    return Parquet(tuple(used.items()), **column_names.expressions(found, head))


def _as_text(column: str, kind: str) -> str:
    """A column as the text from which the SQL takes names, times and codes."""
    quoted = sql.name(column)
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"epoch({quoted})::VARCHAR"
    return quoted if kind == "VARCHAR" else f"{quoted}::VARCHAR"
