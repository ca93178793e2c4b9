"""Servers' logs of one line an event: dnsmasq, Pi-hole, BIND, Unbound, CoreDNS, Windows."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sql
from .layout import Head, Layout


@dataclass(frozen=True)
class MatchedLines:
    """Lines of text, whose columns are the groups of a regular expression (RE2's).

    event: what every line of a query or an answer has in it, so that one without a match is
    broken. own: what a line of this log has in it at least.
    """

    form: str
    pattern: str
    groups: tuple[str, ...]
    event: str
    own: str

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table of the line and the groups, NULL where they are empty."""
        groups = "[" + ", ".join(map(sql.quote_text, self.groups)) + "]"
        match = f"regexp_extract(line, {sql.quote_text(self.pattern)}, {groups})"
        columns = ", ".join(f"nullif(m.{x}, '') AS {x}" for x in self.groups)
        lines = sql.read_lines(paths)
        return f"(SELECT line, {columns} FROM (SELECT line, {match} AS m FROM {lines}))"

    def find_broken(self, query: str, utf8: bool) -> str:
        """Return the WHENs of lines without a match, and of bytes that are not UTF-8."""
        no_match = " AND ".join(f"{x} IS NULL" for x in self.groups)
        return (
            f"WHEN {no_match} THEN CASE WHEN regexp_matches(line, {sql.quote_text(self.event)}) "
            f"OR NOT regexp_matches(line, {sql.quote_text(self.own)}) THEN 'broken' "
            "ELSE 'other_event' END"
        ) + sql.mark_undecoded(query, utf8)

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a broken line."""
        return f"not a line as {self.form} writes it"


def _describe(
    form: str, pattern: str, groups: tuple[str, ...], event: str, own: str, **expressions: str
) -> Layout:
    return Layout(form, MatchedLines(form, pattern, groups, event, own), **expressions)


def _matches(head: Head, pattern: str) -> bool:
    """Return whether a pattern is in any of the first lines."""
    regex = re.compile(pattern)
    return any(regex.search(line) for line in head.lines)


# --- the time in front of a message ---

_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_EPOCH = r"\[(\d{9,11}(?:\.\d+)?)\]"
_BIND = r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?"
_SYSLOG = r"[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d"
_YEARLY = r"([A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d) (\d{4})\b"


def _parse_prefix(head: Head, prefix: str) -> str:
    """Return the seconds of what is before a message; the most frequent style is tried first."""
    latest = head.file.latest
    yearly = f"regexp_extract({prefix}, {sql.quote_text(_YEARLY)}, 2) || ' ' || " + (
        f"regexp_extract({prefix}, {sql.quote_text(_YEARLY)}, 1)"
    )
    styles = {
        _ISO: sql.parse_iso(f"regexp_extract({prefix}, {sql.quote_text(_ISO)})"),
        _EPOCH: f"TRY_CAST(regexp_extract({prefix}, {sql.quote_text(_EPOCH)}, 1) AS DOUBLE)",
        _BIND: f"epoch(try_strptime(regexp_extract({prefix}, {sql.quote_text(_BIND)}), "
        "['%d-%b-%Y %H:%M:%S.%g', '%d-%b-%Y %H:%M:%S']))",
        _YEARLY: f"epoch(try_strptime({yearly}, '%Y %b %d %H:%M:%S'))",
        _SYSLOG: sql.parse_syslog(f"regexp_extract({prefix}, {sql.quote_text(_SYSLOG)})", latest),
    }
    sample = head.lines[:200]
    counts = {x: sum(bool(re.search(x, line)) for line in sample) for x in styles}
    used = sorted((x for x in styles if counts[x]), key=lambda x: -counts[x])
    return f"coalesce({', '.join(styles[x] for x in used)}, NULL)" if used else "NULL::DOUBLE"


_ADDRESS = r"[0-9A-Fa-f:.]+"
_CLASSES = r"IN|CH|HS|ANY|NONE|CLASS\d+"


# --- dnsmasq and Pi-hole ---

_SOURCES = (
    r"reply|cached(?:-stale)?|config|DHCP|/\S+|"
    r"[A-Za-z][A-Za-z ]*(?:blocked|denied|blacklisted)(?: \(\w+\))?|special domain|Pi-hole hostname"
)


def open_dnsmasq(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize dnsmasq with log-queries, plain or extra, and Pi-hole's pihole.log."""
    if not _matches(
        head, r"dnsmasq(?:\[\d+\])?: .*\b(?:query\[|reply |forwarded |cached |started)"
    ):
        return None
    blocked = (
        "source LIKE '%blocked%' OR source LIKE '%denied%' OR source LIKE '%blacklisted%' "
        "OR source = 'special domain' OR "
        "(source = 'config' AND regexp_matches(value, '^(NXDOMAIN|NODATA.*|0\\.0\\.0\\.0|::)$'))"
    )
    return _describe(
        "dnsmasq",
        r"^(.*?)\bdnsmasq(?:\[\d+\])?: (?:\d+ (" + _ADDRESS + r")/\d+ )?(?:query\[([^\]]*)\] (\S*) "
        r"from (\S+)|(" + _SOURCES + r") (\S+) is (.+))\s*$",
        ("prefix", "extra", "qtype", "asked", "client", "source", "answered", "value"),
        event=r"query\[",
        own=r"\bdnsmasq\b|^" + _SYSLOG + "|^" + _ISO,
        client="coalesce(client, extra)",
        query="coalesce(asked, answered)",
        time=_parse_prefix(head, "prefix"),
        rcode=f"CASE WHEN source IS NULL THEN NULL WHEN {blocked} THEN 'BLOCKED' "
        "WHEN value IN ('NXDOMAIN', 'SERVFAIL', 'REFUSED', 'NOTIMP') THEN value ELSE 'NOERROR' END",
        why=sql.classify_line(
            "coalesce(asked, answered)",
            first="WHEN source IS NOT NULL THEN 'answer'",
            qtype="replace(qtype, 'type=', '')",
        ),
        answers="name",
    )


# --- BIND ---


def open_bind(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize BIND's query log, with responses and errors if they are logged too."""
    if not _matches(head, r"client (?:@0x\w+ )?\S+#\d+.*: (?:view \S+: )?(?:query|response): "):
        return None
    return _describe(
        "bind",
        r"^(.*?)client (?:@0x[0-9a-f]+ )?(" + _ADDRESS + r")(?:%\S+?)?#\d+(?:/key \S+)?"
        r"(?: \(.*?\))?: (?:view [^ :]+: )?(?:"
        rf"(query|response): (\S+) (?:{_CLASSES}) (\S+)(?: ([A-Z]{{4,}})\b)?"
        r"|(query failed|rpz \S+) \(?([A-Z-]+)\)? (?:for|rewrite) (\S+?)/)",
        ("prefix", "client", "kind", "name1", "qtype", "code1", "event", "code2", "name2"),
        event=r"#\d+.*: query: ",
        own=r"\bnamed\b|^" + _BIND + "|^" + _SYSLOG + "|^" + _ISO,
        client="client",
        query="coalesce(name1, name2)",
        time=_parse_prefix(head, "prefix"),
        rcode="CASE WHEN starts_with(event, 'rpz') THEN 'BLOCKED' "
        "WHEN kind = 'query' THEN NULL ELSE coalesce(code1, code2) END",
        why=sql.classify_line(
            "coalesce(name1, name2)",
            qtype="qtype",
            last="WHEN kind IS DISTINCT FROM 'query' THEN 'answer'",
        ),
        answers="client",
    )


# --- Unbound ---


def open_unbound(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Unbound's log-queries, log-replies and log-local-actions, by file or syslog."""
    if not _matches(
        head,
        r"unbound.*?(?:info|query|reply): (?:\S+ \S+ )?" + _ADDRESS + r"(?:@\d+)? \S+ "
        rf"[A-Z0-9]+ (?:{_CLASSES})\b",
    ):
        return None
    return _describe(
        "unbound",
        r"^(.*?\bunbound\b.*?)(?:info|query|reply): (?:(?:query|reply): )?(?:\S+ (\S+) )?"
        rf"({_ADDRESS})(?:@\d+)? (\S+) ([A-Z0-9]+) (?:{_CLASSES})"
        r"(?: ([A-Z]+) [\d.]+ [01] \d+.*)?\s*$",
        ("prefix", "action", "client", "qname", "qtype", "code"),
        event=rf"(?:info|query|reply): {_ADDRESS} ",
        own=r"\bunbound\b",
        client="client",
        query="qname",
        time=_parse_prefix(head, "prefix"),
        rcode="CASE WHEN action IN ('inform', 'transparent', 'typetransparent') THEN NULL "
        "WHEN action IS NOT NULL THEN 'BLOCKED' ELSE code END",
        why=sql.classify_line(
            "qname", qtype="qtype", last="WHEN coalesce(code, action) IS NOT NULL THEN 'answer'"
        ),
        answers="client",
    )


# --- CoreDNS ---


def open_coredns(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize CoreDNS's log plugin, common or combined, with or without a container's prefix."""
    line = r'"\S+ \S+ \S+ (?:udp|tcp|tls|https|quic|grpc)\S* [^"]*" \S+ '
    if not _matches(head, line):
        return None
    return _describe(
        "coredns",
        r"^(.*?)\[?(" + _ADDRESS + r'?)\]?:\d+ -(?: \d+)? "(\S+) (\S+) (\S+) '
        r'(?:udp|tcp|tls|https|quic|grpc)\S* [^"]*" (\S+) ',
        ("prefix", "client", "qtype", "qclass", "qname", "code"),
        event=r"\[INFO\] \[?[0-9A-Fa-f:.]+\]?:\d+ - ",
        own="^",
        client="client",
        query="qname",
        time=_parse_prefix(head, "prefix"),
        rcode=sql.name_rcode("code"),
        why=sql.classify_line("qname", first="WHEN qclass = 'CH' THEN 'type'", qtype="qtype"),
    )


# --- Windows ---

_DATE = r"^(\d{1,4})[./-](\d{1,2})[./-](\d{1,4}) "


def open_windows(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Windows' DNS debug log; names keep the form (3)www(7)example(3)com(0).

    The server's own queries to others, and their answers, are other events.
    """
    if not _matches(head, r"\bPACKET\s+\S+\s+(?:UDP|TCP) (?:Rcv|Snd) "):
        return None
    return _describe(
        "windows",
        r"^(\d[\d./-]+ [\d:.]+(?: [AaPp][Mm])?) +\S+ +PACKET +\S+ +(?:UDP|TCP) +(Rcv|Snd) +(\S+) +"
        r"[0-9A-Fa-f]+ +(R)? *([QNU?]) +\[[0-9A-Fa-f]+ .*?([A-Z]+)\] +(\S+) +(\S+)\s*$",
        ("stamp", "way", "client", "reply", "opcode", "code", "qtype", "qname"),
        event=r"\bPACKET\b.*\b(?:Rcv|Snd)\b",
        own="^",
        client="client",
        query="qname",
        time="epoch(try_strptime(replace(replace(stamp, '.', '/'), '-', '/'), "
        f"{_detect_order(head)}))",
        rcode="CASE WHEN reply IS NOT NULL THEN code END",
        why=sql.classify_line(
            "qname",
            first="WHEN opcode <> 'Q' OR (way = 'Snd') = (reply IS NULL) THEN 'other_event'",
            qtype="upper(qtype)",
            last="WHEN reply IS NOT NULL THEN 'answer'",
        ),
        answers="client",
    )


def _detect_order(head: Head) -> str:
    """Return the date formats: a number over twelve is the day, else the clock decides."""
    dates = [x for x in (re.search(_DATE, line) for line in head.lines) if x]
    if any(len(x[1]) == 4 for x in dates):
        order = "%Y/%m/%d"
    elif any(int(x[1]) > 12 for x in dates):
        order = "%d/%m/%Y"
    elif any(int(x[2]) > 12 for x in dates):
        order = "%m/%d/%Y"
    else:
        order = _find_nearest(dates, head)
    return f"['{order} %I:%M:%S %p', '{order} %H:%M:%S']"


def _find_nearest(dates: Sequence[re.Match[str]], head: Head) -> str:
    """Return the order in which the last date is nearest to the file's time of writing."""
    if not dates:
        return "%m/%d/%Y"
    last = "/".join(dates[-1].groups())

    def distance(order: str) -> float:
        return abs(time.mktime(time.strptime(last, order)) - head.file.latest)

    has_halves = any(re.search(r" [AP]M ", line) for line in head.lines)
    orders = ("%m/%d/%Y", "%d/%m/%Y") if has_halves else ("%d/%m/%Y", "%m/%d/%Y")
    return min(orders, key=distance)
