"""Logs of delimited columns: Cisco Umbrella's, any CSV, and Zeek's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...inputs.csv_records import detect_delimiter, split_line
from ...inputs.zeek_header import ZeekHeader
from ...model.eligible import IGNORED_TYPES
from . import sql, times
from .column_names import choose_columns, list_constants, map_columns
from .layout import Head, Layout
from .prepare_input import ReadingError


@dataclass(frozen=True)
class DelimitedLines:
    """Lines of delimited cells, some of which are read as columns.

    columns: the number of cells of a line. used: each column and its cell's index. header: the
    cells of a header line, which is not a query. inner: the path within a cell's text. first: each
    further column, and the used ones of which it is the first with a value.
    """

    columns: int
    delimiter: str
    quoted: bool
    used: tuple[tuple[str, int], ...]
    header: tuple[str, ...] = ()
    inner: tuple[tuple[str, tuple[str, ...]], ...] = ()
    first: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table of the columns, and is_broken."""
        rows = self._select_quoted(paths) if self.quoted else self._select_plain(paths)
        inner = ", ".join(f"{sql.extract_inner(x, path)} AS {x}" for x, path in self.inner)
        rows = f"(SELECT * REPLACE ({inner}) FROM {rows})" if inner else rows
        first = ", ".join(
            f"coalesce({', '.join([*map(sql.drop_blank, some), 'NULL::VARCHAR'])}) AS {x}"
            for x, some in self.first
        )
        return f"(SELECT *, {first} FROM {rows})" if first else rows

    def _select_plain(self, paths: Sequence[Path]) -> str:
        columns = ", ".join(f"trim(c{i}) AS {column}" for column, i in self.used)
        last = max(i for _, i in self.used)
        short = f"c{last} IS NULL AND c{self.columns - 1} IS NULL"
        return (
            f"(SELECT {columns}, {short} OR c{self.columns} IS NOT NULL AS is_broken "
            f"FROM {sql.read_columns(paths, self.columns, self.delimiter)})"
        )

    @property
    def pattern(self) -> str:
        """A regular expression of a whole line with quotes, whose groups are the used cells."""
        used = {i for _, i in self.used}
        other = "\\" + self.delimiter
        # Blanks may stand before a cell, and behind its quotes.
        cell = f'"[^"]*(?:""[^"]*)*" *|[^"{other} ][^{other}]*|'
        cells = [f" *({cell})" if i in used else f" *(?:{cell})" for i in range(max(used) + 1)]
        rest = self.columns - len(cells)
        return f"^{other.join(cells)}(?:{other} *(?:{cell})){{0,{rest}}}\\s*$"

    def _select_quoted(self, paths: Sequence[Path]) -> str:
        """Read line by line: to a reader of CSV, one quote too many ends all later lines."""
        columns = [column for column, _ in sorted(self.used, key=lambda x: x[1])]
        groups = "[" + ", ".join(map(sql.quote_text, columns)) + "]"
        cells = ", ".join(f"{_unquote(f'm.{column}')} AS {column}" for column, _ in self.used)
        no_match = f"concat({', '.join(f'm.{column}' for column, _ in self.used)}) = ''"
        return (
            f"(SELECT {cells}, {no_match} AS is_broken FROM (SELECT regexp_extract(line, "
            f"{sql.quote_text(self.pattern)}, {groups}) AS m FROM {sql.read_lines(paths)}))"
        )

    def find_broken(self, query: str, utf8: bool) -> str:
        """Return the WHENs of headers, of lines with other cells, and of bytes not in UTF-8."""
        indices = dict(self.used)
        required = [x for x in ("client_", "query_") if x in indices]
        cases = "WHEN is_broken THEN 'broken'"
        cases += "".join(sql.mark_undecoded(x, utf8) for x in required)
        if not self.header:
            return cases
        same = (f"{x} = {sql.quote_text(self.header[indices[x]])}" for x in required)
        return f"WHEN {' AND '.join(same)} THEN 'other_event' {cases}"

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a broken line."""
        number = len(split_line(line, self.delimiter))
        quotes = " or quotes that do not match" if self.quoted else ""
        return f"{number} columns instead of {self.columns}{quotes}"


def _unquote(value: str) -> str:
    inner = f"replace(rtrim({value})[2:-2], '\"\"', '\"')"
    return f"trim(CASE WHEN starts_with({value}, '\"') THEN {inner} ELSE {value} END)"


_UMBRELLA = {
    "time_": 0, "identity_": 1, "client_": 3, "external_": 4, "action_": 5, "type_": 6,
    "rcode_": 7, "query_": 8,
}  # fmt: skip


def open_umbrella(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Cisco Umbrella's DNS log: one row a query, as exported to S3."""
    last = _UMBRELLA["query_"]
    rows = [x for x in (_split_cells(line, ",") for line in head.lines[:100]) if len(x) > last]
    if not any(x[_UMBRELLA["action_"]] in ("Allowed", "Blocked", "Proxied") for x in rows):
        return None
    # Later versions of the log append columns; a file may have rows of several versions.
    columns, header = max(map(len, rows)), tuple(rows[0]) if rows[0][last] == "Domain" else ()
    query = sql.drop_blank("query_")
    clients = ", ".join(sql.drop_blank(x) for x in ("client_", "identity_", "external_"))
    rcode = sql.name_rcode("rcode_")
    return Layout(
        "umbrella",
        DelimitedLines(columns, ",", _has_quotes(head), tuple(_UMBRELLA.items()), header),
        client=f"coalesce({clients})",
        query=query,
        time=times.parse_time("time_", head.zone or times.UTC),
        rcode=f"CASE WHEN action_ = 'Blocked' THEN 'BLOCKED' ELSE {rcode} END",
        why=sql.classify_line(query, qtype="split_part(type_, ' ', 1)"),
        time_text="time_",
        rcode_text="rcode_",
    )


