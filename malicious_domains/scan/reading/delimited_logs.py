"""Tables of separated values: Cisco Umbrella's, and any other."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import column_names as names
from . import sql
from .layout import Head, Layout, selected, undecoded

_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Csv:
    """columns: how many there are; used: where, from zero, the short names of the SQL stand.

    header: the fields of a header line, which is no query.
    """

    form: str
    columns: int
    delimiter: str
    quoted: bool
    used: tuple[tuple[str, int], ...]
    client: str
    query: str
    time: str
    rcode: str
    why: str
    coded: bool = True
    header: tuple[str, ...] = ()
    answers: str = ""

    def select(self, paths: Sequence[Path], utf8: bool) -> str:
        """SQL for client, query, time, rcode, why."""
        return selected(
            client=self.client,
            query=self.query,
            time=self.time,
            rcode=self.rcode,
            why=f"CASE {self._first(utf8)} {self.why.removeprefix('CASE ')}",
            origin=self._quoted(paths) if self.quoted else self._plain(paths),
        )

    def _plain(self, paths: Sequence[Path]) -> str:
        types = ", ".join(f"c{i}: 'VARCHAR'" for i in range(self.columns + 1))
        taken = ", ".join(f"c{i} AS {key}" for key, i in self.used)
        last = max(i for _, i in self.used)
        short = f"c{last} IS NULL AND c{self.columns - 1} IS NULL"
        return (
            f"(SELECT {taken}, {short} OR c{self.columns} IS NOT NULL AS odd FROM "
            f"read_csv({sql.files(paths)}, columns={{{types}}}, delim={sql.text(self.delimiter)}, "
            f"{sql.PLAIN}, null_padding=true))"
        )

    @property
    def pattern(self) -> str:
        """A whole line with quotes, as a regular expression whose groups are the used fields."""
        used = {i for _, i in self.used}
        other = "\\" + self.delimiter
        field = f'"[^"]*(?:""[^"]*)*"|[^"{other}][^{other}]*|'
        fields = [f"({field})" if i in used else f"(?:{field})" for i in range(max(used) + 1)]
        rest = self.columns - len(fields)
        return f"^{other.join(fields)}(?:{other}(?:{field})){{0,{rest}}}\\s*$"

    def _quoted(self, paths: Sequence[Path]) -> str:
        """Line by line: to a reader of CSV, one quote too many is the end of all lines after it."""
        names = {i: key for key, i in self.used}
        groups = "[" + ", ".join(sql.text(names[i]) for i in sorted(names)) + "]"
        taken = ", ".join(f"{_unquoted(f'm.{x}')} AS {x}" for x in names.values())
        nothing = f"concat({', '.join(f'm.{x}' for x in names.values())}) = ''"
        return (
            f"(SELECT {taken}, {nothing} AS odd FROM (SELECT regexp_extract(line, "
            f"{sql.text(self.pattern)}, {groups}) AS m FROM {sql.read_lines(paths)}))"
        )

    def _first(self, utf8: bool) -> str:
        where = dict(self.used)
        required = [x for x in ("client_", "query_") if x in where]
        cases = "WHEN odd THEN 'broken'" + "".join(sql.undecoded(x, utf8) for x in required)
        if not self.header:
            return cases
        same = " AND ".join(f"{x} = {sql.text(self.header[where[x]])}" for x in required)
        return f"WHEN {same} THEN 'other_event' {cases}"

    def wrong(self, line: str) -> str:
        """What is wrong with a broken line."""
        found = len(_split(line, self.delimiter))
        quotes = " or quotes that do not fit" if self.quoted else ""
        return undecoded(line) or f"{found} columns instead of {self.columns}{quotes}"


def _unquoted(value: str) -> str:
    inner = f"replace({value}[2:-2], '\"\"', '\"')"
    return f"CASE WHEN starts_with({value}, '\"') THEN {inner} ELSE {value} END"


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _delimiter(lines: Sequence[str]) -> str:
    """What parts most lines into most fields, equally many in each."""

    def worth(delimiter: str) -> tuple[float, int]:
        counts = [len(_split(x, delimiter)) for x in lines[:100]]
        common = max(set(counts), key=counts.count)
        return (counts.count(common) * (common > 1), common)

    return max(_DELIMITERS, key=worth)


# --- Umbrella ---

_TIME, _IDENTITY, _INTERNAL, _EXTERNAL, _ACTION, _TYPE, _CODE, _DOMAIN = 0, 1, 3, 4, 5, 6, 7, 8


def umbrella(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Cisco Umbrella's DNS log: no header, one row a query, as exported to S3."""
    rows = [x for x in (_split(line, ",") for line in head.lines[:100]) if len(x) > _DOMAIN]
    if not any(x[_ACTION] in ("Allowed", "Blocked", "Proxied") for x in rows):
        return None
    used = {
        "time_": _TIME, "who_": _IDENTITY, "client_": _INTERNAL, "out_": _EXTERNAL,
        "act_": _ACTION, "type_": _TYPE, "rcode_": _CODE, "query_": _DOMAIN,
    }  # fmt: skip
    query = sql.cleaned("query_")
    clients = ", ".join(sql.cleaned(x) for x in ("client_", "who_", "out_"))
    return Csv(
        "umbrella",
        # Later versions of the log append columns; rows of several versions may be mixed.
        max(map(len, rows)),
        ",",
        '"' in head.lines[0],
        tuple(used.items()),
        client=f"coalesce({clients})",
        query=query,
        time=sql.seconds("time_"),
        rcode=f"CASE WHEN act_ = 'Blocked' THEN 'BLOCKED' ELSE {sql.rcode('rcode_')} END",
        why=sql.why(query, qtype="split_part(type_, ' ', 1)"),
        header=tuple(rows[0]) if rows[0][_DOMAIN] == "Domain" else (),
    )


# --- any CSV ---


def mapped(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Any CSV, by the mapping, by usual names in its header, or by numbers of columns."""
    if not head.lines or head.lines[0].lstrip().startswith(("{", "[")):
        return None
    delimiter = _delimiter(head.lines)
    first = [x.strip("\ufeff ") for x in _split(head.lines[0], delimiter)]
    numbered = bool(mapping) and all(x.isdigit() for x in mapping.values())
    if not numbered and len(first) < 2 and not (mapping or claimed):
        return None
    known = [str(i + 1) for i in range(len(first))] if numbered else first
    found = names.chosen(known, mapping, head.text.path, "csv", claimed)
    if not found:
        return None
    used = {f"{what}_": known.index(column) for what, column in found.items()}
    return Csv(
        "csv",
        len(first),
        delimiter,
        any('"' in x for x in head.lines),
        tuple(used.items()),
        header=() if numbered else tuple(_split(head.lines[0], delimiter)),
        **names.expressions(found, head),
    )
