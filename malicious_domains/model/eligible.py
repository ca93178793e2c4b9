"""Which names of a DNS log are scored, and why others are skipped."""

from __future__ import annotations

from ..names.errors import Invalid
from ..names.parse import Name

BARE = "bare"  # a label without a dot, such as browsers' probes and NetBIOS names
NO_NAME = "no_name"  # not one domain name
AUTODISCOVERY = "autodiscovery"  # asked for by programs in every network
# The first labels of such names; NXDOMAIN for one says nothing about the domain beneath.
DISCOVERY_LABELS = ("wpad", "isatap", "teredo", "autodiscover")
# Query types of resolvers and tools, for names that were asked for before, or for no name at all.
IGNORED_TYPES = {
    "NB": 32, "OPT": 41, "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50,
    "TKEY": 249, "TSIG": 250, "IXFR": 251, "AXFR": 252, "ANY": 255,
}  # fmt: skip
# The keys of a record of Route 53 Resolver's query log.
ROUTE53_KEYS = {
    "client": "srcaddr", "query": "query_name", "ts": "query_timestamp", "code": "rcode",
    "qtype": "query_type", "act": "firewall_rule_action",
}  # fmt: skip


def skip_reason(name: Name | Invalid) -> str:
    """Return why a log's name (from Scorer.try_parse) is not scored; "" if it is.

    >>> from malicious_domains.names.parse import parse
    >>> skip_reason(parse("google.com")), skip_reason(parse("google"))
    ('', 'bare')
    """
    if isinstance(name, Invalid):
        return name.reason if name.status == "skipped" else NO_NAME
    return BARE if name.bare else ""


def is_discovery(host: str) -> bool:
    """Return whether programs ask for a host (lower case) by themselves.

    >>> is_discovery("wpad.example.com"), is_discovery("www.example.com")
    (True, False)
    """
    first, dot, _ = host.partition(".")
    return bool(dot) and first in DISCOVERY_LABELS
