"""Servers' logs of one line an event: dnsmasq, Pi-hole, BIND, Unbound, CoreDNS, Windows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sql, times
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


def describe(
    form: str, pattern: str, groups: tuple[str, ...], event: str, own: str, **expressions: str
) -> Layout:
    """Return the layout of lines with a pattern; expressions are as in Layout."""
    table = MatchedLines(form, pattern, groups, event, own)
    return Layout(form, table, **expressions)  # type: ignore[arg-type]  # none is sources


def has_match(head: Head, pattern: str) -> bool:
    """Return whether a pattern is in any of the first lines."""
    regex = re.compile(pattern)
    return any(regex.search(line) for line in head.lines)


# --- the time in front of a message ---

ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_EPOCH = r"\[(\d{9,11}(?:\.\d+)?)\]"
_BIND = r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?"
_SYSLOG = r"[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d"
_ZONED = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_YEARLY = r"([A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d) (\d{4})\b"


def parse_prefix(head: Head, prefix: str) -> dict[str, str]:
    """Return time, zone and time_text of what is before a message; frequent styles go first."""
    latest, zone = head.file.latest, head.zone or times.find_local_zone()

    def extract(style: str, group: int = 0) -> str:
        return f"regexp_extract({prefix}, {sql.quote_text(style)}, {group})"

    bind = f"try_strptime({extract(_BIND)}, ['%d-%b-%Y %H:%M:%S.%g', '%d-%b-%Y %H:%M:%S'])"
    yearly = f"try_strptime({extract(_YEARLY, 2)} || ' ' || {extract(_YEARLY, 1)}, "
    styles = {
        ISO: times.parse_iso(extract(ISO), zone),
        _EPOCH: f"TRY_CAST({extract(_EPOCH, 1)} AS DOUBLE)",
        _BIND: times.in_zone(bind, zone),
        _YEARLY: times.in_zone(f"{yearly}'%Y %b %d %H:%M:%S')", zone),
        _SYSLOG: times.parse_syslog(extract(_SYSLOG), latest, zone),
    }
    sample = head.lines[:200]
    counts = {x: sum(bool(re.search(x, line)) for line in sample) for x in styles}
    used = sorted((x for x in styles if counts[x]), key=lambda x: -counts[x])
    is_local = any(x not in (_EPOCH, ISO) for x in used) or any(
        not _ZONED.search(x[0]) for line in sample if (x := re.search(ISO, line))
    )
    return {
        "time": f"coalesce({', '.join(styles[x] for x in dict.fromkeys((*used, *styles)))})",
        "zone": zone if is_local else "",
        "time_text": f"CASE WHEN regexp_matches({prefix}, '\\d:\\d\\d') THEN {prefix} END",
    }


ADDRESS = r"[0-9A-Fa-f:.]+"
ZONE_ID = r"(?:%[^\s#@\]/]+?)?"
_CLIENT = f"{ADDRESS}{ZONE_ID}"
_CLASSES = r"IN|CH|HS|ANY|NONE|CLASS\d+"


# --- dnsmasq and Pi-hole ---

_SOURCES = (
    r"reply|cached(?:-stale)?|config|DHCP|/\S+|"
    r"[A-Za-z][A-Za-z ]*(?:blocked|denied|blacklisted)(?: \(\w+\))?|special domain|Pi-hole hostname"
)

_UNPRINTABLE = "<name unprintable>"


def open_dnsmasq(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize dnsmasq with log-queries, plain or extra, and Pi-hole's pihole.log."""
    if not has_match(
        head, r"\bdnsmasq(?:\[\d+\])?: .*\b(?:query\[|reply |forwarded |cached |started)"
    ):
        return None
    blocked = (
        "source LIKE '%blocked%' OR source LIKE '%denied%' OR source LIKE '%blacklisted%' "
        "OR source = 'special domain' OR "
        "(source = 'config' AND regexp_matches(value, '^(NXDOMAIN|NODATA.*|0\\.0\\.0\\.0|::)$'))"
    )
    return describe(
        "dnsmasq",
        r"^(.*?)\bdnsmasq(?:\[\d+\])?: (?:(?:UDP|TCP) )?(?:\d+ (" + _CLIENT + r")/\d+ )?"
        r"(?:query\[([^\]]*)\] (" + _UNPRINTABLE + r"|\S*) from (\S+)|"
        r"(" + _SOURCES + r") (" + _UNPRINTABLE + r"|\S+) is (.+))\s*$",
        ("prefix", "extra", "qtype", "asked", "client", "source", "answered", "value"),
        event=r"query\[",
        own=r"\bdnsmasq\b|^" + _SYSLOG + "|^" + ISO,
        client="coalesce(client, extra)",
        query="coalesce(asked, answered)",
        **parse_prefix(head, "prefix"),
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
    """Recognize BIND's query log, with responses and errors; Infoblox's and EfficientIP's too."""
    if not has_match(head, r"client (?:@0x\w+ )?\S+#\d+.*:? (?:query|response|answer): "):
        return None
    return describe(
        "bind",
        r"^(.*?)client (?:@0x[0-9a-f]+ )?(" + _CLIENT + r")#\d+(?:/key \S+)?(?: \(.*?\))?:?"
        r"(?: (?:UDP|TCP):?)?(?: view [^ :]+:)? (?:"
        rf"(query|response|answer): (\S+) (?:{_CLASSES}) (\S+)"
        r"(?: response: ([A-Z]+)\b.*|.*? -> ([A-Z]+)\b.*| ([A-Z]{4,})\b.*|[^>]*)"
        r"|(query failed|rpz \S+) \(?([A-Z-]+)\)? (?:for|rewrite) (\S+?)/.*)$",
        (
            "prefix", "client", "kind", "name1", "qtype", "code1", "code3", "code4", "event",
            "code2", "name2",
        ),
        event=r"#\d+.*: (?:query|answer|response): ",
        own=r"\bnamed\b|^" + _BIND + "|^" + _SYSLOG + "|^" + ISO,
        client="client",
        query="coalesce(name1, name2)",
        **parse_prefix(head, "prefix"),
        rcode="CASE WHEN starts_with(event, 'rpz') THEN 'BLOCKED' "
        f"ELSE {sql.name_rcode('coalesce(code1, code3, code4, code2)')} END",
        why=sql.classify_line(
            "coalesce(name1, name2)",
            qtype="qtype",
            last="WHEN kind IS DISTINCT FROM 'query' OR code1 IS NOT NULL THEN 'answer'",
        ),
        answers="client",
    )  # fmt: skip


# --- Unbound ---


def open_unbound(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Unbound's log-queries, log-replies and log-local-actions, by file or syslog."""
    if not has_match(
        head,
        r"unbound.*?(?:info|query|reply): (?:\S+ \S+ )?" + _CLIENT + r"(?:@\d+)? \S+ "
        rf"[A-Z0-9]+ (?:{_CLASSES})\b",
    ):
        return None
    return describe(
        "unbound",
        r"^(.*?\bunbound\b.*?)(?:info|query|reply): (?:(?:query|reply): )?(?:\S+ (\S+) )?"
        rf"({_CLIENT})(?:@\d+)? (\S+) ([A-Z0-9]+) (?:{_CLASSES})"
        r"(?: ([A-Z]+) [\d.]+ [01] \d+.*)?\s*$",
        ("prefix", "action", "client", "qname", "qtype", "code"),
        event=rf"(?:info|query|reply): (?:(?:query|reply): )?{_CLIENT}(?:@\d+)? \S+ [A-Z]",
        own=r"\bunbound\b",
        client="client",
        query="qname",
        **parse_prefix(head, "prefix"),
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
    if not has_match(head, line):
        return None
    return describe(
        "coredns",
        r"^(.*?)\[?(" + ADDRESS + r"?(?:%[^\s\]]+?)?)\]?:\d+ -(?: \d+)? "
        r'"(\S+) (\S+) (\S+) '
        r'(?:udp|tcp|tls|https|quic|grpc)\S* [^"]*" (\S+) ',
        ("prefix", "client", "qtype", "qclass", "qname", "code"),
        event=r"\[INFO\] \[?[0-9A-Fa-f:.]+(?:%[^\s\]]+)?\]?:\d+ - |" + line,
        own="^",
        client="client",
        query="qname",
        **parse_prefix(head, "prefix"),
        rcode=sql.name_rcode("code"),
        why=sql.classify_line("qname", first="WHEN qclass = 'CH' THEN 'type'", qtype="qtype"),
    )


# --- Windows ---


def open_windows(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Windows' DNS debug log; names keep the form (3)www(7)example(3)com(0).

    The server's own queries to others, and their answers, are other events.
    """
    if not has_match(head, r"\bPACKET\s+\S+\s+(?:UDP|TCP) (?:Rcv|Snd) "):
        return None
    zone = head.zone or times.find_local_zone()
    day_first = times.is_day_first(head.lines, head.file.latest)
    return describe(
        "windows",
        r"^(\d[\d./-]+ [\d:.]+(?: [AaPp][Mm])?) +\S+ +PACKET +\S+ +(?:UDP|TCP) +(Rcv|Snd) +(\S+) +"
        r"[0-9A-Fa-f]+ +(R)? *([QNU?]) +\[[0-9A-Fa-f]+ .*?([A-Z]+)\] +(\S+) +(\S+)\s*$",
        ("stamp", "way", "client", "reply", "opcode", "code", "qtype", "qname"),
        event=r"\bPACKET\b.*\b(?:Rcv|Snd)\b",
        own="^",
        client="client",
        query="qname",
        time=times.parse_export("stamp", zone, day_first),
        zone=zone,
        time_text="stamp",
        rcode="CASE WHEN reply IS NOT NULL THEN code END",
        why=sql.classify_line(
            "qname",
            first="WHEN opcode <> 'Q' OR (way = 'Snd') = (reply IS NULL) THEN 'other_event'",
            qtype="upper(qtype)",
            last="WHEN reply IS NOT NULL THEN 'answer'",
        ),
        answers="client",
    )
