"""Tables of named columns that DuckDB reads from logs: JSON lines, Parquet, delimited lines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from . import sql
from .prepare_input import LogFile, ReadingError

Keys = tuple[str, ...]  # a path in nested objects
Inner = tuple[tuple[str, Keys], ...]  # columns, and the path within the text of each


class Table(ABC):
    """Where the columns of a layout come from. Hashable: files of equal layouts are read as one.

    inner: the path within a column's text, which is JSON or key=value pairs itself.
    """

    inner: Inner = ()

    def _name(self, name: str, value: str) -> str:
        return f"{sql.extract_inner(value, dict(self.inner).get(name, ()))} AS {name}"

    @abstractmethod
    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table with the columns that the layout's expressions name."""

    def find_broken(self, query: str) -> str:
        """Return the WHENs of lines that are broken, or that are no event; query: its SQL."""
        return ""


@dataclass(frozen=True)
class JsonLines(Table):
    """One JSON object a line.

    columns: each column's name, and the paths of keys whose first value it is. inner: as in Table.
    """

    columns: tuple[tuple[str, tuple[Keys, ...]], ...]
    inner: Inner = ()

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table with the columns, NULL where a line is no JSON."""
        pointers = list(dict.fromkeys(x for _, some in self.columns for x in some))
        columns = ", ".join(
            self._name(name, sql.coalesce(f"m[{pointers.index(x) + 1}]" for x in some))
            for name, some in self.columns
        )
        listed = ", ".join(sql.quote_text(sql.point_to(x)) for x in pointers)
        return (
            f"(SELECT {columns} FROM (SELECT CASE WHEN json_valid(line) THEN "
            f"json_extract_string(line, [{listed}]) END AS m FROM {sql.read_lines(paths)}))"
        )

    def find_broken(self, query: str) -> str:
        """Return the WHENs of lines without any of the values, and of bytes not in UTF-8."""
        nothing = " AND ".join(f"{column} IS NULL" for column, _ in self.columns)
        return f"WHEN {nothing} THEN 'broken'" + sql.mark_undecoded(query)


@dataclass(frozen=True)
class ParquetTable(Table):
    """A table of Parquet; no row is broken. columns: each column's name and its SQL, a text."""

    columns: tuple[tuple[str, str], ...]
    inner: Inner = ()

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table of the columns."""
        columns = ", ".join(self._name(*x) for x in self.columns)
        return f"(SELECT {columns} FROM read_parquet({sql.list_files(paths)}))"


def find_parquet_columns(file: LogFile) -> dict[str, str]:
    """Return the SQL of each value in Parquet as text, by its name with dots.

    Raises ReadingError for a file that cannot be read.
    """
    try:
        with duckdb.connect() as connection:
            table = connection.sql(f"FROM read_parquet({sql.list_files([file.readable])})")
            columns = zip(table.columns, table.types, strict=True)
            return {k: v for x, y in columns for k, v in _list_values(x, sql.quote_name(x), y)}
    except duckdb.Error as error:
        raise ReadingError(f"{file.path}: a Parquet file that cannot be read: {error}") from error


def _list_values(name: str, value: str, kind: DuckDBPyType) -> Iterator[tuple[str, str]]:
    """Yield the values in a column, those of structs and of a list's first item too."""
    inner: Mapping[str, DuckDBPyType] = {}
    if kind.id in ("struct", "list"):
        inner = {key: x for key, x in kind.children if isinstance(x, DuckDBPyType)}
    if kind.id == "struct":
        for key, x in inner.items():
            part = f"struct_extract({value}, {sql.quote_text(key)})"
            yield from _list_values(f"{name}.{key}", part, x)
    elif kind.id == "list" and inner["child"].id == "struct":
        yield from _list_values(f"{name}.0", f"list_extract({value}, 1)", inner["child"])
    elif kind.id == "date" or kind.id.startswith("timestamp"):
        yield name, f"epoch({value})::VARCHAR"
    else:
        yield name, value if kind.id == "varchar" else f"{value}::VARCHAR"


