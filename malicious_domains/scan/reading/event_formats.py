"""Formats that are declared by the names of their values.

Each is read from JSON, from Parquet with nested columns, and from CSV with a header. A name with
dots is a path of keys, or one key; of several names the first that has a value is taken.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from ...model.eligible import ROUTE53_KEYS
from . import sql, times
from .layout import Head, Layout, LogFormat, NamedValues, split_cells
from .prepare_input import ReadingError
from .tables import Inner, Table

QUERY = sql.drop_blank("query")
_RCODE = sql.name_rcode("code")
_WITH_CSV = ("json", "parquet", "csv")
# What the columns of all formats are, as a mapping and the log name it.
FIELDS = {
    "client": "client", "src": "client", "query": "query", "rrname": "query", "utc": "time",
    "ts": "time", "code": "rcode", "qtype": "type", "rrtype": "type",
}  # fmt: skip


@dataclass(frozen=True)
class EventFormat(LogFormat):
    """A format of events with named values; an Opener.

    marks: names of which each must be there, one of several with | between them. columns: each
    column's names. kinds: the files that it comes in. time: the text of the time.
    """

    marks: tuple[str, ...]
    columns: Mapping[str, str]
    _: KW_ONLY
    client: str = sql.drop_blank("client")
    query: str = QUERY
    time: str = "ts"
    kinds: tuple[str, ...] = ("json", "parquet")

    def __call__(self, head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
        """Recognize the format by its marks."""
        for kind in self.kinds:
            named = head.named.get(kind)
            if named and self.matches(named.names, kind == "parquet"):
                return self.open(named, head)
        return None

    def open(self, named: NamedValues, head: Head, inner: Inner = ()) -> Layout:
        """Return the layout of a file that has the columns, or some of them."""
        some = {x: [*filter(None, names.split("|"))] for x, names in self.columns.items()}
        there = {x: [y for y in names if y in named.names] for x, names in some.items()}
        sources: dict[str, str] = {}
        for column, names in there.items():
            if names and column in FIELDS:
                sources.setdefault(FIELDS[column], names[0])
        # Keys of JSON may come later than the first lines.
        table = named.build(some if named.kind == "json" else there, inner)
        return self.describe(table, head, sources)

    def describe(self, table: Table, head: Head, sources: Mapping[str, str]) -> Layout:
        """Return the layout of a table with the columns; sources: as in Layout."""
        day_first = times.is_day_first(head.lines, head.file.latest)
        return self.lay_out(
            table,
            self.columns,
            time=times.parse_any(self.time, head.zone or times.UTC, head.file.latest, day_first),
            sources=tuple(sources.items()),
            time_text=self.time,
            rcode_text="code" if "code" in self.columns else "",
        )

    def matches(self, names: Container[str], needs_query: bool = True) -> bool:
        """Return whether a table's columns are those of the format: its marks, and a query."""
        query = (self.columns.get("query") or self.columns["rrname"],) if needs_query else ()
        return all(any(x in names for x in mark.split("|")) for mark in (*self.marks, *query))


def _spell(names: str, *before: str) -> str:
    """Return names with each of the beginnings that exports put before them."""
    return "|".join(f"{x}{name}" for x in ("", *before) for name in names.split("|"))


# --- sensors and resolvers ---

ZEEK = EventFormat(
    "zeek",
    ("id.orig_h|id_orig_h", "query"),
    {
        "client": "id.orig_h|id_orig_h", "port": "id.resp_p|id_resp_p", "query": "query",
        "ts": "ts", "code": "rcode_name|rcode", "qtype": "qtype_name",
    },
    types=sql.IGNORED_NAMES,
    kinds=("json", "parquet", "zeek"),
)  # fmt: skip
# https://docs.zeek.org/en/master/scripts/base/protocols/dns/main.zeek.html
_ZEEK_FIELDS = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "trans_id", "rtt",
    "query", "qclass", "qclass_name", "qtype", "qtype_name", "rcode", "rcode_name", "AA", "TC",
    "RD", "RA", "Z", "answers", "TTLs", "rejected",
)  # fmt: skip


