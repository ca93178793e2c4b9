"""How the files of a format are read, and the first lines of a file, by which it is recognized."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from ...inputs.csv_records import (
    count_before_header,
    detect_delimiter,
    is_shifted,
    looks_like_header,
    split_line,
)
from ...inputs.zeek_header import ZeekHeader
from . import sql
from .prepare_input import HEAD_BYTES, LogFile
from .tables import (
    DelimitedLines,
    Inner,
    JsonLines,
    Keys,
    ParquetTable,
    Table,
    find_parquet_columns,
)

_HEAD_LINES = 1000
_SEPARATOR = re.compile(r'\ufeff?"?sep=(.)"?\s*$')  # Excel's
_PREAMBLE = re.compile(r'#|\ufeff?"?sep=."?\s*$')
_JSON_LINES = 200
FIRST = "0"  # the key of a list's first item
_MAX_SHAPES = 10_000  # different shapes of objects that are looked at in a whole file


@dataclass(frozen=True)
class Layout:
    """How the files of one format are read: SQL expressions over the columns of a table.

    answers is what an answer on a line of its own shares with its query: "client" (and the name),
    "name", or "" if there are none. sources: where each field comes from, as the log names it.
    zone: the one that times without a zone are taken to be in, if there are such times. time_text,
    rcode_text: what time and rcode are read from, to name what cannot be read. qtype: the text of
    the query type, "" if there is none.
    """

    form: str
    table: Table
    client: str
    query: str
    time: str
    rcode: str
    why: str  # a CASE; 'answer' for an answer on a line of its own
    answers: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    zone: str = ""
    time_text: str = ""
    rcode_text: str = ""
    qtype: str = ""

    def select(self, paths: Sequence[Path]) -> str:
        """Return the SELECT of the columns of Reading.noted_events."""
        unknown = sql.find_unknown_rcode(self.rcode_text) if self.rcode_text else "NULL::VARCHAR"
        broken = self.table.find_broken(self.query)
        why = f"CASE {broken} {self.why.removeprefix('CASE ')}"
        values = (  # each is computed once, where the columns below use it twice
            f"SELECT {self.client} AS client, {self.query} AS query, {self.time} AS time, "
            f"{self.rcode} AS rcode, {why} AS why, {self.time_text or 'NULL'} AS time_text, "
            f"{unknown} AS unknown_rcode, {sql.code_type(self.qtype) if self.qtype else 0} "
            f"AS type_bit FROM {self.table.select_from(paths)}"
        )
        unread = "time IS NULL AND NOT nullif(trim(time_text), '') IN ('-', '(empty)')"
        return (
            f"SELECT {sql.trim_address('client')} AS client, query, time, rcode, why, "
            f"CASE WHEN {unread} THEN time_text END AS unread_time, unknown_rcode, type_bit "
            f"FROM ({values})"
        )

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a line that the SQL calls broken."""
        if sql.TOO_LONG in line or len(line) > sql.MAX_LINE:
            return f"longer than {sql.MAX_LINE:,} bytes"
        return "not UTF-8" if sql.REPLACED in line else f"not a line of the format {self.form}"


@dataclass(frozen=True)
class LogFormat:
    """A format, described by SQL expressions over the columns of its table.

    client, query, rcode: as in Layout. blocked: whether a block list or a local rule answered.
    first: WHENs of lines that are no queries, which go before all others. is_answer: whether a line
    is an answer of its own; answers: as in Layout. port, qtype: the server's port and the query
    type, where there are such columns; types: those to leave out, as the format writes them.
    """

    form: str
    _: KW_ONLY
    client: str = "client"
    query: str = "qname"
    rcode: str = sql.name_rcode("code")
    blocked: str = ""
    first: str = ""
    is_answer: str = ""
    answers: str = ""
    port: str = "port"
    qtype: str = "qtype"
    types: Sequence[object] = sql.TYPES_BY_NAME_OR_NUMBER

    def lay_out(self, table: Table, columns: Collection[str], **more: Any) -> Layout:
        """Return the layout of a table with some columns; more: its other fields."""
        qtype = next((x for x in ("qtype", "rrtype") if x in columns), "")
        cases = [self.first]
        if self.port in columns:
            cases.append(f"WHEN {self.port} IN {sql.list_texts(sql.MULTICAST)} THEN 'multicast'")
        if qtype:
            rare = f"{self.qtype} NOT IN ('A', 'AAAA') AND"  # fewer steps for most
            cases.append(f"WHEN {rare} {self.qtype} IN {sql.list_texts(self.types)} THEN 'type'")
        cases.append(f"WHEN {self.query} IS NULL THEN 'other_event'")
        if self.is_answer:
            cases.append(f"WHEN {self.is_answer} THEN 'answer'")
        rcode = f"CASE WHEN {self.blocked} THEN 'BLOCKED' ELSE {self.rcode} END"
        return Layout(
            self.form,
            table,
            client=self.client,
            query=self.query,
            rcode=rcode if self.blocked else self.rcode,
            why=f"CASE {' '.join(filter(None, cases))} END",
            answers=self.answers,
            qtype=qtype,
            **more,
        )


