"""Logs of one JSON object a line: Zeek, Suricata, Route 53, AdGuard Home, DNS-collector, any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model.eligible import ROUTE53_KEYS
from . import sql
from .column_names import choose_columns, map_columns
from .layout import Head, Layout
from .prepare_input import ReadingError

Keys = tuple[str, ...]  # a path in nested objects
_QUERY = sql.drop_blank("query")
_CLIENT = sql.drop_blank("client")


@dataclass(frozen=True)
class JsonLines:
    """One JSON object a line, of which some values are read as columns.

    paths: each column's path of keys. types: those of columns that are not plain texts. wrapper:
    the key under which each object stands, if any.
    """

    form: str
    paths: tuple[tuple[str, Keys], ...]
    wrapper: str = ""
    types: tuple[tuple[str, str], ...] = ()

    def select_from(self, paths: Sequence[Path]) -> str:
        """Return the SQL of a table with a column for each path of keys."""
        tree = _nest_types([(path, dict(self.types).get(x, "VARCHAR")) for x, path in self.paths])
        if self.wrapper:
            tree = {self.wrapper: tree}
        types = ", ".join(
            f"{sql.quote_text(k)}: {sql.quote_text(_type(v))}" for k, v in tree.items()
        )
        columns = ", ".join(f"{self._extract(path)} AS {column}" for column, path in self.paths)
        return (
            f"(SELECT {columns} FROM read_json({sql.list_files(paths)}, "
            f"format='newline_delimited', columns={{{types}}}, ignore_errors=true, "
            "compression='none'))"
        )

    def _extract(self, path: Keys) -> str:
        first, *rest = (self.wrapper, *path) if self.wrapper else path
        value = sql.quote_name(first)
        for key in rest:
            value = f"struct_extract({value}, {sql.quote_text(key)})"
        return value

    def find_broken(self, query: str, utf8: bool) -> str:
        """Return the WHEN of lines without any of the values."""
        nothing = " AND ".join(f"{column} IS NULL" for column, _ in self.paths)
        return f"WHEN {nothing} THEN 'broken'"

    def describe_broken(self, line: str) -> str:
        """Return what is wrong with a broken line."""
        cut = "" if line.rstrip().endswith("}") else ", and it does not end as one"
        return f"not a JSON object with what a {self.form} log has{cut}"


def _nest_types(paths: Sequence[tuple[Keys, str]]) -> dict[str, object]:
    root: dict[str, object] = {}
    for path, kind in paths:
        branch = root
        for key in path[:-1]:
            inner = branch.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ReadingError(f"{'.'.join(path)}: a part of it is mapped by itself")
            branch = inner
        branch[path[-1]] = kind
    return root


def _type(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    inner = ", ".join(f"{sql.quote_name(k)} {_type(v)}" for k, v in value.items())
    return f"STRUCT({inner})"


def _describe(
    form: str,
    head: Head,
    paths: Mapping[str, Keys],
    types: tuple[tuple[str, str], ...] = (),
    **expressions: str,
) -> Layout:
    """Return the layout of a format with the columns client, query and ts, unless it has others."""
    table = JsonLines(form, tuple(paths.items()), head.wrapper, types)
    usual = {"client": _CLIENT, "query": _QUERY, "time": sql.parse_time("ts")}
    return Layout(form, table, **{**usual, **expressions})


def open_zeek(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Zeek's JSON, by id.orig_h, id_orig_h or nested keys."""
    spellings: tuple[tuple[Keys, Keys], ...] = (
        (("id.orig_h",), ("id.resp_p",)),
        (("id_orig_h",), ("id_resp_p",)),
        (("id", "orig_h"), ("id", "resp_p")),
    )
    client, port = next((x for x in spellings if x[0] in head.keys), (None, None))
    if not client or not port or ("query",) not in head.keys:
        return None
    named = ("rcode_name",) in head.keys or ("rcode",) not in head.keys
    rcode = "rcode_name" if named else "rcode"
    return _describe(
        "zeek",
        head,
        {
            "client": client, "port": port, "query": ("query",), "ts": ("ts",),
            "code": (rcode,), "qtype": ("qtype_name",),
        },
        rcode=sql.name_rcode("code"),
        why=sql.classify_line(_QUERY, port="port", qtype="qtype", types=sql.IGNORED_NAMES),
    )  # fmt: skip


