"""Text logs of servers, resolvers, proxies and firewalls: an event a line."""

from __future__ import annotations

from . import sql
from .text_lines import BIND as BIND_TIME
from .text_lines import ISO, SYSLOG, TextFormat

_ADDRESS = r"[0-9A-Fa-f:.]+"
_ZONE_ID = r"(?:%[^\s#@\]/]+?)?"
_CLIENT = f"{_ADDRESS}{_ZONE_ID}"
_CLASSES = r"IN|CH|HS|ANY|NONE|CLASS\d+"
_UNPRINTABLE = "<name unprintable>"

# --- servers ---

_SOURCES = (
    r"reply|cached(?:-stale)?|config|DHCP|/\S+|"
    r"[A-Za-z][A-Za-z ]*(?:blocked|denied|blacklisted|address|domain)(?: \(\w+\))?|Pi-hole hostname"
)
# With log-queries, plain, extra or proto; Pi-hole's pihole.log.
DNSMASQ = TextFormat(
    "dnsmasq",
    (r"\bdnsmasq(?:\[\d+\])?: .*\b(?:query\[|reply |forwarded |cached |started)",),
    r"^(?P<prefix>.*?)\bdnsmasq(?:\[\d+\])?: "
    rf"(?:(?:UDP|TCP) )?(?:\d+ (?P<extra>{_CLIENT})/\d+ )?"
    rf"(?:query\[(?P<qtype>[^\]]*)\] (?P<asked>{_UNPRINTABLE}|\S*) from (?P<client>\S+)|"
    rf"(?P<source>{_SOURCES}) (?P<answered>{_UNPRINTABLE}|\S+) is (?P<value>.+))\s*$",
    event=r"query\[",
    own=rf"\bdnsmasq\b|^{SYSLOG}|^{ISO}",
    client="coalesce(client, extra)",
    query="coalesce(asked, answered)",
    rcode="CASE WHEN source IS NULL THEN NULL "
    "WHEN value IN ('NXDOMAIN', 'SERVFAIL', 'REFUSED', 'NOTIMP') THEN value ELSE 'NOERROR' END",
    blocked="regexp_matches(source, 'blocked|denied|blacklisted|domain$') OR "
    r"(source = 'config' AND regexp_matches(value, '^(NXDOMAIN|NODATA.*|0\.0\.0\.0|::)$'))",
    first="WHEN source IS NOT NULL THEN 'answer'",
    qtype="replace(qtype, 'type=', '')",
    answers="name",
)

# The query log, responses and errors; Infoblox's and EfficientIP's, too.
BIND = TextFormat(
    "bind",
    (r"client (?:@0x\w+ )?\S+#\d+.*:? (?:query|response|answer): ",),
    rf"^(?P<prefix>.*?)client (?:@0x[0-9a-f]+ )?(?P<client>{_CLIENT})#\d+(?:/key \S+)?"
    r"(?: \(.*?\))?:?(?: (?:UDP|TCP):?| view [^ :]+:)* (?:"
    rf"(?P<kind>query|response|answer): (?P<asked>\S+) (?:{_CLASSES}) (?P<qtype>\S+)"
    r"(?: response: (?P<code1>[A-Z]+)\b.*|.*? -> (?P<code3>[A-Z]+)\b.*| (?P<code4>[A-Z]{4,})\b.*|"
    r"[^>]*)|(?P<event>query failed|rpz \S+) \(?(?P<code2>[A-Z-]+)\)? (?:for|rewrite) "
    r"(?P<failed>\S+?)/.*)$",
    event=r"#\d+.*: (?:query|answer|response): ",
    own=rf"\bnamed\b|^{BIND_TIME}|^{SYSLOG}|^{ISO}",
    query="coalesce(asked, failed)",
    rcode=sql.name_rcode("coalesce(code1, code3, code4, code2)"),
    blocked="starts_with(event, 'rpz')",
    is_answer="kind IS DISTINCT FROM 'query' OR code1 IS NOT NULL",
    answers="client",
)

