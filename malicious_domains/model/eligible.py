"""Which names of a DNS log are judged, and why others are not: of a file and of an object alike."""

from __future__ import annotations

from ..names.parse import Name
from ..names.public_suffix import packaged_zones
from .score import Invalid

BARE = "bare"  # a label by itself, as browsers' probes and NetBIOS names are
NO_NAME = "no_name"  # what is not one name
NO_TLD = "no_tld"  # google.com.contoso: a search suffix behind it, no top-level domain
AUTODISCOVERY = "autodiscovery"  # what programs ask for by themselves in every network
# First labels of the latter; where such a name does not exist, that says nothing of the next one.
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
# Not in the internet's root, and all the same asked for by malware: Namecoin's and Emercoin's.
_OTHER_ROOTS = ("bazar", "bit", "coin", "emc", "lib")


def skip_reason(name: Name | Invalid) -> str:
    """Why a name of a log, as Scorer.try_parse gives it, is not judged; "" if it is."""
    if isinstance(name, Invalid):
        return name.reason if name.status == "skipped" else NO_NAME
    if name.bare:
        return BARE
    known = (
        "." in name.suffix or name.suffix in packaged_zones().rules or name.suffix in _OTHER_ROOTS
    )
    return "" if known else NO_TLD


def is_discovery(host: str) -> bool:
    """Whether programs ask for a host (lower case) by themselves; it is left out if it is dead."""
    first, dot, _ = host.partition(".")
    return bool(dot) and first in DISCOVERY_LABELS
