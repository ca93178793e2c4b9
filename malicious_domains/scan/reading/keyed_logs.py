"""Logs of keys and values in any order: Fortinet's, CEF, and what is like them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sql, times
from .layout import Head, Layout
from .text_logs import has_match, parse_prefix


@dataclass(frozen=True)
class KeyedLines:
    """Lines of which each column is the value of a key.

    pattern: a regular expression of KEY and its value, the group. columns: each column's keys, of
    which the first with a value is taken. event: what every query has in it, so that one without a
    required column is broken. own: what a line of this log has in it at least.
    """

    form: str
    pattern: str
    columns: tuple[tuple[str, str], ...]
    event: str
    own: str
    required: tuple[str, ...]

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table of the line and the columns, NULL where they are empty."""
        columns = ", ".join(
            f"coalesce({', '.join(map(self._extract, keys.split('|')))}) AS {column}"
            for column, keys in self.columns
        )
        return f"(SELECT line, {columns} FROM {sql.read_lines(paths)})"

    def _extract(self, key: str) -> str:
        pattern = sql.quote_text(self.pattern.replace("KEY", re.escape(key)))
        return f"nullif(trim(regexp_extract(line, {pattern}, 1)), '')"

    def find_broken(self, query: str, utf8: bool) -> str:
        """Return the WHENs of foreign lines, of events without a value, and of other bytes."""
        missing = " OR ".join(f"{x} IS NULL" for x in self.required)
        return (
            f"WHEN NOT regexp_matches(line, {sql.quote_text(self.own)}) THEN 'broken' "
            f"WHEN ({missing}) AND regexp_matches(line, {sql.quote_text(self.event)}) THEN 'broken'"
        ) + sql.mark_undecoded(query, utf8)

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a broken line."""
        return f"not a line as {self.form} writes it"


def describe_keys(
    form: str,
    pattern: str,
    columns: Mapping[str, str],
    *,
    own: str,
    event: str,
    required: tuple[str, ...],
    head: Head,
    time: str,
    client: str,
    query: str,
    rcode: str,
    why: str,
    answers: str = "",
) -> Layout:
    """Return the layout of keyed lines; time is the SQL of its text, others are as in Layout.

    Times without a zone are of this machine's; one that no key has is in front of the line.
    """
    table = KeyedLines(form, pattern, tuple(columns.items()), event, own, required)
    zone = head.zone or times.find_local_zone()
    day_first = times.is_day_first(head.lines, head.file.latest)
    before = parse_prefix(head, "line[:64]")
    return Layout(
        form,
        table,
        client=client,
        query=query,
        time=f"coalesce({times.parse_any(time, zone, head.file.latest, day_first)}, "
        f"{before['time']})",
        rcode=rcode,
        why=why,
        answers=answers,
        zone=before["zone"],
        time_text=f"coalesce({time}, line[:64])",
    )


def open_fortinet(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize FortiGate's DNS filter log: dns-query and dns-response events."""
    if not has_match(head, r"\bdevname=|\bdevid=|\blogid=") or not has_match(head, r"\bqname="):
        return None
    return describe_keys(
        "fortinet",
        r'(?:^|[\s,>])KEY="?([^"\s,]*)',
        {
            "day": "date", "clock": "time", "utc_offset": "tz", "ns": "eventtime",
            "kind": "eventtype", "client": "srcip", "port": "dstport", "qname": "qname",
            "qtype": "qtype", "address": "ipaddr", "act": "action", "code": "rcode",
        },
        own=r"\b(?:date|devname|devid|logid)=",
        event=r"\beventtype=\"?dns-",
        required=("client", "qname"),
        head=head,
        client="client",
        query="qname",
        time="coalesce(ns, day || ' ' || clock || coalesce(utc_offset, ''))",
        rcode="CASE WHEN act IN ('block', 'blocked', 'redirect') THEN 'BLOCKED' "
        f"WHEN code IS NOT NULL THEN {sql.name_rcode('code')} "
        "WHEN address IS NOT NULL THEN 'NOERROR' END",
        why=sql.classify_line(
            "qname", port="port", qtype="qtype", last="WHEN kind = 'dns-response' THEN 'answer'"
        ),
        answers="client",
    )  # fmt: skip


# --- ArcSight's Common Event Format ---

_CUSTOM = tuple(f"{kind}{i}" for kind in ("cs", "flexString") for i in range(1, 7))
_QUERY_LABEL = "(?i)^(dns.?)?(query|question|request)?.?(name|domain|query|question|qname)$"
_RCODE_LABEL = "(?i)(response|return|reply|result).?code|rcode"


def open_cef(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize events of DNS in ArcSight's Common Event Format, of any product."""
    if not has_match(head, r"CEF:\d\|.*(?:destinationDnsDomain|Label=[^=]*(?:DNS|dns|uer|omain))"):
        return None
    customs = {x.lower(): x for x in _CUSTOM} | {f"{x.lower()}label": f"{x}Label" for x in _CUSTOM}

    def labelled(pattern: str) -> str:
        cases = " ".join(
            f"WHEN regexp_matches({x}label, {sql.quote_text(pattern)}) THEN {x}"
            for x in map(str.lower, _CUSTOM)
        )
        return f"CASE {cases} END"

    query = f"coalesce(qname, {labelled(_QUERY_LABEL)})"
    code = f"coalesce(code, {labelled(_RCODE_LABEL)})"
    return describe_keys(
        "cef",
        r"[ |]KEY=(.*?)(?: [A-Za-z][\w.-]*=|$)",
        {
            "ts": "rt|start|end|deviceReceiptTime", "client": "src|c6a2|shost|sourceDnsDomain",
            "qname": "destinationDnsDomain", "qtype": "InfobloxDNSQType|DNSQType|dnsType",
            "code": "InfobloxDNSRCode|DNSRCode|rcode", "act": "act", **customs,
        },
        own=r"CEF:\d\|",
        event=r"^$",
        required=("client",),
        head=head,
        client="client",
        query=query,
        time="ts",
        rcode="CASE WHEN lower(act) IN ('block', 'blocked', 'deny', 'denied', 'drop') THEN "
        f"'BLOCKED' ELSE {sql.name_rcode(code)} END",
        why=sql.classify_line(query, qtype="qtype"),
    )  # fmt: skip