# log-queries, log-replies and log-local-actions, by file or syslog.
UNBOUND = TextFormat(
    "unbound",
    (
        rf"unbound.*?(?:info|query|reply): (?:\S+ \S+ )?{_CLIENT}(?:@\d+)? \S+ "
        rf"[A-Z0-9]+ (?:{_CLASSES})\b",
    ),
    r"^(?P<prefix>.*?\bunbound\b.*?)(?:info|query|reply): (?:(?:query|reply): )?"
    rf"(?:(?:rpz: applied \[[^\]]*\] )?\S+ (?P<action>\S+) )?(?P<client>{_CLIENT})(?:@\d+)? "
    rf"(?P<qname>\S+) (?P<qtype>[A-Z0-9]+) (?:{_CLASSES})"
    r"(?: (?P<code>[A-Z]+) [\d.]+ [01] \d+.*)?\s*$",
    event=rf"(?:info|query|reply): (?:(?:query|reply): )?{_CLIENT}(?:@\d+)? \S+ [A-Z]",
    own=r"\bunbound\b",
    rcode="CASE WHEN action IS NULL THEN code END",
    blocked="action NOT IN ('inform', 'transparent', 'typetransparent', 'rpz-passthru')",
    is_answer="coalesce(code, action) IS NOT NULL",
    answers="client",
)

_COREDNS_LINE = r'"\S+ \S+ \S+ (?:udp|tcp|tls|https|quic|grpc)\S* [^"]*" \S+ '
# The log plugin, common or combined, with or without a container's prefix.
COREDNS = TextFormat(
    "coredns",
    (_COREDNS_LINE,),
    rf"^(?P<prefix>.*?)\[?(?P<client>{_ADDRESS}?(?:%[^\s\]]+?)?)\]?:\d+ -(?: \[[^\]]*\])?(?: \d+)? "
    r'"(?P<qtype>\S+) (?P<qclass>\S+) (?P<qname>\S+) '
    r'(?:udp|tcp|tls|https|quic|grpc)\S* [^"]*" (?P<code>\S+) ',
    event=rf"\[INFO\] \[?[0-9A-Fa-f:.]+(?:%[^\s\]]+)?\]?:\d+ - |{_COREDNS_LINE}",
    own="^",
    first="WHEN qclass = 'CH' THEN 'type'",
)

# The DNS debug log; names keep the form (3)www(7)example(3)com(0). The server's own queries to
# others, and their answers, are other events.
WINDOWS = TextFormat(
    "windows",
    (r"\bPACKET\s+(?:\S+\s+)?(?:UDP|TCP) (?:Rcv|Snd) ",),
    r"^(?P<stamp>\d[\d./-]+ [\d:.]+(?: [AaPp]\.?[Mm]\.?)?) +\S+ +PACKET +(?:\S+ +)?(?:UDP|TCP) +"
    r"(?P<way>Rcv|Snd) +(?P<client>\S+) +[0-9A-Fa-f]+ +(?P<reply>R)? *(?P<opcode>[QNU?]) +"
    r"\[[0-9A-Fa-f]+ .*?(?P<code>[A-Z]+)\] +(?P<qtype>\S+) +(?P<qname>\S+)\s*$",
    event=r"\bPACKET\b.*\b(?:Rcv|Snd)\b",
    own="^",
    time="stamp",
    is_local=True,
    rcode="CASE WHEN reply IS NOT NULL THEN code END",
    first="WHEN opcode <> 'Q' OR (way = 'Snd') = (reply IS NULL) THEN 'other_event'",
    qtype="upper(qtype)",
    is_answer="reply IS NOT NULL",
    answers="client",
)

# --- resolvers and proxies ---

