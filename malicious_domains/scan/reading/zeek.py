"""Zeek's dns.log as tab-separated values, under its own header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...inputs.zeek_header import ZeekHeader
from ...model.eligible import IGNORED_TYPES
from . import sql
from .layout import Head, Layout
from .prepare_input import ReadingError


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
    fields = header.fields
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
        time=sql.parse_time(table.column(time)) if time else "NULL::DOUBLE",
        rcode=code,
        why=sql.classify_line(
            value(query),
            port=table.column(port) if port else None,
            qtype=table.column(qtype) if qtype else None,
            types=sql.IGNORED_NAMES if "qtype_name" in fields else (*IGNORED_TYPES.values(),),
        ),
    )
