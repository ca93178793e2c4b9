"""Logs of one JSON object a line: Zeek, Suricata, Route 53, AdGuard Home, DNS-collector, any."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...model.eligible import ROUTE53_KEYS
from . import column_names, sql
from .json_lines import Json, Keys
from .layout import Head, Layout

_CLEAN = sql.cleaned


def zeek(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Zeek's JSON, by id.orig_h, id_orig_h or nested keys."""
    spellings: tuple[Callable[[str], Keys], ...] = (
        lambda x: (f"id.{x}",),
        lambda x: (f"id_{x}",),
        lambda x: ("id", x),
    )
    spelling = next((s for s in spellings if s("orig_h") in head.keys), None)
    if not spelling or ("query",) not in head.keys:
        return None
    named = ("rcode_name",) in head.keys or ("rcode",) not in head.keys
    code = "rcode_name" if named else "rcode"
    keys = {
        "client": spelling("orig_h"), "port": spelling("resp_p"), "query": ("query",),
        "ts": ("ts",), "code": (code,), "qtype": ("qtype_name",),
    }  # fmt: skip
    return Json(
        "zeek",
        tuple(keys.items()),
        client=_CLEAN("client"),
        query=_CLEAN("query"),
        time=sql.seconds("ts"),
        rcode=sql.rcode("code"),
        why=sql.why(_CLEAN("query"), port="port", qtype="qtype", types=sql.NAMED),
        coded=(code,) in head.keys,
        wrapper=head.wrapper,
    )


def suricata(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Suricata's eve.json; dns of version 1 and 2 (query, answer) and 3 (request, response)."""
    if ("event_type",) not in head.keys or ("timestamp",) not in head.keys:
        return None
    keys = {
        "event": ("event_type",), "ts": ("timestamp",), "src": ("src_ip",), "sport": ("src_port",),
        "dst": ("dest_ip",), "dport": ("dest_port",), "kind": ("dns", "type"),
        "rrname": ("dns", "rrname"), "rrtype": ("dns", "rrtype"), "code": ("dns", "rcode"),
        "queries": ("dns", "queries"),
    }  # fmt: skip
    query = _CLEAN("coalesce(rrname, queries[1].rrname)")
    answer = "kind IN ('answer', 'response')"
    return Json(
        "suricata",
        tuple(keys.items()),
        # An answer's event may be written in the packet's direction or in the query's.
        client="CASE WHEN sport = '53' AND dport <> '53' THEN dst ELSE src END",
        query=query,
        time=sql.seconds("ts"),
        rcode=f"CASE WHEN {answer} THEN {sql.rcode('code')} END",
        why=sql.why(
            query,
            first="WHEN event = 'mdns' THEN 'multicast' "
            "WHEN event IS DISTINCT FROM 'dns' THEN 'other_event' "
            f"WHEN sport IN {sql.texts(sql.MULTICAST)} THEN 'multicast'",
            port="dport",
            qtype="coalesce(rrtype, queries[1].rrtype)",
            last=f"WHEN {answer} THEN 'answer'",
        ),
        answers="client",
        wrapper=head.wrapper,
        types=(("queries", "STRUCT(rrname VARCHAR, rrtype VARCHAR)[]"),),
    )


def route53(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Amazon Route 53 Resolver's query logs; what its DNS Firewall blocked is marked."""
    keys = {column: (key,) for column, key in ROUTE53_KEYS.items()}
    if not {keys["query"], keys["client"]} <= head.keys:
        return None
    return Json(
        "route53",
        tuple(keys.items()),
        client=_CLEAN("client"),
        query=_CLEAN("query"),
        time=sql.seconds("ts"),
        rcode=f"CASE WHEN act = 'BLOCK' THEN 'BLOCKED' ELSE {sql.rcode('code')} END",
        why=sql.why(_CLEAN("query"), qtype="qtype"),
        wrapper=head.wrapper,
    )


def adguard(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """AdGuard Home's querylog.json; the code stands in the answer, a DNS message in base64."""
    if not {("QH",), ("T",)} <= head.keys:
        return None
    keys = {
        "client": ("IP",), "query": ("QH",), "ts": ("T",), "qtype": ("QT",), "answer": ("Answer",),
        "filtered": ("Result", "IsFiltered"),
    }  # fmt: skip
    nibble = "substr(hex(TRY(from_base64(substr(answer, 1, 8)))), 8, 1)"
    return Json(
        "adguard",
        tuple(keys.items()),
        client=_CLEAN("client"),
        query=_CLEAN("query"),
        time=sql.seconds("ts"),
        rcode=f"CASE WHEN filtered = 'true' THEN 'BLOCKED' ELSE {sql.rcode(nibble)} END",
        why=sql.why(_CLEAN("query"), qtype="qtype"),
        wrapper=head.wrapper,
    )


def dnstap(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """DNS-collector's JSON of dnstap messages, nested or flat."""
    flat = ("dns.qname",) in head.keys
    if not flat and not {("dns", "qname"), ("network", "query-ip")} <= head.keys:
        return None
    nested = {
        "client": ("network", "query-ip"), "port": ("network", "response-port"),
        "query": ("dns", "qname"), "code": ("dns", "rcode"), "qtype": ("dns", "qtype"),
        "op": ("dnstap", "operation"), "ts": ("dnstap", "timestamp-rfc3339ns"),
    }  # fmt: skip
    keys = {k: (".".join(x),) if flat else x for k, x in nested.items()}
    return Json(
        "dnstap",
        tuple(keys.items()),
        client=_CLEAN("client"),
        query=_CLEAN("query"),
        time=sql.seconds("ts"),
        rcode=f"CASE WHEN ends_with(op, '_QUERY') THEN NULL ELSE {sql.rcode('code')} END",
        why=sql.why(
            _CLEAN("query"),
            # Between resolvers the client is the resolver.
            first="WHEN op LIKE 'RESOLVER%' OR op LIKE 'FORWARDER%' OR op LIKE 'AUTH%' "
            "THEN 'other_event'",
            port="port",
            qtype="qtype",
            last="WHEN ends_with(op, '_RESPONSE') THEN 'answer'",
        ),
        answers="client",
        wrapper=head.wrapper,
    )


def mapped(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Any JSON, by the mapping or by usual names. Raises ReadingError where a field is missing."""
    if not head.objects:
        return None
    known = {".".join(path): path for path in sorted(head.keys)}
    found = column_names.chosen(known, mapping, head.text.path, "json", claimed)
    if not found:
        return None
    keys = {f"{what}_": known.get(name, tuple(name.split("."))) for what, name in found.items()}
    return Json(
        "json", tuple(keys.items()), wrapper=head.wrapper, **column_names.expressions(found, head)
    )
