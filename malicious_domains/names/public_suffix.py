"""Where the label ends that a registrant chose: public suffixes, and zones of two kinds.

The algorithm is that of https://publicsuffix.org/list/, with an unknown top-level domain as a
suffix. Beside ICANN's public suffixes there are

- chosen zones (github.io, duckdns.org), where a stranger picks a free label: it is judged;
- assigned zones (cloudfront.net), where the provider makes the labels up, or a machine does:
  what is judged is the provider's own registrable label under ICANN's suffixes.

suffixes.txt is made by data/build.py of the Public Suffix List and data/zones.txt.
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
_PATTERNS = 6  # no rule itself, but patterns end in it: amazonaws.com
_OWN_SITE = "www"  # www.blogspot.com is Blogspot's own, as blogspot.com is

# Suffixes under which nobody registers, and the reason code.
_REVERSE = ("in-addr.arpa", "ip6.arpa", "e164.arpa")
# The registry of RFC 6761, RFC 6762's appendix G, and what networks use at home. All of .arpa
# that is no reverse look-up is the internet's own.
_LOCAL = (
    *("alt", "example", "internal", "invalid", "local", "localhost", "onion", "test"),
    *("corp", "home", "intranet", "lan", "localdomain", "private"),
    *("arpa", "home.arpa", "iris.arpa", "uri.arpa", "urn.arpa"),
)
SPECIAL = dict.fromkeys(_REVERSE, "reverse") | dict.fromkeys(_LOCAL, "special_use")

_ZONE = r"(?:(?:[a-z0-9_-]{1,63}|\*)\.)+[a-z0-9-]{1,63}"

Rules = dict[str, int]  # by a rule without its "*.": its kind


class Zones:
    """Rules ready for `split`, not to be changed: with_zones makes others."""

    __slots__ = ("patterns", "rules")

    def __init__(self, rules: Rules, patterns: dict[str, list[str]]) -> None:
        """Take rules, and the assigned zones with a * in the middle by what follows it.

        execute-api.*.amazonaws.com is one of amazonaws.com, which must be among the rules.
        """
        self.rules = rules
        self.patterns = patterns


def split_host(host: str, zones: Zones | None = None) -> tuple[str, str, str]:
    """The label to judge, what it was registered under, and the assigned zone of a host, or "".

    The label is "" if the host is a public suffix itself. The assigned zone is as it is listed.
    The host is in lower case and ASCII, without empty labels. Zones are the packaged ones if
    None. Raises SuffixListError.
    """
    known = (zones or packaged_zones()).rules
    before = label = ""
    rest = host
    while rest not in known:
        head, dot, tail = rest.partition(".")
        if not dot:  # an unknown top-level domain
            return label, rest, ""
        before, label, rest = label, head, tail
    kind = known[rest]
    if kind == ICANN or (kind == WILDCARD and not label):  # *.ck makes a suffix of ck too
        return label, rest, ""
    if kind == WILDCARD:
        return before, f"{label}.{rest}", ""
    if kind == EXCEPTION:
        label, _, rest = rest.partition(".")
        return label, rest, ""
    return _under_zones(host.split("."), zones or packaged_zones())


def _under_zones(labels: list[str], zones: Zones) -> tuple[str, str, str]:
    """The longest zone decides. On a tie an assigned one does."""
    tails = [".".join(labels[i:]) for i in range(len(labels))]
    found = [x for i, tail in enumerate(tails) for x in _zones_at(i, tail, labels, zones)]
    start, kind, listed = min(found, default=(0, CUSTOMER, ""))
    own = start == 0 or (start == 1 and labels[0] == _OWN_SITE)
    if own or labels[start - 1].startswith("_"):  # _dmarc.github.io
        return _under_icann(tails, zones.rules, "")
    if kind == CUSTOMER:
        return labels[start - 1], tails[start], ""
    return _under_icann(tails, zones.rules, listed)


def _zones_at(i: int, tail: str, labels: list[str], zones: Zones) -> Iterator[tuple[int, int, str]]:
    """Of each zone by a rule at labels[i]: its first label, its kind, the rule."""
    kind = zones.rules.get(tail)
    if kind == PROVIDER:
        yield i, -PROVIDER, tail  # before CHOSEN in order
    elif kind == CUSTOMER:
        yield i, CUSTOMER, tail
    elif kind == CUSTOMER_WILDCARD:
        yield max(i - 1, 0), CUSTOMER, tail
    for pattern in zones.patterns.get(tail, ()):
        start = len(labels) - pattern.count(".") - 1
        if start >= 0 and _fits(pattern.split("."), labels[start:]):
            yield start, -PROVIDER, pattern


def _under_icann(tails: list[str], rules: Rules, assigned: str) -> tuple[str, str, str]:
    """The label as if there were no zones."""
    icann = {i: kind for i, x in enumerate(tails) if (kind := rules.get(x, CUSTOMER)) <= EXCEPTION}
    start = min(icann, default=len(tails) - 1)
    kind = icann.get(start, ICANN)
    start = {WILDCARD: max(start - 1, 0), EXCEPTION: start + 1}.get(kind, start)
    label = tails[start - 1].partition(".")[0] if start else ""
    return label, tails[start], assigned


@functools.cache
def packaged_zones() -> Zones:
    """The packaged rules, read once; raises SuffixListError."""
    return read_zones(PACKAGED)


def read_zones(path: Path) -> Zones:
    """The rules of a file as data/build.py writes it; raises SuffixListError."""
    try:
        header, _, body = path.read_bytes().partition(END_OF_HEADER)
    except OSError as error:
        raise SuffixListError(f"{path}: cannot be read: {error.strerror}") from error
    if not header.endswith(hashlib.sha256(body).hexdigest().encode("ascii")):
        raise SuffixListError(f"{path}: damaged: the rules' SHA-256 is not that of the header")
    *sections, patterns = body.decode("ascii").split("\n\n")
    known: Rules = {}
    for kind, section in zip(KINDS, sections, strict=True):
        known.update(dict.fromkeys(section.split(), kind))
    return _indexed(known, patterns.split())


def format_zones(zones: Zones) -> bytes:
    """The body of a file that `read` reads: sections by kind, sorted, and at last the patterns."""
    names = [sorted(x for x, found in zones.rules.items() if found == kind) for kind in KINDS]
    names.append(sorted(x for patterns in zones.patterns.values() for x in patterns))
    return "\n\n".join(map("\n".join, names)).encode("ascii") + b"\n"


def add_zones(
    provider: Iterable[str] = (), customer: Iterable[str] = (), to: Zones | None = None
) -> Zones:
    """These zones and those of `to`, by default the packaged ones, which stay as they are.

    An assigned zone takes all that lies beneath it, chosen zones included, except for those
    given here. A "*" stands for one label: anywhere in an assigned zone (in front it is of no
    account), in front of a chosen one. The last one named wins. Raises ValueError for what is
    no zone, and SuffixListError.
    """
    zones = to or packaged_zones()
    provider, customer = tuple(provider), tuple(customer)
    if not provider and not customer:
        return zones
    rules = {name: kind for name, kind in zones.rules.items() if kind != _PATTERNS}
    patterns = [pattern for listed in zones.patterns.values() for pattern in listed]
    exact: set[str] = set()
    for zone in provider:
        name = re.sub(r"^(\*\.)+", "", _checked(zone, rules))
        (patterns.append if "*" in name else exact.add)(name)
    starred = [x.split(".") for x in patterns]
    if exact or starred:
        zoned = [name for name, kind in rules.items() if kind in (CUSTOMER, CUSTOMER_WILDCARD)]
        for name in zoned:
            if _covered(name.split("."), exact, starred):
                del rules[name]
    rules.update(dict.fromkeys(exact, PROVIDER))
    for zone in customer:
        checked = _checked(zone, rules)
        name = checked.removeprefix("*.")
        if "*" in name:
            raise ZoneError(f"{zone[:80]!r}: a customer zone has a * in front only")
        rules[name] = CUSTOMER if name == checked else CUSTOMER_WILDCARD
    return _indexed(rules, list(dict.fromkeys(patterns)))


def _checked(zone: str, rules: Rules) -> str:
    """A zone in lower case without dots around; it is not a public suffix of ICANN's."""
    name = zone.strip().lower().strip(".")
    if not re.fullmatch(_ZONE, name):
        raise ZoneError(f"{zone[:80]!r} is no zone: write it as cloudfront.net or lb.*.example.com")
    fixed = name.rpartition("*.")[2]
    if "." not in fixed or rules.get(fixed, CUSTOMER) <= EXCEPTION:
        raise ZoneError(f"{zone[:80]!r} is no zone: {fixed[:80]} is a public suffix itself")
    return name


def _covered(labels: list[str], exact: set[str], patterns: list[list[str]]) -> bool:
    """Whether a rule is at or beneath an assigned zone."""
    tails = [labels[i:] for i in range(len(labels))]
    return any(".".join(tail) in exact for tail in tails) or any(
        _fits(pattern, labels[-len(pattern) :]) for pattern in patterns
    )


def _fits(pattern: list[str], labels: list[str]) -> bool:
    return len(pattern) == len(labels) and all(
        wanted in ("*", label) for wanted, label in zip(pattern, labels, strict=True)
    )


def _indexed(rules: Rules, patterns: list[str]) -> Zones:
    by_tail: dict[str, list[str]] = {}
    for pattern in patterns:
        tail = pattern.rpartition("*.")[2]
        by_tail.setdefault(tail, []).append(pattern)
        rules.setdefault(tail, _PATTERNS)
    return Zones(rules, by_tail)
