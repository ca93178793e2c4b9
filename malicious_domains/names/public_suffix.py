"""The registrable label of a host: public suffixes, and zones of three kinds.

The algorithm is that of https://publicsuffix.org/list/, by hand because libraries know no zones;
an unknown top-level domain is a suffix. Beside ICANN's public suffixes there are

- customer zones (github.io, duckdns.org), where customers choose a free label: it is scored;
- provider zones (cloudfront.net), where the provider generates the labels: the provider's own
  registrable label under ICANN's suffixes is scored;
- look-up zones (avqs.mcafee.com), whose names carry a hash or an address. They change no label, but
  what is asked for below them is no tunnel.

data/build.py writes suffixes.txt from the Public Suffix List and data/zones.txt.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from .errors import SuffixListError, ZoneError

PACKAGED = Path(__file__).parent / "suffixes.txt"
END_OF_HEADER = b"\n\n"
# Kinds of rules, in the order of the file's sections. A wildcard "*.ck" stands as "ck".
KINDS = range(6)
ICANN, WILDCARD, EXCEPTION, CUSTOMER, CUSTOMER_WILDCARD, PROVIDER = KINDS
_PATTERNS = 6  # not a rule, but patterns end in it: amazonaws.com
_OWN_SITE = "www"  # www.blogspot.com belongs to Blogspot, as blogspot.com does

# Suffixes under which nobody registers names.
_REVERSE = ("in-addr.arpa", "ip6.arpa", "e164.arpa")
# RFC 6761's registry, RFC 6762's appendix G, names of home networks, and the rest of .arpa.
_LOCAL = (
    *("alt", "example", "internal", "invalid", "local", "localhost", "onion", "test"),
    *("corp", "home", "intranet", "lan", "localdomain", "private"),
    *("arpa", "home.arpa", "iris.arpa", "uri.arpa", "urn.arpa"),
)
# By such a suffix: the reason code.
SPECIAL = dict.fromkeys(_REVERSE, "reverse") | dict.fromkeys(_LOCAL, "special_use")
NO_TLD = "no_tld"  # the reason code of a top-level domain that does not exist

# Not in the internet's root, but used by malware: Namecoin's and Emercoin's.
OTHER_ROOTS = ("bazar", "bit", "coin", "emc", "lib")

_ZONE = r"(?:(?:[a-z0-9_-]{1,63}|\*)\.)+[a-z0-9-]{1,63}"

_Match = tuple[int, int, str]  # the first label, the kind and the rule of a zone
Rules = dict[str, int]  # a rule without its "*.", and its kind


class Zones:
    """Rules for split_host(); read-only: add_zones() returns new ones."""

    __slots__ = ("lookups", "patterns", "rules")

    def __init__(
        self, rules: Rules, patterns: dict[str, list[str]], lookups: Iterable[str] = ()
    ) -> None:
        """Take rules, the provider zones with a * in the middle by what follows the *, and others.

        execute-api.*.amazonaws.com is a pattern of amazonaws.com, which must be among the rules.
        lookups: the look-up zones.
        """
        self.rules = rules
        self.patterns = patterns
        self.lookups = frozenset(lookups)


def split_host(host: str, zones: Zones | None = None) -> tuple[str, str, str]:
    """Return a host's registrable label, its suffix, and its provider zone as listed, or "".

    The label is "" for a public suffix. The host is in lower case and ASCII, without empty
    labels. zones: None for the packaged ones. Raises SuffixListError.

    >>> split_host("www.example.co.uk"), split_host("me.github.io")
    (('example', 'co.uk', ''), ('me', 'github.io', ''))
    >>> split_host("d111111abcdef8.cloudfront.net")
    ('cloudfront', 'net', 'cloudfront.net')
    """
    rules = (zones or packaged_zones()).rules
    before = label = ""
    rest = host
    while rest not in rules:
        head, dot, tail = rest.partition(".")
        if not dot:  # an unknown top-level domain
            return label, rest, ""
        before, label, rest = label, head, tail
    kind = rules[rest]
    if kind == ICANN or (kind == WILDCARD and not label):  # *.ck makes a suffix of ck too
        return label, rest, ""
    if kind == WILDCARD:
        return before, f"{label}.{rest}", ""
    if kind == EXCEPTION:
        label, _, rest = rest.partition(".")
        return label, rest, ""
    return _split_by_zones(host.split("."), zones or packaged_zones())


def is_lookup(host: str, zones: Zones | None = None) -> bool:
    """Return whether a host is, or lies beneath, a look-up zone.

    >>> is_lookup("4z9p5tjmcbnblehp.avqs.mcafee.com"), is_lookup("www.mcafee.com")
    (True, False)
    """
    lookups = (zones or packaged_zones()).lookups
    rest = host
    while rest and rest not in lookups:
        rest = rest.partition(".")[2]
    return bool(rest)


def is_known(suffix: str) -> bool:
    """Return whether a suffix from split_host() lies under a top-level domain that exists.

    >>> is_known("co.uk"), is_known("contoso")
    (True, False)
    """
    return "." in suffix or suffix in packaged_zones().rules or suffix in OTHER_ROOTS


def _split_by_zones(labels: list[str], zones: Zones) -> tuple[str, str, str]:
    """Split a host by its longest zone; of equally long ones, by a provider zone."""
    tails = [".".join(labels[i:]) for i in range(len(labels))]
    matches = [x for i, tail in enumerate(tails) for x in _match_zones(i, tail, labels, zones)]
    start, kind, listed = min(matches, default=(0, CUSTOMER, ""))
    own = start == 0 or (start == 1 and labels[0] == _OWN_SITE)
    if own or labels[start - 1].startswith("_"):  # _dmarc.github.io
        return _split_by_suffix(tails, zones.rules, "")
    if kind == CUSTOMER:
        return labels[start - 1], tails[start], ""
    return _split_by_suffix(tails, zones.rules, listed)


def _match_zones(i: int, tail: str, labels: list[str], zones: Zones) -> Iterator[_Match]:
    """Yield the first label, the kind and the rule of each zone with a rule at labels[i]."""
    kind = zones.rules.get(tail)
    if kind == PROVIDER:
        yield i, -PROVIDER, tail  # sorts before CUSTOMER
    elif kind == CUSTOMER:
        yield i, CUSTOMER, tail
    elif kind == CUSTOMER_WILDCARD:
        yield max(i - 1, 0), CUSTOMER, tail
    for pattern in zones.patterns.get(tail, ()):
        start = len(labels) - pattern.count(".") - 1
        if start >= 0 and _fits(pattern.split("."), labels[start:]):
            yield start, -PROVIDER, pattern


def _split_by_suffix(tails: list[str], rules: Rules, provider_zone: str) -> tuple[str, str, str]:
    """Split a host as if there were no zones."""
    icann = {i: kind for i, x in enumerate(tails) if (kind := rules.get(x, CUSTOMER)) <= EXCEPTION}
    start = min(icann, default=len(tails) - 1)
    kind = icann.get(start, ICANN)
    start = {WILDCARD: max(start - 1, 0), EXCEPTION: start + 1}.get(kind, start)
    label = tails[start - 1].partition(".")[0] if start else ""
    return label, tails[start], provider_zone


@functools.cache
def packaged_zones() -> Zones:
    """Return the packaged rules, read once; raises SuffixListError."""
    return read_zones(PACKAGED)


def read_zones(path: Path) -> Zones:
    """Read a file of rules that data/build.py wrote; raises SuffixListError."""
    try:
        header, _, body = path.read_bytes().partition(END_OF_HEADER)
    except OSError as error:
        raise SuffixListError(f"{path}: cannot be read: {error.strerror}") from error
    if not header.endswith(hashlib.sha256(body).hexdigest().encode("ascii")):
        raise SuffixListError(f"{path}: damaged: the rules' SHA-256 is not that of the header")
    *sections, patterns, lookups = body.decode("ascii").split("\n\n")
    rules: Rules = {}
    for kind, section in zip(KINDS, sections, strict=True):
        rules.update(dict.fromkeys(section.split(), kind))
    return _index_patterns(rules, patterns.split(), lookups.split())


def format_zones(zones: Zones) -> bytes:
    """Return the body of such a file: sections by kind, sorted, then patterns and look-up zones.

    >>> b"\\nlb.example.com\\n" in format_zones(add_zones(provider=["lb.example.com"]))
    True
    """
    names = [sorted(x for x, of in zones.rules.items() if of == kind) for kind in KINDS]
    names.append(sorted(x for patterns in zones.patterns.values() for x in patterns))
    names.append(sorted(zones.lookups))
    return "\n\n".join(map("\n".join, names)).encode("ascii") + b"\n"


def add_zones(
    provider: Iterable[str] = (), customer: Iterable[str] = (), to: Zones | None = None
) -> Zones:
    """Return the zones of `to`, by default the packaged ones, with provider and customer zones.

    A provider zone replaces all zones beneath it, except for the customer zones given here. A "*"
    stands for one label: anywhere in a provider zone (in front it changes nothing), in front of a
    customer zone. Of a zone given twice the last kind holds. Raises ZoneError and SuffixListError.

    >>> split_host("x7k2.lb.example.com", add_zones(provider=["lb.example.com"]))
    ('example', 'com', 'lb.example.com')
    >>> split_host("shop.example.com", add_zones(customer=["example.com"]))
    ('shop', 'example.com', '')
    """
    zones = to or packaged_zones()
    provider, customer = tuple(provider), tuple(customer)
    if not provider and not customer:
        return zones
    rules = {name: kind for name, kind in zones.rules.items() if kind != _PATTERNS}
    patterns = [pattern for listed in zones.patterns.values() for pattern in listed]
    exact: set[str] = set()
    for zone in provider:
        name = re.sub(r"^(\*\.)+", "", _check_zone(zone, rules))
        (patterns.append if "*" in name else exact.add)(name)
    starred = [x.split(".") for x in patterns]
    if exact or starred:
        zoned = [name for name, kind in rules.items() if kind in (CUSTOMER, CUSTOMER_WILDCARD)]
        for name in zoned:
            if _is_beneath(name.split("."), exact, starred):
                del rules[name]
    rules.update(dict.fromkeys(exact, PROVIDER))
    for zone in customer:
        checked = _check_zone(zone, rules)
        name = checked.removeprefix("*.")
        if "*" in name:
            raise ZoneError(f"{zone[:80]!r}: a customer zone has a * in front only")
        rules[name] = CUSTOMER if name == checked else CUSTOMER_WILDCARD
    return _index_patterns(rules, list(dict.fromkeys(patterns)), zones.lookups)


def _check_zone(zone: str, rules: Rules) -> str:
    """Return a zone in lower case without outer dots; raises ZoneError, also for a suffix."""
    name = zone.strip().lower().strip(".")
    if not re.fullmatch(_ZONE, name):
        message = f"{zone[:80]!r} is not a zone; write it as cloudfront.net or lb.*.example.com"
        raise ZoneError(message)
    fixed = name.rpartition("*.")[2]
    if "." not in fixed or rules.get(fixed, CUSTOMER) <= EXCEPTION:
        raise ZoneError(f"{zone[:80]!r} is not a zone: {fixed[:80]} is a public suffix")
    return name


def _is_beneath(labels: list[str], exact: set[str], patterns: list[list[str]]) -> bool:
    """Return whether a rule is at or beneath a provider zone."""
    tails = [labels[i:] for i in range(len(labels))]
    return any(".".join(tail) in exact for tail in tails) or any(
        _fits(pattern, labels[-len(pattern) :]) for pattern in patterns
    )


def _fits(pattern: list[str], labels: list[str]) -> bool:
    pairs = zip(pattern, labels, strict=False)
    return len(pattern) == len(labels) and all(wanted in ("*", label) for wanted, label in pairs)


def _index_patterns(rules: Rules, patterns: list[str], lookups: Iterable[str]) -> Zones:
    by_tail: dict[str, list[str]] = {}
    for pattern in patterns:
        tail = pattern.rpartition("*.")[2]
        by_tail.setdefault(tail, []).append(pattern)
        rules.setdefault(tail, _PATTERNS)
    return Zones(rules, by_tail, lookups)
