"""Text logs of resolvers and proxies: PowerDNS Recursor, dnscrypt-proxy, blocky."""

from __future__ import annotations

from collections.abc import Mapping

from . import sql
from .keyed_logs import describe_keys
from .layout import Head, Layout
from .text_logs import ADDRESS, ISO, ZONE_ID, describe, has_match, parse_prefix

# --- PowerDNS Recursor: quiet=no, in its old and in its structured form ---


def open_powerdns(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize PowerDNS Recursor's trace of questions and answers."""
    if has_match(head, r'msg="Question".* qname='):
        return _open_structured(head)
    if not has_match(head, r" question for '\S+\|[A-Z0-9]+' from "):
        return None
    return describe(
        "powerdns",
        r"^(.*?)(?:question for|answer to (?:non-rd )?question) '(\S+)\|([A-Z0-9]+)'(?: from (?:"
        rf"(\d+\.\d+\.\d+\.\d+)(?::\d+)?|\[({ADDRESS}{ZONE_ID})\](?::\d+)?|({ADDRESS}{ZONE_ID}))"
        r"(?:[ ,].*)?|: .*?\brcode=(\d+).*)\s*$",
        ("prefix", "qname", "qtype", "four", "bracketed", "six", "code"),
        event=r"question (?:for )?'",
        own=r"\[\d+/\d+\]|pdns|^<?\d*>?" + ISO + r"|^[A-Z][a-z]{2} +\d",
        client="coalesce(four, bracketed, six)",
        query="qname",
        **parse_prefix(head, "prefix"),
        rcode=sql.name_rcode("code"),
        why=sql.classify_line("qname", qtype="qtype", last="WHEN code IS NOT NULL THEN 'answer'"),
        answers="name",
    )


def _open_structured(head: Head) -> Layout:
    remote = r"regexp_replace(remote, '^\[?(.*?)\]?(?::\d+)?$', '\1')"
    return describe_keys(
        "powerdns",
        r'(?:^| )KEY="([^"]*)"',
        {"msg": "msg", "ts": "ts", "qname": "qname", "qtype": "qtype", "remote": "remote",
         "code": "rcode"},
        own=r'\bmsg="|pdns',
        event=r'msg="(?:Question|Answer)".* qname=',
        required=("qname",),
        head=head,
        client=f"CASE WHEN remote LIKE '[%' OR remote LIKE '%.%' THEN {remote} ELSE remote END",
        query="qname",
        time="ts",
        rcode=sql.name_rcode("code"),
        why=sql.classify_line(
            "qname",
            first="WHEN msg NOT IN ('Question', 'Answer') THEN 'other_event'",
            qtype="qtype",
            last="WHEN msg = 'Answer' THEN 'answer'",
        ),
        answers="name",
    )  # fmt: skip


# --- dnscrypt-proxy: query_log in the formats tsv and ltsv ---

# What became of a query, by plugins.go; what is not there is no answer.
_DNSCRYPT_CODES = (
    "CASE WHEN code IN ('PASS', 'FORWARD') THEN 'NOERROR' WHEN code = 'NXDOMAIN' THEN code "
    "WHEN code IN ('REJECT', 'DROP', 'SYNTH', 'CLOAK') THEN 'BLOCKED' "
    "WHEN code IN ('RESPONSE_ERROR', 'SERVER_ERROR') THEN 'SERVFAIL' END"
)


def open_dnscrypt(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize dnscrypt-proxy's query log, as TSV or LTSV."""
    why = sql.classify_line("qname", qtype="qtype")
    if has_match(head, r"^time:\d+\thost:[^\t]+\tmessage:"):
        return describe_keys(
            "dnscrypt",
            r"(?:^|\t)KEY:([^\t]*)",
            {"ts": "time", "client": "host", "qname": "message", "qtype": "type", "code": "return"},
            own=r"^time:|^\[",
            event=r"\bmessage:|\bhost:",
            required=("client", "qname"),
            head=head,
            client="client",
            query="qname",
            time="ts",
            rcode=_DNSCRYPT_CODES,
            why=why,
        )
    if not has_match(head, r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]\t[^\t]+\t[^\t]+\t[A-Z0-9]+(\t|$)"):
        return None
    return describe(
        "dnscrypt",
        r"^(\[[^\]\t]+\])\t([^\t]+)\t([^\t]+)\t([A-Z0-9]+)(?:\t([A-Z_]+)(?:\t.*)?)?\s*$",
        ("prefix", "client", "qname", "qtype", "code"),
        event=r"^\[[^\]]*\]\t",
        own=r"^\[\d{4}-",
        client="client",
        query="qname",
        **parse_prefix(head, "prefix"),
        rcode=_DNSCRYPT_CODES,
        why=why,
    )


# --- blocky: query log of the type csv, tab-separated and without a header ---


def open_blocky(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize blocky's files of queries."""
    cell = r'(?:"(?:[^"]|"")*"|[^\t]*)'
    line = rf"^{ISO}\t[^\t]*\t{cell}\t\d+\t{cell}\t"
    if not has_match(head, line):
        return None
    return describe(
        "blocky",
        rf"^({ISO})\t([^\t]*)\t{cell}\t\d+\t{cell}\t([^\t]*)\t{cell}\t([A-Za-z]*)"
        r"(?:\t([A-Z]*)\t([A-Z0-9]*)(?:\t.*)?)?\s*$",
        ("prefix", "client", "qname", "code", "kind", "qtype"),
        event="^" + ISO + "\t",
        own="^" + ISO,
        client="client",
        query="qname",
        **parse_prefix(head, "prefix"),
        rcode="CASE WHEN kind IN ('BLOCKED', 'FILTERED', 'NOTFQDN', 'SPECIAL', 'CUSTOMDNS') "
        f"THEN 'BLOCKED' ELSE {sql.name_rcode('code')} END",
        why=sql.classify_line("qname", qtype="qtype"),
    )