def open_zeek(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize a Zeek log, as TSV by its header; raises ReadingError if that is of another log."""
    named = head.name_fields(_guess_fields(head) if claimed else ())
    if named is None:
        return ZEEK(head, mapping, claimed)
    mapped = {x: mapping[field] for x, field in FIELDS.items() if field in mapping}
    columns = {x: "|".join(filter(None, (mapped.get(x), y))) for x, y in ZEEK.columns.items()}
    for field in ("client", "query"):
        if not any(x in named.names for x in columns[field].split("|")):
            usual = ZEEK.columns[field].replace("|", " or ")
            raise ReadingError(
                f"{head.file.path}: a Zeek log without {usual}, so no dns.log; its fields are "
                f"{', '.join(named.names)}. Say which is the {field}: --map {field}=FIELD"
            )
    first = {
        x: next((y for y in names.split("|") if y in named.names), "")
        for x, names in columns.items()
    }
    return replace(ZEEK, columns=first).open(named, head)


def _guess_fields(head: Head) -> tuple[str, ...]:
    """Return the usual fields of a dns.log without a header; () for other lines.

    Before 2.5 there was no rtt; later versions, and sites, add fields at the end.
    """
    widths = [len(x.split("\t")) for x in head.lines]
    count = max(set(widths), key=widths.count) if widths else 0
    fields = [x for x in _ZEEK_FIELDS if x != "rtt" or count >= len(_ZEEK_FIELDS)]
    if count < len(fields):
        return ()
    return (*fields, *(f"extra{i}" for i in range(count - len(fields))))


_EVE_ANSWER = "kind IN ('answer', 'response')"
_EVE_COLUMNS = {
    "event": "event_type", "ts": "timestamp", "src": "src_ip", "sport": "src_port",
    "dst": "dest_ip", "dport": "dest_port", "kind": "dns.type",
    "rrname": "dns.rrname|dns.queries.0.rrname", "rrtype": "dns.rrtype|dns.queries.0.rrtype",
    "code": "dns.rcode",
}  # fmt: skip
_EVE_FIRST = (
    "WHEN event = 'mdns' THEN 'multicast' WHEN event IS NULL OR event NOT IN {} THEN 'other_event' "
    f"WHEN sport IN {sql.list_texts(sql.MULTICAST)} THEN 'multicast'"
)
_EVE: dict[str, Any] = {
    # An answer's event has the direction of its packet or of the query.
    "client": "CASE WHEN sport = '53' AND dport <> '53' THEN dst ELSE src END",
    "query": sql.drop_blank("rrname"), "rcode": f"CASE WHEN {_EVE_ANSWER} THEN {_RCODE} END",
    "is_answer": _EVE_ANSWER, "answers": "client", "port": "dport", "qtype": "rrtype",
}  # fmt: skip
SURICATA = EventFormat(
    "suricata",
    ("event_type", "timestamp"),
    _EVE_COLUMNS,
    first=_EVE_FIRST.format("('dns')"),
    **_EVE,
)
# https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html
# An alert is the only event of a query there.
NETWORK_FIREWALL = EventFormat(
    "aws-network-firewall",
    ("firewall_name", "event.event_type"),
    {
        **{x: f"event.{name.replace('|', '|event.')}" for x, name in _EVE_COLUMNS.items()},
        "rrname": "event.dns.rrname|event.dns.queries.0.rrname|event.dns.query.0.rrname",
        "rrtype": "event.dns.rrtype|event.dns.queries.0.rrtype|event.dns.query.0.rrtype",
        "act": "event.alert.action",
    },
    first=_EVE_FIRST.format("('dns', 'alert')"),
    blocked="act = 'blocked'",
    **_EVE,
)  # fmt: skip

ROUTE53 = EventFormat(
    "route53",
    (ROUTE53_KEYS["query"], ROUTE53_KEYS["client"]),
    ROUTE53_KEYS,
    blocked="act = 'BLOCK'",
)
# https://cloud.google.com/dns/docs/monitoring#dns-log-record-format
GOOGLE = EventFormat(
    "google-dns",
    ("jsonPayload.queryName",),
    {
        "client": "jsonPayload.sourceIP|jsonPayload.vmInstanceName|jsonPayload.vmInstanceIdString",
        "query": "jsonPayload.queryName", "ts": "timestamp", "code": "jsonPayload.responseCode",
        "qtype": "jsonPayload.queryType",
    },
)  # fmt: skip

ADGUARD = EventFormat(
    "adguard",
    ("QH", "T"),
    {
        "client": "IP", "query": "QH", "ts": "T", "qtype": "QT", "answer": "Answer",
        "filtered": "Result.IsFiltered",
    },
    # The code is in the answer, a message in base64.
    rcode=sql.name_rcode("substr(hex(TRY(from_base64(substr(answer, 1, 8)))), 8, 1)"),
    blocked="filtered = 'true'",
)  # fmt: skip

# The answers of its API: /control/querylog.
ADGUARD_API = EventFormat(
    "adguard",
    ("question.name", "client", "reason", "status"),
    {
        "client": "client", "query": "question.name", "ts": "time", "qtype": "question.type",
        "code": "status", "reason": "reason",
    },
    blocked="reason LIKE 'Filtered%'",
)  # fmt: skip

# DNS-collector's JSON of dnstap messages. Between resolvers the client is the resolver.
DNSTAP = EventFormat(
    "dnstap",
    ("dns.qname", "network.query-ip"),
    {
        "client": "network.query-ip", "port": "network.response-port", "query": "dns.qname",
        "code": "dns.rcode", "qtype": "dns.qtype", "op": "dnstap.operation",
        "ts": "dnstap.timestamp-rfc3339ns",
    },
    first="WHEN op LIKE 'RESOLVER%' OR op LIKE 'FORWARDER%' OR op LIKE 'AUTH%' THEN 'other_event'",
    is_answer="op LIKE '%/_RESPONSE' ESCAPE '/'",
    rcode=f"CASE WHEN op LIKE '%/_QUERY' ESCAPE '/' THEN NULL ELSE {_RCODE} END",
    answers="client",
)  # fmt: skip

# The log exporter's JSON.
TECHNITIUM = EventFormat(
    "technitium",
    ("question.questionName", "clientIp"),
    {
        "client": "clientIp", "query": "question.questionName", "ts": "timestamp",
        "code": "rCode|responseCode", "qtype": "question.questionType", "kind": "responseType",
    },
    blocked="kind LIKE '%Blocked%'",
)  # fmt: skip

# The client's address is that of the home.
NEXTDNS = EventFormat(
    "nextdns",
    ("device_id|device.id|device", "domain", "status", "root_domain|root|encrypted"),
    {
        "client": "device_id|device.id|device_name|device.name|client_name|client_ip|clientIp",
        "query": "domain", "ts": "timestamp", "qtype": "query_type|type", "status": "status",
    },
    rcode="NULL",
    blocked="status = 'blocked'",
    kinds=_WITH_CSV,
)  # fmt: skip

# --- schemas ---

# https://schema.ocsf.io/classes/dns_activity, 1.0 to 1.9
OCSF = EventFormat(
    "ocsf",
    ("class_uid", "query.hostname"),
    {
        "client": "src_endpoint.ip|src_endpoint.hostname|src_endpoint.name|device.ip|"
        "device.hostname|src_endpoint.instance_uid",
        "query": "query.hostname", "ts": "time|time_dt", "code": "rcode_id", "name": "rcode",
        "qtype": "query.type", "port": "dst_endpoint.port", "class": "class_uid",
        "activity": "activity_id", "disposition": "disposition_id", "act": "action_id",
    },
    first="WHEN class <> '4003' THEN 'other_event'",
    is_answer="activity = '2'",
    rcode="CASE WHEN activity = '1' THEN NULL "
    f"ELSE coalesce({_RCODE}, {sql.name_rcode('name')}) END",
    blocked="disposition = '2' OR act = '2'",
    answers="client",
)  # fmt: skip

# https://www.elastic.co/guide/en/ecs/current/ecs-dns.html; client and host are objects there.
ECS = EventFormat(
    "ecs",
    ("@timestamp", "dns.question.name|winlog.event_data.QueryName"),
    {
        "client": "source.ip|client.ip|source.address|client.address|client_ip|host.name|"
        "host.hostname|winlog.computer_name|agent.name",
        "query": "dns.question.name|winlog.event_data.QueryName", "ts": "@timestamp",
        "code": "dns.response_code|sysmon.dns.status|winlog.event_data.QueryStatus",
        "qtype": "dns.question.type", "port": "destination.port|server.port",
    },
    qtype="upper(qtype)",
    kinds=_WITH_CSV,
)  # fmt: skip

_WINDOWS = ("EventData.", "Event.EventData.", "event_data.", "winlog.event_data.")
_SYSTEM = ("System.", "Event.System.", "winlog.")
_WAZUH = ("win.eventdata.", "data.win.eventdata.")
_WAZUH_SYSTEM = ("win.system.", "data.win.system.")
_EVENT_ID = _spell("EventID.#text|EventID|EventId|event_id|EventCode|Id", *_SYSTEM)
_EVENT_ID += f"|{_spell('eventID', *_WAZUH_SYSTEM)}"
_COMPUTER = _spell("Computer|computer_name|Hostname|MachineName", *_SYSTEM)
_COMPUTER += f"|{_spell('computer', *_WAZUH_SYSTEM)}|host.name"
_EVENT_TIME = (
    f"{_spell('TimeCreated.#attributes.SystemTime|TimeCreated.SystemTime', *_SYSTEM)}|"
    f"{_spell('systemTime', *_WAZUH_SYSTEM)}|@timestamp|EventTime|TimeCreated|TimeGenerated|"
    "TimeGenerated [UTC]|timestamp|_time|time"
)
# Sysmon's event 22, and 3008 of Windows' DNS client. QueryStatus is a number of winerror.h.
SYSMON = EventFormat(
    "sysmon",
    (f"{_spell('QueryName', *_WINDOWS)}|{_spell('queryName', *_WAZUH)}", _COMPUTER),
    {
        "client": _COMPUTER,
        "query": f"{_spell('QueryName', *_WINDOWS)}|{_spell('queryName', *_WAZUH)}",
        "utc": f"{_spell('UtcTime', *_WINDOWS)}|{_spell('utcTime', *_WAZUH)}",
        "ts": _EVENT_TIME, "id": _EVENT_ID,
        "code": f"{_spell('QueryStatus', *_WINDOWS)}|{_spell('queryStatus', *_WAZUH)}",
        "qtype": _spell("QueryType", *_WINDOWS), "results": _spell("QueryResults", *_WINDOWS),
    },
    first="WHEN id NOT IN ('22', '3006', '3008') THEN 'other_event'",
    rcode=f"CASE WHEN code IS NULL AND results LIKE '%_;%' THEN 'NOERROR' ELSE {_RCODE} END",
    is_answer="id = '3008'",
    time="coalesce(utc || 'Z', ts)",
    answers="client",
    kinds=_WITH_CSV,
)  # fmt: skip
# Microsoft-Windows-DNSServer/Analytical: 256 is a query, 257 and 258 are answers; others are
# the server's own queries.
WINDOWS_ANALYTIC = EventFormat(
    "windows-analytic",
    (_spell("QNAME", *_WINDOWS), _spell("Source|Destination", *_WINDOWS)),
    {
        "src": _spell("Source", *_WINDOWS), "dst": _spell("Destination", *_WINDOWS),
        "query": _spell("QNAME", *_WINDOWS), "qtype": _spell("QTYPE", *_WINDOWS),
        "code": _spell("RCODE", *_WINDOWS), "ts": _EVENT_TIME, "id": _EVENT_ID,
    },
    first="WHEN id NOT IN ('256', '257', '258') THEN 'other_event'",
    is_answer="coalesce(id, '257') <> '256' AND code IS NOT NULL",
    client="CASE WHEN code IS NULL OR id = '256' THEN coalesce(src, dst) "
    "ELSE coalesce(dst, src) END",
    rcode=f"CASE WHEN coalesce(id, '257') <> '256' THEN {_RCODE} END",
    answers="client",
    kinds=_WITH_CSV,
)  # fmt: skip

# --- cells without names ---

_ACTION, _DOMAIN = 5, 8  # of Umbrella's cells
UMBRELLA = EventFormat(
    "umbrella",
    (),
    {"client": "4|2|5", "query": "9", "ts": "1", "act": "6", "qtype": "7", "code": "8"},
    qtype="split_part(qtype, ' ', 1)",
    blocked="act = 'Blocked'",
)


def open_umbrella(head: Head, mapping: Mapping[str, str], claimed: bool) -> Layout | None:
    """Recognize Cisco Umbrella's DNS log: one row a query, as exported to S3."""
    rows = [x for x in (split_cells(line, ",") for line in head.lines[:100]) if len(x) > _DOMAIN]
    if not any(x[_ACTION] in ("Allowed", "Blocked", "Proxied") for x in rows):
        return None
    # Later versions of the log append columns; a file may have rows of several versions.
    header = tuple(rows[0]) if rows[0][_DOMAIN] == "Domain" else ()
    return UMBRELLA.open(head.number_cells(",", max(map(len, rows)), header), head)


# In the order in which they are tried.
EVENT_FORMATS = (
    NETWORK_FIREWALL, SURICATA, ROUTE53, GOOGLE, ADGUARD, DNSTAP, TECHNITIUM, NEXTDNS, OCSF, ECS,
    SYSMON, WINDOWS_ANALYTIC,
)  # fmt: skip