class NamedValues(NamedTuple):
    """A file whose values have names, with dots between nested ones.

    kind: json, parquet, zeek or csv. names: all; leaves: those of a value that is no object.
    build: return a table of some columns, each the first value that one of several names has.
    """

    kind: str
    names: Collection[str]
    leaves: Collection[str]
    build: Callable[[Mapping[str, Sequence[str]], Inner], Table]


@dataclass(frozen=True)
class Head:
    """The first lines of a file.

    zone: that of times which are written without one; "" for what is usual for the format.
    further: whether the keys are those of all JSON objects in the file, not of the first ones.
    """

    file: LogFile
    zone: str = ""
    further: bool = False

    @cached_property
    def lines(self) -> list[str]:
        """The whole lines that are not blank."""
        content = self.file.head
        if len(content) == HEAD_BYTES:  # the last line is cut off
            content = content[: content.rfind(b"\n") + 1] or content
        lines = (x.rstrip("\r") for x in content.decode("utf-8", "replace").split("\n"))
        return [x for x in lines if x.strip()][:_HEAD_LINES]

    @cached_property
    def named(self) -> dict[str, NamedValues]:
        """The ways in which the file may be read by names, by their kinds."""
        ways = (self._name_parquet(), self._name_json(), self.name_fields(), self._name_cells())
        return {x.kind: x for x in ways if x}

    # --- JSON ---

    @cached_property
    def keys(self) -> dict[str, tuple[Keys, ...]]:
        """The paths of keys in the JSON objects, by their names with dots."""
        named: dict[str, tuple[Keys, ...]] = {}
        for path in dict.fromkeys(path for x in self._objects for path in _list_paths(x)):
            name = ".".join(drop_first(path))
            named[name] = (*named.get(name, ()), path)
        # A list's first item goes before the list.
        return {x: tuple(sorted(some, key=len, reverse=True)) for x, some in named.items()}

    def look_further(self) -> Head:
        """Return the same lines with the keys of all JSON objects in the file."""
        if not self._objects or not self.file.readable.is_file():
            return self
        return replace(self, further=True)

    def _name_json(self) -> NamedValues | None:
        if not self._objects:
            return None
        paths = [x for some in self.keys.values() for x in some]
        objects = {x[:i] for x in map(drop_first, paths) for i in range(1, len(x))}
        leaves = sorted(x for x, some in self.keys.items() if drop_first(some[0]) not in objects)

        def find(name: str) -> tuple[Keys, ...]:
            # A key that is not there yet may be nested, or one with dots.
            nested = (tuple(name.split(".")), (name,))
            return self.keys.get(name) or tuple(dict.fromkeys(nested))

        def build(columns: Mapping[str, Sequence[str]], inner: Inner) -> Table:
            paths = {x: tuple(p for y in some for p in find(y)) for x, some in columns.items()}
            return JsonLines(tuple(paths.items()), inner)

        return NamedValues("json", self.keys, leaves, build)

    @cached_property
    def _objects(self) -> list[dict[str, Any]]:
        if self.further:
            return self._list_shapes()
        values = []
        for line in self.lines[:_JSON_LINES]:
            if line.lstrip().startswith("{"):
                try:
                    values.append(json.loads(line))
                except (ValueError, RecursionError):
                    continue
        return [x for x in values if isinstance(x, dict)]

    def _list_shapes(self) -> list[dict[str, Any]]:
        """Return an object of each shape in the file."""
        shapes = (
            f"SELECT DISTINCT json_structure(line) FROM {sql.read_lines([self.file.readable])} "
            f"WHERE json_valid(line) LIMIT {_MAX_SHAPES}"
        )
        with duckdb.connect() as connection:
            objects = [json.loads(x) for (x,) in connection.execute(shapes).fetchall()]
        return [x for x in objects if isinstance(x, dict)]

    # --- Parquet, and delimited lines ---

    def _name_parquet(self) -> NamedValues | None:
        if not self.file.head.startswith(b"PAR1"):
            return None
        known = find_parquet_columns(self.file)

        def build(columns: Mapping[str, Sequence[str]], inner: Inner) -> Table:
            values = {x: sql.coalesce(known[y] for y in some) for x, some in columns.items()}
            return ParquetTable(tuple(values.items()), inner)

        return NamedValues("parquet", known, known, build)

    def name_fields(self, usual: Sequence[str] = ()) -> NamedValues | None:
        """Return the fields of Zeek's header; where there is none, the `usual` ones."""
        header = ZeekHeader()
        for line in self.lines[:50]:
            header = header.read_line(line) if line.startswith("#") else header
            if header.fields:  # a second header is of another log
                break
        fields = header.fields or tuple(usual)
        if not fields:
            return None
        unset = header.unset if header.unset != ZeekHeader().unset else ""
        table = DelimitedLines(
            len(fields), header.separator, False, (), fields, has_notes=True, unset=unset
        )
        return _name_columns("zeek", fields, table)

    def _name_cells(self) -> NamedValues | None:
        """Return the cells of the header as names: of the first line that is no comment."""
        if not self.lines or self.file.head.startswith(b"PAR1") or self.lines[0].lstrip()[0] == "{":
            return None
        before, lines = _split_preamble(self.lines)
        stated = next((x[1] for x in map(_SEPARATOR.match, before) if x), "")
        delimiter = stated or detect_delimiter(lines[:100])
        if not stated and len(split_cells(lines[0], delimiter)) == 1:
            delimiter = " " if lines[0].count('" "') else delimiter  # as R writes
        header, *rows = (split_cells(x.replace('\\"', '""'), delimiter) for x in lines[:20])
        shifted = 2 * sum(is_shifted(header, x) for x in rows) > len(rows)
        names = (*(["row_name"] * shifted), *header)
        table = DelimitedLines(
            len(names), delimiter, self._has_quotes() or shifted, (), names, lines[0]
        )
        return _name_columns("csv", names, table)

    def number_cells(self, delimiter: str = "", width: int = 0, header: Keys = ()) -> NamedValues:
        """Return cells whose names are the numbers from 1 on; by default as many as in line 1."""
        delimiter = delimiter or detect_delimiter(self.lines[:100])
        width = width or len(split_cells(self.lines[0], delimiter))
        table = DelimitedLines(width, delimiter, self._has_quotes(), (), header)
        return _name_columns("csv", tuple(str(i + 1) for i in range(width)), table)

    def _has_quotes(self) -> bool:
        return self.file.has_quotes or any('"' in x for x in self.lines)


