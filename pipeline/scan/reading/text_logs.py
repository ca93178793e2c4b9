"""Servers' own logs of one line an event: dnsmasq, Pi-hole, BIND, Unbound, CoreDNS, Windows."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sql
from .layout import Head, Layout, selected, undecoded

_ADDRESS = r"[0-9A-Fa-f:.]+"
_CLASSES = r"IN|CH|HS|ANY|NONE|CLASS\d+"


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
        lines = sql.read_lines(paths, utf8)
        taken = ", ".join(f"nullif(m.{x}, '') AS {x}" for x in self.groups)
        inner = f"(SELECT line, {taken} FROM (SELECT line, {matched} AS m FROM {lines}))"
        query = sql.decoded(self.query, utf8)
        unread = " AND ".join(f"{x} IS NULL" for x in self.groups)
        first = (
            f"WHEN {unread} THEN CASE WHEN regexp_matches(line, {sql.text(self.meant)}) "
            f"OR NOT regexp_matches(line, {sql.text(self.ours)}) THEN 'broken' "
            "ELSE 'other_event' END"
        )
        if not utf8:
            first += f" WHEN {self.query} IS NOT NULL AND {query} IS NULL THEN 'broken'"
        return selected(
            client=self.client,
            query=query,
            time=self.time,
            rcode=self.rcode,
            why=f"CASE {first} {self.why.removeprefix('CASE ')}",
            origin=inner,
        )

    def wrong(self, line: str) -> str:
        """What is wrong with a broken line."""
        return undecoded(line) or f"not a line as {self.form} writes it"


def _any(head: Head, pattern: str) -> bool:
    found = re.compile(pattern)
    return any(found.search(line) for line in head.lines)


# --- the time before a message ---

_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_EPOCH = r"\[(\d{9,11}(?:\.\d+)?)\]"
_BIND = r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?"
_SYSLOG = r"[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d"
_YEARLY = r"([A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d) (\d{4})\b"


def _stamp(head: Head, prefix: str) -> str:
    """Seconds from what stands before a message; the style of most lines is tried first."""
    latest = head.text.latest
    yearly = f"regexp_extract({prefix}, {sql.text(_YEARLY)}, 2) || ' ' || " + (
        f"regexp_extract({prefix}, {sql.text(_YEARLY)}, 1)"
    )
    styles = {
        _ISO: sql.iso(f"regexp_extract({prefix}, {sql.text(_ISO)})"),
        _EPOCH: f"TRY_CAST(regexp_extract({prefix}, {sql.text(_EPOCH)}, 1) AS DOUBLE)",
        _BIND: f"epoch(try_strptime(regexp_extract({prefix}, {sql.text(_BIND)}), "
        "['%d-%b-%Y %H:%M:%S.%g', '%d-%b-%Y %H:%M:%S']))",
        _YEARLY: f"epoch(try_strptime({yearly}, '%Y %b %d %H:%M:%S'))",
        _SYSLOG: sql.syslog(f"regexp_extract({prefix}, {sql.text(_SYSLOG)})", latest),
    }
    sample = head.lines[:200]
    counts = {x: sum(bool(re.search(x, line)) for line in sample) for x in styles}
    used = sorted((x for x in styles if counts[x]), key=lambda x: -counts[x])
    return f"coalesce({', '.join(styles[x] for x in used)}, NULL)" if used else "NULL::DOUBLE"


# --- dnsmasq and Pi-hole ---

_SOURCES = (
    r"reply|cached(?:-stale)?|config|DHCP|/\S+|"
    r"[A-Za-z][A-Za-z ]*(?:blocked|denied|blacklisted)(?: \(\w+\))?|special domain|Pi-hole hostname"
)


def dnsmasq(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """dnsmasq with log-queries, plain or extra, and Pi-hole's pihole.log."""
    if not _any(head, r"dnsmasq(?:\[\d+\])?: .*\b(?:query\[|reply |forwarded |cached |started)"):
        return None
    blocked = (
        "source LIKE '%blocked%' OR source LIKE '%denied%' OR source LIKE '%blacklisted%' "
        "OR source = 'special domain' OR "
        "(source = 'config' AND regexp_matches(value, '^(NXDOMAIN|NODATA.*|0\\.0\\.0\\.0|::)$'))"
    )
    return Lines(
        "dnsmasq",
        r"^(.*?)\bdnsmasq(?:\[\d+\])?: (?:\d+ (" + _ADDRESS + r")/\d+ )?(?:query\[([^\]]*)\] (\S*) "
        r"from (\S+)|(" + _SOURCES + r") (\S+) is (.+))\s*$",
        ("prefix", "extra", "qtype", "asked", "client", "source", "told", "value"),
        meant=r"query\[",
        ours=r"\bdnsmasq\b|^" + _SYSLOG + "|^" + _ISO,
        client="coalesce(client, extra)",
        query="coalesce(asked, told)",
        time=_stamp(head, "prefix"),
        rcode=f"CASE WHEN source IS NULL THEN NULL WHEN {blocked} THEN 'BLOCKED' "
        "WHEN value IN ('NXDOMAIN', 'SERVFAIL', 'REFUSED', 'NOTIMP') THEN value ELSE 'NOERROR' END",
        why=sql.why(
            "coalesce(asked, told)",
            first="WHEN source IS NOT NULL THEN 'answer'",
            qtype="replace(qtype, 'type=', '')",
        ),
        coded=True,
        answers="name",
    )


