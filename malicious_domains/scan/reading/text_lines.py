"""Formats of one line of text an event, which are declared by regular expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path

from . import sql, times
from .layout import Head, Layout, LogFormat
from .tables import Table

_MARKED = 2000  # characters of a line in which marks are looked for, as that takes time


@dataclass(frozen=True)
class TextLines(Table):
    """Lines of text, of which columns are extracted.

    match: the SQL of m, the groups of a regular expression; "" if no column needs it. columns: each
    column's name, and its SQL over line or m. event, own, required: as in TextFormat.
    """

    match: str
    columns: tuple[tuple[str, str], ...]
    event: str
    own: str
    required: tuple[str, ...]

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table of the line and the columns, NULL where they are empty."""
        lines = sql.read_lines(paths)
        if self.match:
            lines = f"(SELECT line, {self.match} AS m FROM {lines})"
        columns = ", ".join(f"{value} AS {name}" for name, value in self.columns)
        return f"(SELECT line, {columns} FROM {lines})"

    def find_broken(self, query: str) -> str:
        """Return the WHENs of foreign lines, of events without a value, and of other bytes."""
        nothing = " AND ".join(f"{name} IS NULL" for name, _ in self.columns)
        missing = " OR ".join(f"{x} IS NULL" for x in self.required) or nothing
        event, own = map(sql.quote_text, (self.event, self.own))
        return (
            f"WHEN ({missing}) AND regexp_matches(line, {event}) "
            f"OR ({nothing}) AND NOT regexp_matches(line, {own}) THEN 'broken' "
            f"WHEN {nothing} THEN 'other_event'"
        ) + sql.mark_undecoded(query)


@dataclass(frozen=True)
class TextFormat(LogFormat):
    """A format of lines of text; an Opener.

    marks: regular expressions (RE2's), each of which one of the first lines must match. pattern:
    one of a whole line, whose named groups are the columns. keys: the columns by the keys of their
    values, of several with | the first that has one; the pattern is then that of KEY and a value.
    event: what every query or answer has in it, so that one without the required columns (without
    any, if none is named) is broken. own: what a line of this log has in it at least. time: the SQL
    of the text of the time; "": it is within the column prefix. is_local: whether times are always
    in this machine's zone.
    """

    marks: tuple[str, ...]
    pattern: str
    event: str
    own: str
    _: KW_ONLY
    time: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    is_local: bool = False

    def __call__(self, head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
        """Recognize the format by its marks."""
        begun = [x[:_MARKED] for x in head.lines]
        if not all(any(map(re.compile(x).search, begun)) for x in self.marks):
            return None
        time, zone, time_text = self._describe_time(head)
        table = self._open_table()
        return self.lay_out(table, dict(table.columns), time=time, zone=zone, time_text=time_text)

    def _open_table(self) -> TextLines:
        match, columns = "", {}
        for x, keys in self.keys.items():
            patterns = (self.pattern.replace("KEY", re.escape(key)) for key in keys.split("|"))
            columns[x] = sql.coalesce(
                f"nullif(trim(regexp_extract(line, {sql.quote_text(y)}, 1)), '')" for y in patterns
            )
        if not columns:
            groups = [*re.compile(self.pattern).groupindex]
            listed = ", ".join(map(sql.quote_text, groups))
            match = f"regexp_extract(line, {sql.quote_text(self.pattern)}, [{listed}])"
            columns = {x: f"nullif(m.{x}, '')" for x in groups}
        items = tuple(columns.items())
        return TextLines(match, items, self.event, self.own, self.required)

    def _describe_time(self, head: Head) -> tuple[str, str, str]:
        """Return time, zone and time_text; a time that no key has is in front of the line."""
        if not self.time:
            return _parse_prefix(head, "prefix")
        zone = head.zone or times.find_local_zone()
        day_first = times.is_day_first(head.lines, head.file.latest)
        before, local, _ = _parse_prefix(head, "line[:64]")
        time = times.parse_any(self.time, zone, head.file.latest, day_first)
        local = zone if self.is_local else local
        return f"coalesce({time}, {before})", local, f"coalesce({self.time}, line[:64])"


# --- the time in front of a message ---

ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_EPOCH = r"(?:^|\[)(\d{9,11}(?:\.\d+)?)[\] ]"
BIND = r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?"
SYSLOG = r"[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d"
_ZONED = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
# 25.11.2025, 2025/11/25, 25 Nov 2025, Nov 25 2025, before a time of day.
_DATED = (
    r"^(?:<\d+>)?\[?((?:\d{1,4}[./]\d{1,2}[./]\d{1,4}|\d{1,2} [A-Z][a-z]{2} \d{4}|"
    r"[A-Z][a-z]{2} +\d{1,2},? \d{4}),? \d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?)"
)
_YEARLY = r"([A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d) (\d{4})\b"


def _parse_prefix(head: Head, prefix: str) -> tuple[str, str, str]:
    """Return time, zone and time_text of what is before a message; frequent styles go first."""
    latest, zone = head.file.latest, head.zone or times.find_local_zone()

    def extract(style: str, group: int = 0) -> str:
        return f"regexp_extract({prefix}, {sql.quote_text(style)}, {group})"

    bind = f"try_strptime({extract(BIND)}, ['%d-%b-%Y %H:%M:%S.%g', '%d-%b-%Y %H:%M:%S'])"
    yearly = f"try_strptime({extract(_YEARLY, 2)} || ' ' || {extract(_YEARLY, 1)}, "
    styles = {
        ISO: times.parse_iso(extract(ISO), zone),
        _EPOCH: f"TRY_CAST({extract(_EPOCH, 1)} AS DOUBLE)",
        BIND: times.in_zone(bind, zone),
        _YEARLY: times.in_zone(f"{yearly}'%Y %b %d %H:%M:%S')", zone),
        SYSLOG: times.parse_syslog(extract(SYSLOG), latest, zone),
        _DATED: times.parse_export(
            extract(_DATED, 1), zone, times.is_day_first(head.lines, latest)
        ),
    }
    sample = head.lines[:200]
    counts = {x: sum(bool(re.search(x, line)) for line in sample) for x in styles}
    used = sorted((x for x in styles if counts[x]), key=lambda x: -counts[x])
    is_local = any(x not in (_EPOCH, ISO) for x in used) or any(
        not _ZONED.search(x[0]) for line in sample if (x := re.search(ISO, line))
    )
    time = f"coalesce({', '.join(styles[x] for x in dict.fromkeys((*used, *styles)))})"
    text = f"CASE WHEN regexp_matches({prefix}, '\\d:\\d\\d') THEN {prefix} END"
    return time, zone if is_local else "", text