# The Recursor's trace (quiet=no), in its old and in its structured form.
POWERDNS = TextFormat(
    "powerdns",
    (r" question for '\S+\|[A-Z0-9]+' from ",),
    r"^(?P<prefix>.*?)(?:question for|answer to (?:non-rd )?question) "
    r"'(?P<qname>\S+)\|(?P<qtype>[A-Z0-9]+)'(?: from (?:(?P<four>\d+\.\d+\.\d+\.\d+)(?::\d+)?|"
    rf"\[(?P<bracketed>{_CLIENT})\](?::\d+)?|(?P<six>{_CLIENT}))(?:[ ,].*)?|"
    r": .*?\brcode=(?P<code>\d+).*)\s*$",
    event=r"question (?:for )?'",
    own=rf"\[\d+/\d+\]|pdns|^<?\d*>?{ISO}|^[A-Z][a-z]{{2}} +\d",
    client="coalesce(four, bracketed, six)",
    is_answer="code IS NOT NULL",
    answers="name",
)
POWERDNS_KEYS = TextFormat(
    "powerdns",
    (r'msg="Question".* qname=',),
    r'(?:^| )KEY="([^"]*)"',
    keys={x: x for x in ("msg", "ts", "qname", "qtype")}
    | {"code": "rcode", "remote": "remote|source"},
    own=r'\bmsg="|pdns',
    event=r'msg="(?:Question|Answer)".* qname=',
    required=("qname",),
    client="remote",
    time="ts",
    first="WHEN msg NOT IN ('Question', 'Answer') THEN 'other_event'",
    is_answer="msg = 'Answer'",
    answers="name",
)

# What became of a query, by plugins.go; what is not there is no answer.
_DNSCRYPT_CODES = (
    "CASE WHEN code IN ('PASS', 'FORWARD') THEN 'NOERROR' WHEN code = 'NXDOMAIN' THEN code "
    "WHEN code IN ('REJECT', 'DROP', 'SYNTH', 'CLOAK') THEN 'BLOCKED' "
    "WHEN code IN ('RESPONSE_ERROR', 'SERVER_ERROR') THEN 'SERVFAIL' END"
)
# dnscrypt-proxy's query_log, in the formats tsv and ltsv.
DNSCRYPT = TextFormat(
    "dnscrypt",
    (r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]\t[^\t]+\t[^\t]+\t[A-Z0-9]+(\t|$)",),
    r"^(?P<prefix>\[[^\]\t]+\])\t(?P<client>[^\t]+)\t(?P<qname>[^\t]+)\t(?P<qtype>[A-Z0-9]+)"
    r"(?:\t(?P<code>[A-Z_]+)(?:\t.*)?)?\s*$",
    event=r"^\[[^\]]*\]\t",
    own=r"^\[\d{4}-",
    rcode=_DNSCRYPT_CODES,
)
DNSCRYPT_LTSV = TextFormat(
    "dnscrypt",
    (r"^time:\d+\thost:[^\t]+\tmessage:",),
    r"(?:^|\t)KEY:([^\t]*)",
    keys={"ts": "time", "client": "host", "qname": "message", "qtype": "type", "code": "return"},
    own=r"^time:|^\[",
    event=r"\bmessage:|\bhost:",
    required=("client", "qname"),
    time="ts",
    rcode=_DNSCRYPT_CODES,
)

_CELL = r'(?:"(?:[^"]|"")*"|[^\t]*)'
# The query log of the type csv, tab-separated and without a header.
BLOCKY = TextFormat(
    "blocky",
    (rf"^{ISO}\t[^\t]*\t{_CELL}\t\d+\t{_CELL}\t",),
    rf"^(?P<prefix>{ISO})\t(?P<client>[^\t]*)\t{_CELL}\t\d+\t{_CELL}\t(?P<qname>[^\t]*)\t{_CELL}\t"
    r"(?P<code>[A-Za-z]*)(?:\t(?P<kind>[A-Z]*)\t(?P<qtype>[A-Z0-9]*)(?:\t.*)?)?\s*$",
    event=f"^{ISO}\t",
    own=f"^{ISO}",
    blocked="kind IN ('BLOCKED', 'FILTERED', 'NOTFQDN', 'SPECIAL', 'CUSTOMDNS')",
)

