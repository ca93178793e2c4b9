"""Zeek's dns.log as tab-separated values, under a header of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sql
from .layout import Head, Layout, selected, undecoded
from .log_files import ReadingError

_CLIENTS = ("id.orig_h", "id_orig_h")
_PORTS = ("id.resp_p", "id_resp_p")


@dataclass(frozen=True)
class Tsv:
    """fields as the #fields line names them, and what is between them."""

    fields: tuple[str, ...]
    separator: str
    unset: str
    empty: str
    client: str
    query: str
    time: str | None
    rcode: str | None
    form: str = "zeek"
    answers: str = ""

    @property
    def coded(self) -> bool:
        """Whether there are response codes."""
        return self.rcode is not None

    def select(self, paths: Sequence[Path], utf8: bool) -> str:
        """SQL for client, query, time, rcode, why."""
        columns = [*range(len(self.fields)), len(self.fields)]
        types = ", ".join(f"c{i}: 'VARCHAR'" for i in columns)
        origin = (
            f"read_csv({sql.files(paths)}, columns={{{types}}}, delim={sql.text(self.separator)}, "
            f"{sql.PLAIN}, null_padding=true)"
        )
        return selected(
            client=self._value(self.client),
            query=self._value(self.query),
            time=sql.seconds(self._column(self.time)) if self.time else "NULL::DOUBLE",
            rcode=self._code(),
            why=self._why(utf8),
            origin=origin,
        )

    def _column(self, field: str) -> str:
        return f"c{self.fields.index(field)}"

    def _value(self, field: str) -> str:
        column = self._column(field)
        nothing = sql.texts((self.unset, self.empty, ""))
        return f"CASE WHEN {column} NOT IN {nothing} THEN {column} END"

    def _optional(self, *fields: str) -> str | None:
        return next((self._column(x) for x in fields if x in self.fields), None)

    def _code(self) -> str:
        if not self.rcode:
            return "NULL::VARCHAR"
        column = self._column(self.rcode)
        if self.rcode == "rcode_name":  # Zeek's names are the standard ones already
            return f"CASE WHEN {column} <> {sql.text(self.unset)} THEN {column} END"
        return sql.rcode(self._value(self.rcode))

    def _why(self, utf8: bool) -> str:
        """Short lines are cut, long ones run into the next; lines of # are the log's own."""
        client, query = self._column(self.client), self._column(self.query)
        extra = f"c{len(self.fields)}"
        used = [self.client, self.query, self.rcode or self.query]
        last = f"c{max(map(self.fields.index, used))}"
        header = " AND ".join(
            f"{column} = {sql.text(name)}"
            for column, name in (
                (extra, self.fields[-1]),
                (client, self._before(self.client)),
                (query, self._before(self.query)),
            )
        )
        note = "starts_with(c0, '#') AND NOT starts_with(c0, '#fields')"
        odd = (
            f"WHEN {last} IS NULL OR {extra} IS NOT NULL THEN CASE WHEN {note} "
            f"OR (c0 = '#fields' AND {header}) THEN 'other_event' ELSE 'broken' END"
        )
        odd += "".join(sql.undecoded(x, utf8) for x in (client, query))
        return sql.why(
            self._value(self.query),
            first=odd,
            port=self._optional(*_PORTS),
            qtype=self._optional("qtype_name", "qtype"),
            types=sql.NAMED if "qtype_name" in self.fields else tuple(sql.SILENT.values()),
        )

    def _before(self, field: str) -> str:
        """What stands in a field's column in the #fields line, which is one column off."""
        at = self.fields.index(field)
        return self.fields[at - 1] if at else "#fields"

    def wrong(self, line: str) -> str:
        """What is wrong with a broken line."""
        if line.startswith("#fields"):
            return "a second #fields line with other fields; split the file before it"
        found = len(line.split(self.separator))
        return undecoded(line) or f"{found} fields instead of {len(self.fields)}"


def opened(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """The layout by the header of a log; raises ReadingError if that has no client or query."""
    marks = [x for x in head.lines[:50] if x.startswith("#")]
    separator = next((_unescaped(x) for x in marks if x.startswith("#separator")), "\t")
    header = {x.split(separator)[0]: x.split(separator)[1:] for x in reversed(marks)}
    fields = header.get("#fields")
    if not fields:
        return None
    return Tsv(
        fields=tuple(fields),
        separator=separator,
        unset=next(iter(header.get("#unset_field", [])), "-"),
        empty=next(iter(header.get("#empty_field", [])), "(empty)"),
        client=_field(head, fields, mapping, "client", _CLIENTS),
        query=_field(head, fields, mapping, "query", ("query",)),
        time=_perhaps(fields, mapping, "time", ("ts",)),
        rcode=_perhaps(fields, mapping, "rcode", ("rcode_name", "rcode")),
    )


def _unescaped(line: str) -> str:
    value = line.split(maxsplit=1)[1] if len(line.split()) > 1 else "\t"
    return value.encode().decode("unicode_escape")


def _perhaps(
    fields: Sequence[str], mapping: Mapping[str, str], what: str, names: Sequence[str]
) -> str | None:
    return next((x for x in (mapping.get(what), *names) if x in fields), None)


def _field(
    head: Head, fields: Sequence[str], mapping: Mapping[str, str], what: str, names: Sequence[str]
) -> str:
    found = _perhaps(fields, mapping, what, names)
    if not found:
        raise ReadingError(
            f"{head.text.path}: a Zeek log without {' or '.join(names)}, so no dns.log; its fields "
            f"are {', '.join(fields)}. Say which is the {what}: --map {what}=FIELD"
        )
    return found