def _split_cells(line: str, delimiter: str) -> list[str]:
    """Split a line, without blanks and a byte order mark around the cells."""
    blanks = "\ufeff \r" if delimiter == "\t" else "\ufeff \r\t"
    line = re.sub(rf'(^|\{delimiter}) +"', r'\1"', line)
    return [x.strip(blanks) for x in split_line(line, delimiter)]


def _has_quotes(head: Head) -> bool:
    return head.file.has_quotes or any('"' in x for x in head.lines)


def open_header(
    head: Head, columns: Mapping[str, tuple[str, ...]], accepts: Callable[[list[str]], bool]
) -> tuple[DelimitedLines, list[str]] | None:
    """Return a table with columns by the names in a header, and these; None for other headers.

    columns: the names of each column, of which the first one with a value is taken.
    """
    delimiter = detect_delimiter(head.lines[:100]) if head.lines else ","
    header = _split_cells(head.lines[0], delimiter) if head.lines else []
    if len(header) < 2 or not accepts(header):
        return None
    some = {x: [y for y in names if y in header] for x, names in columns.items()}
    used = {f"{x}_{i or ''}": y for x, names in some.items() for i, y in enumerate(names)}
    table = DelimitedLines(
        len(header),
        delimiter,
        quoted=_has_quotes(head),
        used=tuple((x, header.index(y)) for x, y in used.items()),
        header=tuple(header),
        first=tuple(
            (x, tuple(f"{x}_{i or ''}" for i in range(len(names)))) for x, names in some.items()
        ),
    )
    return table, header