# --- keys and values in any order ---

# FortiGate's DNS filter log: dns-query and dns-response events.
FORTINET = TextFormat(
    "fortinet",
    (r"\bdevname=|\bdevid=|\blogid=", r"\bqname="),
    r'(?:^|[\s,>])KEY="?([^"\s,]*)',
    keys={
        "day": "date", "clock": "time", "utc_offset": "tz", "ns": "eventtime", "kind": "eventtype",
        "client": "srcip", "port": "dstport", "qname": "qname", "qtype": "qtype",
        "address": "ipaddr", "act": "action", "code": "rcode",
    },
    own=r"\b(?:date|devname|devid|logid)=",
    event=r"\beventtype=\"?dns-",
    required=("client", "qname"),
    time="coalesce(ns, day || ' ' || clock || coalesce(utc_offset, ''))",
    rcode=f"CASE WHEN code IS NOT NULL THEN {sql.name_rcode('code')} "
    "WHEN address IS NOT NULL THEN 'NOERROR' END",
    blocked="act IN ('block', 'blocked', 'redirect')",
    is_answer="kind = 'dns-response'",
    answers="client",
)  # fmt: skip

# Sysmon's event 22 as XML, an event a line, as Splunk and Windows' own tools export it.
SYSMON_XML = TextFormat(
    "sysmon",
    (r"<Event\b.*\bName=['\"]QueryName['\"]",),
    r"(?:\bName=['\"]KEY['\"]>|<KEY(?: [^>]*)?>|\bKEY=['\"])([^<'\"]*)",
    keys={
        "id": "EventID", "client": "Computer", "utc": "UtcTime", "ts": "SystemTime",
        "qname": "QueryName", "code": "QueryStatus",
    },
    own=r"<Event\b",
    event=r"<EventID[^>]*>22<",
    required=("client", "qname"),
    time="coalesce(utc || 'Z', ts)",
    first="WHEN id NOT IN ('22', '3008') THEN 'other_event'",
)  # fmt: skip

_CUSTOM = tuple(f"{kind}{i}" for kind in ("cs", "flexString") for i in range(1, 7))


def _find_labelled(pattern: str) -> str:
    """Return the value of the custom field whose label is like a pattern."""
    cases = " ".join(
        f"WHEN regexp_matches({x}Label, {sql.quote_text(pattern)}) THEN {x}" for x in _CUSTOM
    )
    return f"CASE {cases} END"


_CEF_QUERY = _find_labelled(
    "(?i)^(dns.?)?(query|question|request)?.?(name|domain|query|question|qname)$"
)
_CEF_QUERY = f"coalesce(qname, {_CEF_QUERY})"
_CEF_CODE = _find_labelled("(?i)(response|return|reply|result).?code|rcode")
# Events of DNS in ArcSight's Common Event Format, of any product.
CEF = TextFormat(
    "cef",
    (r"CEF:\d\|.*(?:destinationDnsDomain|Label=[^=]*(?:DNS|dns|uer|omain))",),
    r"[ |]KEY=(.*?)(?: [A-Za-z][\w.-]*=|$)",
    keys={
        "ts": "rt|start|end|deviceReceiptTime", "client": "src|c6a2|shost|sourceDnsDomain",
        "qname": "destinationDnsDomain|query|dhost", "qtype": "InfobloxDNSQType|DNSQType|dnsType",
        "code": "InfobloxDNSRCode|DNSRCode|rcode", "act": "act",
        **{f"{x}{end}": f"{x}{end}" for x in _CUSTOM for end in ("", "Label")},
    },
    own=r"CEF:\d\|",
    event=r"^$",
    query=_CEF_QUERY,
    time="ts",
    rcode=sql.name_rcode(f"coalesce(code, {_CEF_CODE})"),
    blocked="lower(act) IN ('block', 'blocked', 'deny', 'denied', 'drop')",
)  # fmt: skip