def _name_columns(kind: str, names: Sequence[str], table: DelimitedLines) -> NamedValues:
    """Return delimited lines by names of their cells."""

    def build(columns: Mapping[str, Sequence[str]], inner: Inner) -> Table:
        cells = {x: tuple(names.index(y) for y in some) for x, some in columns.items()}
        return replace(table, columns=tuple(cells.items()), inner=inner)

    return NamedValues(kind, names, names, build)


def _split_preamble(lines: Sequence[str]) -> tuple[list[str], Sequence[str]]:
    """Return the lines before a header, and the others; a header may be a comment itself."""
    count = next((i for i, x in enumerate(lines) if not _PREAMBLE.match(x)), 0)
    if count and lines[count - 1].startswith("#"):
        last, first = lines[count - 1].lstrip("# "), lines[count]
        delimiter = detect_delimiter([last, first])
        cells = [split_cells(x, delimiter) for x in (last, first)]
        if len(cells[0]) == len(cells[1]) > 1 and not looks_like_header(cells[1]):
            return [*lines[: count - 1]], [last, *lines[count:]]
    count += _count_before_header(lines[count:])
    return [*lines[:count]], lines[count:]


def _count_before_header(lines: Sequence[str]) -> int:
    """Return how many lines of a report's text, with fewer or more cells, precede the header."""
    delimiter = detect_delimiter(lines[:100])
    return count_before_header([split_cells(x, delimiter) for x in lines[:100]])


def split_cells(line: str, delimiter: str) -> list[str]:
    """Split a line, without blanks and a byte order mark around the cells."""
    blanks = "\ufeff \r" if delimiter == "\t" else "\ufeff \r\t"
    line = re.sub(rf'(^|\{delimiter}) +"', r'\1"', line)
    return [x.strip(blanks) for x in split_line(line, delimiter)]


def drop_first(path: Keys) -> Keys:
    """Return the path of a list, where a path is that of its first item."""
    return path[:-1] if path[-1] == FIRST else path


def _list_paths(value: object, before: Keys = ()) -> Iterator[Keys]:
    """Yield the paths within a value; of a list's items, those of the first one."""
    if isinstance(value, list) and value:
        value = {FIRST: value[0]}
    for key, x in value.items() if isinstance(value, dict) else ():
        yield from _list_paths(x, (*before, key))
        yield (*before, key)


# A function that returns a file's layout, or None if the file has another format; it is given the
# mapping, and whether the user says that it is this format.
Opener = Callable[[Head, Mapping[str, str], bool], Layout | None]
