"""Servers' own logs of one line an event: dnsmasq, Pi-hole, BIND, Unbound, CoreDNS, Windows."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from . import sql
from .layout import Head, Layout
from .text_logs import BIND, ISO, SYSLOG, Lines, matches, stamp

_ADDRESS = r"[0-9A-Fa-f:.]+"
_CLASSES = r"IN|CH|HS|ANY|NONE|CLASS\d+"


# --- dnsmasq and Pi-hole ---

_SOURCES = (
    r"reply|cached(?:-stale)?|config|DHCP|/\S+|"
    r"[A-Za-z][A-Za-z ]*(?:blocked|denied|blacklisted)(?: \(\w+\))?|special domain|Pi-hole hostname"
)


def dnsmasq(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """dnsmasq with log-queries, plain or extra, and Pi-hole's pihole.log."""
    if not matches(head, r"dnsmasq(?:\[\d+\])?: .*\b(?:query\[|reply |forwarded |cached |started)"):
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
        ours=r"\bdnsmasq\b|^" + SYSLOG + "|^" + ISO,
        client="coalesce(client, extra)",
        query="coalesce(asked, told)",
        time=stamp(head, "prefix"),
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
    if not matches(head, r"client (?:@0x\w+ )?\S+#\d+.*: (?:view \S+: )?(?:query|response): "):
        return None
    return Lines(
        "bind",
        r"^(.*?)client (?:@0x[0-9a-f]+ )?(" + _ADDRESS + r")(?:%\S+?)?#\d+(?:/key \S+)?"
        r"(?: \(.*?\))?: (?:view [^ :]+: )?(?:"
        rf"(query|response): (\S+) (?:{_CLASSES}) (\S+)(?: ([A-Z]{{4,}})\b)?"
        r"|(query failed|rpz \S+) \(?([A-Z-]+)\)? (?:for|rewrite) (\S+?)/)",
        ("prefix", "client", "kind", "name1", "qtype", "code1", "event", "code2", "name2"),
        meant=r"#\d+.*: query: ",
        ours=r"\bnamed\b|^" + BIND + "|^" + SYSLOG + "|^" + ISO,
        client="client",
        query="coalesce(name1, name2)",
        time=stamp(head, "prefix"),
        rcode="CASE WHEN starts_with(event, 'rpz') THEN 'BLOCKED' "
        "WHEN kind = 'query' THEN NULL ELSE coalesce(code1, code2) END",
        why=sql.why(
            "coalesce(name1, name2)",
            qtype="qtype",
            last="WHEN kind IS DISTINCT FROM 'query' THEN 'answer'",
        ),
        coded=matches(head, r": response: |query failed \("),
    )


# --- Unbound ---


def unbound(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Unbound with log-queries, log-replies, log-local-actions, by file or syslog."""
    what = rf"\S+ (\S+) [A-Z0-9]+ (?:{_CLASSES})"
    if not matches(
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
        time=stamp(head, "prefix"),
        rcode="CASE WHEN action IN ('inform', 'transparent', 'typetransparent') THEN NULL "
        "WHEN action IS NOT NULL THEN 'BLOCKED' ELSE code END",
        why=sql.why(
            "qname", qtype="qtype", last="WHEN coalesce(code, action) IS NOT NULL THEN 'answer'"
        ),
        coded=matches(head, what + r" [A-Z]+ [\d.]+ [01] \d+"),
    )


# --- CoreDNS ---


def coredns(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """CoreDNS's plugin log in its common or combined form, with what a container puts before it."""
    line = r'"\S+ \S+ \S+ (?:udp|tcp|tls|https|quic|grpc)\S* [^"]*" \S+ '
    if not matches(head, line):
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
        time=stamp(head, "prefix"),
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
    if not matches(head, r"\bPACKET\s+\S+\s+(?:UDP|TCP) (?:Rcv|Snd) "):
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
        coded=matches(head, r"\bSnd\b.* R +Q \["),
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