@dataclass(frozen=True)
class DelimitedLines(Table):
    """Lines of delimited cells, of which some are read as columns.

    width: the number of cells of a line. columns: each column's name, and the indices of the cells
    whose first value it is. header: the names of cells, where there are any; header_line: the line
    of them, which is not a query. inner: the path within a cell's text. has_notes: whether lines
    that begin with # are notes, as Zeek's are. unset: a text that stands for no value, beside the
    usual ones.
    """

    width: int
    delimiter: str
    quoted: bool
    columns: tuple[tuple[str, tuple[int, ...]], ...]
    header: tuple[str, ...] = ()
    header_line: str = ""
    inner: Inner = ()
    has_notes: bool = False
    unset: str = ""

    @property
    def indices(self) -> list[int]:
        """The indices of the cells that are read, ascending."""
        return sorted({i for _, some in self.columns for i in some})

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table of the columns, and is_broken."""
        rows = self._select_quoted(paths) if self.quoted else self._select_plain(paths)
        columns = ", ".join(
            self._name(name, sql.coalesce(drop(f"c{i}") for i in some))
            for name, some in self.columns
            for drop in [sql.drop_blank if len(some) > 1 else str]
        )
        return f"(SELECT {columns}, broken_why FROM {rows})"

    def _select_plain(self, paths: Sequence[Path]) -> str:
        cell = "c{0}" if self.has_notes else "trim(c{0})"
        cell = f"nullif({cell}, {sql.quote_text(self.unset)})" if self.unset else cell
        cells = ", ".join(f"{cell.format(i)} AS c{i}" for i in self.indices)
        last, end = f"c{self.indices[-1]}", f"c{self.width - 1}"
        is_broken = f"{last} IS NULL AND {end} IS NULL OR nullif(c{self.width}, '') IS NOT NULL"
        return (
            f"(SELECT {cells}, CASE WHEN {is_broken} THEN {self._find_note()} END AS broken_why "
            f"FROM {sql.read_columns(paths, self.width, self.delimiter)})"
        )

    def _find_note(self) -> str:
        """Return whether a line of another width is a note of Zeek's, or is broken."""
        if not self.has_notes:
            return (
                "CASE WHEN regexp_matches(c0, '^(#|\"?sep=)') THEN 'other_event' ELSE 'broken' END"
            )
        # A #fields line is one column off, and equals this log's own.
        shifted = ("#fields", *self.header)
        same = " AND ".join(
            f"c{i} = {sql.quote_text(shifted[i])}" for i in (*self.indices, self.width)
        )
        is_note = f"starts_with(c0, '#') AND (NOT starts_with(c0, '#fields') OR ({same}))"
        return f"CASE WHEN {is_note} THEN 'other_event' ELSE 'broken' END"

    @property
    def pattern(self) -> str:
        """A regular expression of a whole line with quotes, whose groups are the cells read."""
        other = "\\" + self.delimiter
        # Blanks may stand before a cell, and behind its quotes.
        cell = f'"[^"]*(?:""[^"]*)*" *|[^"{other} ][^{other}]*|'
        count = self.indices[-1] + 1
        cells = [f" *({cell})" if i in self.indices else f" *(?:{cell})" for i in range(count)]
        rest = self.width - count
        return f"^{other.join(cells)}(?:{other} *(?:{cell})){{0,{rest}}}{other}?\\s*$"

    def _select_quoted(self, paths: Sequence[Path]) -> str:
        """Read line by line: to a reader of CSV, one quote too many ends all later lines."""
        names, pattern = [f"c{i}" for i in self.indices], sql.quote_text(self.pattern)
        groups = "[" + ", ".join(map(sql.quote_text, names)) + "]"
        cells = ", ".join(f"{_unquote(f'm.{x}')} AS {x}" for x in names)
        no_match = f"concat({', '.join(f'm.{x}' for x in names)}) = ''"
        is_note = (
            f"line = {sql.quote_text(self.header_line)} OR regexp_matches(line, '^(#|\"?sep=)')"
        )
        lines = (  # with MySQL's \" as "", where nothing else fits
            f"(SELECT CASE WHEN contains(line, '\\\"') AND NOT regexp_matches(line, {pattern}) "
            "THEN replace(replace(line, '\\\\', '\\ '), '\\\"', '\"\"') ELSE line END AS line "
            f"FROM {sql.read_lines(paths)})"
        )
        return (
            f"(SELECT {cells}, CASE WHEN {no_match} THEN CASE WHEN {is_note} THEN 'other_event' "
            "ELSE 'broken' END END AS broken_why FROM "
            f"(SELECT line, regexp_extract(line, {pattern}, {groups}) AS m FROM {lines}))"
        )

    def find_broken(self, query: str) -> str:
        """Return the WHENs of headers, of lines with other cells, and of bytes not in UTF-8."""
        first = {x: some[0] for x, some in self.columns if x in ("client", "query") and some}
        cases = "WHEN broken_why IS NOT NULL THEN broken_why"
        cases += "".join(map(sql.mark_undecoded, first))
        if not self.header or self.has_notes:
            return cases
        same = (f"{x} = {sql.quote_text(self.header[i])}" for x, i in first.items())
        return f"WHEN {' AND '.join(same)} THEN 'other_event' {cases}"


def _unquote(value: str) -> str:
    inner = f"replace(rtrim({value})[2:-2], '\"\"', '\"')"
    return f"trim(CASE WHEN starts_with({value}, '\"') THEN {inner} ELSE {value} END)"
