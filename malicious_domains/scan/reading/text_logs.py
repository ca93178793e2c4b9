"""Text logs of one line an event: what a regular expression finds in each, and its time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sql
from .layout import Head, selected, undecoded


@dataclass(frozen=True)
class Lines:
    """pattern: a regular expression (RE2's), whose groups are named in order by groups.

    meant: what every line of a query or an answer has in it, so that one without a match is broken;
    ours: what a line of this log has in it at least. The other texts are SQL over the groups.
    """

    form: str
    pattern: str
    groups: tuple[str, ...]
    meant: str
    ours: str
    client: str
    query: str
    time: str
    rcode: str
    why: str
    coded: bool
    answers: str = "client"

    def select(self, paths: Sequence[Path], utf8: bool) -> str:
        """SQL for client, query, time, rcode, why."""
        groups = "[" + ", ".join(map(sql.text, self.groups)) + "]"
        matched = f"regexp_extract(line, {sql.text(self.pattern)}, {groups})"
        lines = sql.read_lines(paths)
        taken = ", ".join(f"nullif(m.{x}, '') AS {x}" for x in self.groups)
        inner = f"(SELECT line, {taken} FROM (SELECT line, {matched} AS m FROM {lines}))"
        unread = " AND ".join(f"{x} IS NULL" for x in self.groups)
        first = (
            f"WHEN {unread} THEN CASE WHEN regexp_matches(line, {sql.text(self.meant)}) "
            f"OR NOT regexp_matches(line, {sql.text(self.ours)}) THEN 'broken' "
            "ELSE 'other_event' END"
        )
        first += sql.undecoded(self.query, utf8)
        return selected(
            client=self.client,
            query=self.query,
            time=self.time,
            rcode=self.rcode,
            why=f"CASE {first} {self.why.removeprefix('CASE ')}",
            origin=inner,
        )

    def wrong(self, line: str) -> str:
        """What is wrong with a broken line."""
        return undecoded(line) or f"not a line as {self.form} writes it"


def matches(head: Head, pattern: str) -> bool:
    """Whether a pattern is found in any of the first lines."""
    found = re.compile(pattern)
    return any(found.search(line) for line in head.lines)


# --- the time before a message ---

ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_EPOCH = r"\[(\d{9,11}(?:\.\d+)?)\]"
BIND = r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?"
SYSLOG = r"[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d"
_YEARLY = r"([A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d) (\d{4})\b"


def stamp(head: Head, prefix: str) -> str:
    """Seconds from what stands before a message; the style of most lines is tried first."""
    latest = head.text.latest
    yearly = f"regexp_extract({prefix}, {sql.text(_YEARLY)}, 2) || ' ' || " + (
        f"regexp_extract({prefix}, {sql.text(_YEARLY)}, 1)"
    )
    styles = {
        ISO: sql.iso(f"regexp_extract({prefix}, {sql.text(ISO)})"),
        _EPOCH: f"TRY_CAST(regexp_extract({prefix}, {sql.text(_EPOCH)}, 1) AS DOUBLE)",
        BIND: f"epoch(try_strptime(regexp_extract({prefix}, {sql.text(BIND)}), "
        "['%d-%b-%Y %H:%M:%S.%g', '%d-%b-%Y %H:%M:%S']))",
        _YEARLY: f"epoch(try_strptime({yearly}, '%Y %b %d %H:%M:%S'))",
        SYSLOG: sql.syslog(f"regexp_extract({prefix}, {sql.text(SYSLOG)})", latest),
    }
    sample = head.lines[:200]
    counts = {x: sum(bool(re.search(x, line)) for line in sample) for x in styles}
    used = sorted((x for x in styles if counts[x]), key=lambda x: -counts[x])
    return f"coalesce({', '.join(styles[x] for x in used)}, NULL)" if used else "NULL::DOUBLE"