def open_csv(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Read any CSV, by the mapping, by usual names in its header, or by numbers of columns."""
    if not head.lines or head.lines[0].lstrip().startswith("{"):
        return None
    delimiter = detect_delimiter(head.lines[:100])
    first = _split_cells(head.lines[0], delimiter)
    constants = list_constants(mapping)
    named = [x for field, x in mapping.items() if field not in constants]
    numbered = bool(mapping) and all(x.isdigit() for x in named) and not {*named} <= {*first}
    if not numbered and len(first) < 2 and not (mapping or claimed):
        return None
    columns = [str(i + 1) for i in range(len(first))] if numbered else first
    inner = {} if numbered else {x: y for x in named if (y := _find_outer(x, columns))}
    fields = choose_columns([*columns, *inner], mapping, head.file.path, "csv", claimed)
    if not fields:
        return None
    table = DelimitedLines(
        len(first),
        delimiter,
        quoted=_has_quotes(head),
        used=tuple(
            (f"{field}_", columns.index(inner.get(x, x)))
            for field, x in fields.items()
            if field not in constants
        ),
        header=() if numbered else tuple(first),
        inner=tuple(
            (f"{field}_", tuple(x[len(inner[x]) + 1 :].split(".")))
            for field, x in fields.items()
            if x in inner
        ),
    )
    return map_columns("csv", table, fields, head, constants)


def _find_outer(name: str, columns: list[str]) -> str:
    """Return the column within whose text a name with dots may be found; "" for none."""
    if name in columns:
        return ""
    keys = name.split(".")
    outer = (".".join(keys[:i]) for i in range(len(keys) - 1, 0, -1))
    return next((x for x in outer if x in columns), "")


# --- Zeek's dns.log as tab-separated values, under its own header ---


@dataclass(frozen=True)
class ZeekLines:
    """Lines of separated fields, named by the #fields line; c0 is the first one."""

    fields: tuple[str, ...]
    separator: str
    required: tuple[str, ...]  # client, query and response code, the last one if there is any

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table of the columns c0, c1 and so on."""
        return sql.read_columns(paths, len(self.fields), self.separator)

    def column(self, field: str) -> str:
        """Return the column of a field."""
        return f"c{self.fields.index(field)}"

    def find_broken(self, query: str, utf8: bool) -> str:
        """Return the WHENs of cut lines, of merged lines, and of those that begin with #."""
        extra = f"c{len(self.fields)}"
        last = f"c{max(map(self.fields.index, self.required))}"
        client, name = self.required[:2]
        # A #fields line is one column off, and equals this log's own.
        header = {extra: self.fields[-1]}
        for field in (client, name):
            before = self.fields.index(field) - 1
            header[self.column(field)] = self.fields[before] if before >= 0 else "#fields"
        same = " AND ".join(f"{x} = {sql.quote_text(value)}" for x, value in header.items())
        note = "starts_with(c0, '#') AND NOT starts_with(c0, '#fields')"
        return (
            f"WHEN {last} IS NULL OR {extra} IS NOT NULL THEN CASE WHEN {note} "
            f"OR (c0 = '#fields' AND {same}) THEN 'other_event' ELSE 'broken' END"
        ) + "".join(sql.mark_undecoded(self.column(x), utf8) for x in (client, name))

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a broken line."""
        if line.startswith("#fields"):
            return "a second #fields line with other fields; split the file before it"
        return f"{len(line.split(self.separator))} fields instead of {len(self.fields)}"


def open_zeek(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize a Zeek log by its header; raises ReadingError if it has no client or query."""
    header = ZeekHeader()
    for line in head.lines[:50]:
        header = header.read_line(line) if line.startswith("#") else header
        if header.fields:  # a second header is of another log
            break
    fields = header.fields or (_guess_fields(head) if claimed else ())
    if not fields:
        return None

    def find(*names: str | None) -> str | None:
        return next((x for x in names if x in fields), None)

    def require(field: str, *names: str) -> str:
        if name := find(mapping.get(field), *names):
            return name
        raise ReadingError(
            f"{head.file.path}: a Zeek log without {' or '.join(names)}, so no dns.log; its fields "
            f"are {', '.join(fields)}. Say which is the {field}: --map {field}=FIELD"
        )

    client, query = require("client", "id.orig_h", "id_orig_h"), require("query", "query")
    time, rcode = find(mapping.get("time"), "ts"), find(mapping.get("rcode"), "rcode_name", "rcode")
    port, qtype = find("id.resp_p", "id_resp_p"), find("qtype_name", "qtype")
    table = ZeekLines(fields, header.separator, (client, query, rcode or query))
    zone = head.zone or times.UTC
    blank = (header.unset, header.empty, "")

    def value(field: str, blank: Sequence[str] = blank) -> str:
        column = table.column(field)
        return f"CASE WHEN {column} NOT IN {sql.list_texts(blank)} THEN {column} END"

    if not rcode:
        code = "NULL::VARCHAR"
    elif rcode == "rcode_name":  # Zeek's names are the standard ones
        code = value(rcode, (header.unset,))
    else:
        code = sql.name_rcode(value(rcode))
    return Layout(
        "zeek",
        table,
        client=value(client),
        query=value(query),
        time=times.parse_time(table.column(time), zone) if time else "NULL::DOUBLE",
        rcode=code,
        why=sql.classify_line(
            value(query),
            port=table.column(port) if port else None,
            qtype=table.column(qtype) if qtype else None,
            types=sql.IGNORED_NAMES if "qtype_name" in fields else (*IGNORED_TYPES.values(),),
        ),
    )


# https://docs.zeek.org/en/master/scripts/base/protocols/dns/main.zeek.html
_DNS_FIELDS = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "trans_id", "rtt",
    "query", "qclass", "qclass_name", "qtype", "qtype_name", "rcode", "rcode_name", "AA", "TC",
    "RD", "RA", "Z", "answers", "TTLs", "rejected",
)  # fmt: skip


def _guess_fields(head: Head) -> tuple[str, ...]:
    """Return the usual fields of a dns.log without a header; () for other lines.

    Before 2.5 there was no rtt; later versions, and sites, add fields at the end.
    """
    widths = [len(x.split("\t")) for x in head.lines]
    count = max(set(widths), key=widths.count) if widths else 0
    fields = [x for x in _DNS_FIELDS if x != "rtt" or count >= len(_DNS_FIELDS)]
    if count < len(fields):
        return ()
    return (*fields, *(f"extra{i}" for i in range(count - len(fields))))