# --- BIND ---


def bind(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """BIND's query log, with response and error lines where they are logged too."""
    if not _any(head, r"client (?:@0x\w+ )?\S+#\d+.*: (?:view \S+: )?(?:query|response): "):
        return None
    told = r"(?:query|response): |query failed|rpz "
    coded = _any(head, r": response: |query failed \(")
    return (
        Lines(
            "bind",
            r"^(.*?)client (?:@0x[0-9a-f]+ )?(" + _ADDRESS + r")(?:%\S+?)?#\d+(?:/key \S+)?"
            r"(?: \(.*?\))?: (?:view [^ :]+: )?(?:"
            rf"(query|response): (\S+) (?:{_CLASSES}) (\S+)(?: ([A-Z]{{4,}})\b)?"
            rf"|(query failed|rpz \S+) \(?([A-Z-]+)\)? (?:for|rewrite) (\S+?)/(\S+?)/)",
            (
                "prefix",
                "client",
                "kind",
                "name1",
                "qtype1",
                "code1",
                "event",
                "code2",
                "name2",
                "t2",
            ),
            meant=r"#\d+.*: query: ",
            ours=r"\bnamed\b|^" + _BIND + "|^" + _SYSLOG + "|^" + _ISO,
            client="client",
            query="coalesce(name1, name2)",
            time=_stamp(head, "prefix"),
            rcode="CASE WHEN starts_with(event, 'rpz') THEN 'BLOCKED' "
            "WHEN kind = 'query' THEN NULL ELSE coalesce(code1, code2) END",
            why=sql.why(
                "coalesce(name1, name2)",
                qtype="coalesce(qtype1, '')",
                last="WHEN kind IS DISTINCT FROM 'query' THEN 'answer'",
            ),
            coded=coded,
        )
        if told
        else None
    )


# --- Unbound ---


def unbound(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Unbound with log-queries, log-replies, log-local-actions, by file or syslog."""
    what = rf"\S+ (\S+) [A-Z0-9]+ (?:{_CLASSES})"
    if not _any(
        head,
        r"unbound.*?(?:info|query|reply): (?:\S+ \S+ )?" + _ADDRESS + r"(?:@\d+)? \S+ "
        rf"[A-Z0-9]+ (?:{_CLASSES})\b",
    ):
        return None
    return Lines(
        "unbound",
        r"^(.*?\bunbound\b.*?)(?:info|query|reply): (?:(?:query|reply): )?(?:\S+ (\S+) )?"
        rf"({_ADDRESS})(?:@\d+)? (\S+) ([A-Z0-9]+) (?:{_CLASSES})"
        r"(?: ([A-Z]+) [\d.]+ [01] \d+.*)?\s*$",
        ("prefix", "action", "client", "qname", "qtype", "code"),
        meant=rf"(?:info|query|reply): {_ADDRESS} ",
        ours=r"\bunbound\b",
        client="client",
        query="qname",
        time=_stamp(head, "prefix"),
        rcode="CASE WHEN action IS NOT NULL THEN 'BLOCKED' ELSE code END",
        why=sql.why(
            "qname", qtype="qtype", last="WHEN coalesce(code, action) IS NOT NULL THEN 'answer'"
        ),
        coded=_any(head, what + r" [A-Z]+ [\d.]+ [01] \d+"),
    )


# --- CoreDNS ---


def coredns(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """CoreDNS's plugin log in its common or combined form, with what a container puts before it."""
    line = r'"\S+ \S+ \S+ (?:udp|tcp|tls|https|quic|grpc)\S* [^"]*" \S+ '
    if not _any(head, line):
        return None
    return Lines(
        "coredns",
        r"^(.*?)\[?(" + _ADDRESS + r'?)\]?:\d+ -(?: \d+)? "(\S+) (\S+) (\S+) '
        r'(?:udp|tcp|tls|https|quic|grpc)\S* [^"]*" (\S+) ',
        ("prefix", "client", "qtype", "qclass", "qname", "code"),
        meant=r"\[INFO\] \[?[0-9A-Fa-f:.]+\]?:\d+ - ",
        ours="^",
        client="client",
        query="qname",
        time=_stamp(head, "prefix"),
        rcode=sql.rcode("code"),
        why=sql.why("qname", first="WHEN qclass = 'CH' THEN 'type'", qtype="qtype"),
        coded=True,
        answers="",
    )


# --- Windows ---

_DATE = r"^(\d{1,4})[./-](\d{1,2})[./-](\d{1,4}) "


def windows(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Windows' DNS debug log, dates in either order; names keep the form (3)www(7)example(3)com(0).

    What the server itself asks others, and what they answer, is no client's.
    """
    if not _any(head, r"\bPACKET\s+\S+\s+(?:UDP|TCP) (?:Rcv|Snd) "):
        return None
    return Lines(
        "windows",
        r"^(\d[\d./-]+ [\d:.]+(?: [AaPp][Mm])?) +\S+ +PACKET +\S+ +(?:UDP|TCP) +(Rcv|Snd) +(\S+) +"
        r"[0-9A-Fa-f]+ +(R)? *([QNU?]) +\[[0-9A-Fa-f]+ .*?([A-Z]+)\] +(\S+) +(\S+)\s*$",
        ("stamp", "way", "client", "reply", "opcode", "code", "qtype", "qname"),
        meant=r"\bPACKET\b.*\b(?:Rcv|Snd)\b",
        ours="^",
        client="client",
        query="qname",
        time=f"epoch(try_strptime(replace(replace(stamp, '.', '/'), '-', '/'), {_order(head)}))",
        rcode="CASE WHEN reply IS NOT NULL THEN code END",
        why=sql.why(
            "qname",
            first="WHEN opcode <> 'Q' OR (way = 'Snd') = (reply IS NULL) THEN 'other_event'",
            qtype="upper(qtype)",
            last="WHEN reply IS NOT NULL THEN 'answer'",
        ),
        coded=_any(head, r"\bSnd\b.* R +Q \["),
    )


def _order(head: Head) -> str:
    """The formats to try: day or month first by a number over twelve, else by the clock."""
    dates = [x for x in (re.search(_DATE, line) for line in head.lines) if x]
    if any(len(x[1]) == 4 for x in dates):
        order = "%Y/%m/%d"
    elif any(int(x[1]) > 12 for x in dates):
        order = "%d/%m/%Y"
    elif any(int(x[2]) > 12 for x in dates):
        order = "%m/%d/%Y"
    else:
        order = _nearest(dates, head)
    return f"['{order} %I:%M:%S %p', '{order} %H:%M:%S']"


def _nearest(dates: Sequence[re.Match[str]], head: Head) -> str:
    """The order by which the log's last date is nearest to when the file was written."""
    if not dates:
        return "%m/%d/%Y"
    last = "/".join(dates[-1].groups())

    def away(order: str) -> float:
        return abs(time.mktime(time.strptime(last, order)) - head.text.latest)

    halves = any(re.search(r" [AP]M ", line) for line in head.lines)
    orders = ("%m/%d/%Y", "%d/%m/%Y") if halves else ("%d/%m/%Y", "%m/%d/%Y")
    return min(orders, key=away)