def open_suricata(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Suricata's eve.json; its DNS events of versions 1 to 3."""
    if ("event_type",) not in head.keys or ("timestamp",) not in head.keys:
        return None
    query = sql.drop_blank("coalesce(rrname, queries[1].rrname)")
    answer = "kind IN ('answer', 'response')"
    return _describe(
        "suricata",
        head,
        {
            "event": ("event_type",), "ts": ("timestamp",), "src": ("src_ip",),
            "sport": ("src_port",), "dst": ("dest_ip",), "dport": ("dest_port",),
            "kind": ("dns", "type"), "rrname": ("dns", "rrname"), "rrtype": ("dns", "rrtype"),
            "code": ("dns", "rcode"), "queries": ("dns", "queries"),
        },
        # An answer's event has the direction of its packet or of the query.
        client="CASE WHEN sport = '53' AND dport <> '53' THEN dst ELSE src END",
        query=query,
        rcode=f"CASE WHEN {answer} THEN {sql.name_rcode('code')} END",
        why=sql.classify_line(
            query,
            first="WHEN event = 'mdns' THEN 'multicast' "
            "WHEN event IS DISTINCT FROM 'dns' THEN 'other_event' "
            f"WHEN sport IN {sql.list_texts(sql.MULTICAST)} THEN 'multicast'",
            port="dport",
            qtype="coalesce(rrtype, queries[1].rrtype)",
            last=f"WHEN {answer} THEN 'answer'",
        ),
        answers="client",
        types=(("queries", "STRUCT(rrname VARCHAR, rrtype VARCHAR)[]"),),
    )  # fmt: skip


def open_route53(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Amazon Route 53 Resolver's query logs; its DNS Firewall's blocks are marked."""
    paths = {column: (key,) for column, key in ROUTE53_KEYS.items()}
    if not {paths["query"], paths["client"]} <= head.keys:
        return None
    return _describe(
        "route53",
        head,
        paths,
        rcode=f"CASE WHEN act = 'BLOCK' THEN 'BLOCKED' ELSE {sql.name_rcode('code')} END",
        why=sql.classify_line(_QUERY, qtype="qtype"),
    )


def open_adguard(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize AdGuard Home's querylog.json; the code is in the answer, a message in base64."""
    if not {("QH",), ("T",)} <= head.keys:
        return None
    nibble = "substr(hex(TRY(from_base64(substr(answer, 1, 8)))), 8, 1)"
    return _describe(
        "adguard",
        head,
        {
            "client": ("IP",), "query": ("QH",), "ts": ("T",), "qtype": ("QT",),
            "answer": ("Answer",), "filtered": ("Result", "IsFiltered"),
        },
        rcode=f"CASE WHEN filtered = 'true' THEN 'BLOCKED' ELSE {sql.name_rcode(nibble)} END",
        why=sql.classify_line(_QUERY, qtype="qtype"),
    )  # fmt: skip


def open_dnstap(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize DNS-collector's JSON of dnstap messages, nested or flat."""
    flat = ("dns.qname",) in head.keys
    if not flat and not {("dns", "qname"), ("network", "query-ip")} <= head.keys:
        return None
    nested = {
        "client": ("network", "query-ip"), "port": ("network", "response-port"),
        "query": ("dns", "qname"), "code": ("dns", "rcode"), "qtype": ("dns", "qtype"),
        "op": ("dnstap", "operation"), "ts": ("dnstap", "timestamp-rfc3339ns"),
    }  # fmt: skip
    return _describe(
        "dnstap",
        head,
        {column: (".".join(path),) if flat else path for column, path in nested.items()},
        rcode=f"CASE WHEN ends_with(op, '_QUERY') THEN NULL ELSE {sql.name_rcode('code')} END",
        why=sql.classify_line(
            _QUERY,
            # Between resolvers the client is the resolver.
            first="WHEN op LIKE 'RESOLVER%' OR op LIKE 'FORWARDER%' OR op LIKE 'AUTH%' "
            "THEN 'other_event'",
            port="port",
            qtype="qtype",
            last="WHEN ends_with(op, '_RESPONSE') THEN 'answer'",
        ),
        answers="client",
    )


def open_json(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Read any JSON, by the mapping or usual names. Raises ReadingError if a field is missing."""
    if not head.objects:
        return None
    paths = {".".join(path): path for path in sorted(head.keys)}
    fields = choose_columns(paths, mapping, head.file.path, "json", claimed)
    if not fields:
        return None
    columns = {f"{x}_": paths.get(name, tuple(name.split("."))) for x, name in fields.items()}
    table = JsonLines("json", tuple(columns.items()), head.wrapper)
    return map_columns("json", table, fields, head)
