"""Tunnels, exfiltration and floods: what a client asked for below one registrable name on a day.

A tunnel carries its data in sub-domains, so these are different, long, look made up, and are not
asked for twice. Each weighs as many characters as look made up; the weights are plain sums, so that
days, objects and executors add up in any order. docs/scan.md has the rule and what it misses.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import fsum
from typing import NamedTuple

import numpy as np

from ..names import public_suffix
from ..names.array_types import Bools, Floats, Ints, NDArray
from ..names.parse import Name, Zones
from .client_day import Alarm, Evidence, QueriedName
from .finding_json import format_time

TUNNEL, MANY_BELOW = "tunnel", "many-below"  # kinds of alarms
KINDS = (TUNNEL, MANY_BELOW)
MAX_KEPT = 5000  # sub-domains of a client, day and registrable name, of the smallest hashes
ONCE = 60.0  # seconds from the first query to the last one; a tunnel asks for no name again
THRESHOLD = 320.0  # characters from which an alarm is raised
FREE = 32.0  # characters that are free below each registrable name
MANY = 300.0  # sub-domains, for the alarm of low confidence
SHORTEST, LONGEST = 8, 64  # characters that a sub-domain counts as
SHARED = 3  # clients with an alarm below one name, which is then reported once
# The log-odds of labels that weigh nothing and their whole length: the quantiles of clean labels
# (data/legit-hsts) that -1 and 3 had in the study's model.
ZERO, WHOLE, _LOWEST = -0.7, 2.9, -0.25
_NAMES = 10  # that an alarm shows
_DEEPEST = 8  # labels in which a registrable name is looked for
_PLAIN = re.compile(r"[a-z0-9-]{1,63}")
_PROBE = re.compile(r"[a-z]{7,15}")
_STRANGE = re.compile(r"[^a-z0-9-]+")

# Query types as bits; those that carry data come first.
TYPES = {"TXT": 1, "NULL": 2, "CNAME": 4, "MX": 8, "SPF": 16, "65399": 32, "SRV": 64, "SOA": 128}
TYPE_NUMBERS = {"TXT": "16", "NULL": "10", "CNAME": "5", "MX": "15", "SPF": "99"}
TYPE_NUMBERS |= {"65399": "65399", "SRV": "33", "SOA": "6"}
TYPE_PREFIXES = ("TYPE=", "TYPE", "QUERY-")  # of dnsmasq, of RFC 3597, of Zeek
OTHER_TYPE = 256
_BITS = TYPES | {TYPE_NUMBERS[x]: bit for x, bit in TYPES.items()}
DATA_TYPES, COUNTER_TYPES = 63, 255  # a mask of the types that count twice, and with SRV and SOA


@lru_cache(256)
def code_type(text: str) -> int:
    """Return a query type, by name or number, as a bit of TYPES or OTHER_TYPE; 0 if unknown.

    >>> code_type("TXT"), code_type("TYPE10"), code_type("AAAA"), code_type("-")
    (1, 2, 256, 0)
    """
    plain = text.strip().partition(" ")[0].upper()
    for before in TYPE_PREFIXES:
        plain = plain.replace(before, "")
    return 0 if plain in ("", "-") else _BITS.get(plain, OTHER_TYPE)


def find_parent(query: str, name: Name | None, zones: Zones | None = None) -> str:
    """Return the registrable name below which a queried name stands, "" if it does not count.

    query: in lower case, with any characters before its last labels. name: what parse() reads in
    it, None if nothing. What lies in a provider zone or in a look-up zone does not count.

    >>> find_parent("q+z8/nwa.example.co.uk.", None), find_parent("r5---sn-x.googlevideo.com", None)
    ('example.co.uk', '')
    """
    host = query.removesuffix(".")
    if name is not None and name.host == host:
        parent, provider = name.registrable, name.provider_zone
    else:
        host, parent, provider = _split_end(host, zones)
    below = query.removesuffix(".").removesuffix(parent)
    counts = parent and len(below) > 1 and not provider and "." in parent
    return parent if counts and not public_suffix.is_lookup(host, zones) else ""


def _split_end(query: str, zones: Zones | None) -> tuple[str, str, str]:
    """Return the plain last labels, the registrable name and the provider zone in them."""
    plain: list[str] = []
    for label in reversed(query.split(".")[-_DEEPEST:]):
        if not _PLAIN.fullmatch(label):
            break
        plain.insert(0, label)
    host = ".".join(plain)
    label, suffix, provider = public_suffix.split_host(host, zones) if host else ("", "", "")
    if not label or suffix in public_suffix.SPECIAL or not public_suffix.is_known(suffix):
        return host, "", ""
    return host, f"{label}.{suffix}", provider


def find_longest_label(sub_domain: str) -> str:
    """Return the longest label, without characters that no host has; "" if nothing is left.

    >>> find_longest_label("0a.qzx+81_/k7"), find_longest_label("==.==")
    ('qzx81k7', '')
    """
    return _STRANGE.sub("", max(sub_domain.split("."), key=len))[:63]


class SubDomains(NamedTuple):
    """Different sub-domains, (n,) each: all that stands before a registrable name."""

    sub_domain: Sequence[str]
    types: Ints  # bits of TYPES and OTHER_TYPE; 0 for unknown ones
    nxdomain: Bools
    first_seen: Floats  # seconds since the epoch, NaN if unknown
    last_seen: Floats
    log_odds: Floats  # of the longest label, NaN if there is none

    def cut(self, at: slice) -> SubDomains:
        """Return those of a slice."""
        own = self.types[at], self.nxdomain[at], self.first_seen[at], self.last_seen[at]
        return SubDomains(self.sub_domain[at], *own, self.log_odds[at])

    @property
    def asked_once(self) -> Bools:
        """Which were asked for within one minute only."""
        once: Bools = ~(self.last_seen - self.first_seen > ONCE)
        return once


def weigh_sub_domains(rows: SubDomains) -> Floats:
    """Return the weight of each sub-domain (n,), in characters that look made up.

    >>> a, no = np.zeros(2), np.zeros(2, np.bool_)
    >>> rows = SubDomains(["x" * 40, "www"], np.array([1, 256]), no, a, a, np.array([9.0, -9.0]))
    >>> weigh_sub_domains(rows).tolist()
    [80.0, -2.0]
    """
    count, texts = len(rows.sub_domain), rows.sub_domain
    lengths = np.fromiter((len(x) - x.count(".") for x in texts), np.float64, count)
    underscore = np.fromiter(("_" in x for x in texts), np.bool_, count)
    probe = np.fromiter((_PROBE.fullmatch(x) is not None for x in texts), np.bool_, count)
    share = np.clip((np.nan_to_num(rows.log_odds, nan=ZERO) - ZERO) / (WHOLE - ZERO), _LOWEST, 1.0)
    weights = share * np.clip(lengths, SHORTEST, LONGEST)
    known = rows.types > 0
    only_data = known & (rows.types & ~DATA_TYPES == 0)
    only_counters = known & (rows.types & ~COUNTER_TYPES == 0) & ~underscore
    weights = np.where(only_data & (weights > 0), 2 * weights, weights)
    weights = np.where(only_counters, np.maximum(weights, SHORTEST), weights)
    weights = np.where(rows.nxdomain, weights / 2, weights)
    never = (rows.nxdomain & probe) | ~rows.asked_once
    weighed: Floats = np.where(never, np.minimum(weights, 0.0), weights)
    return weighed


class SubDomainGroup(NamedTuple):
    """The sub-domains of one registrable name that a client queried on a day."""

    parent: str
    number: int  # different sub-domains, of which those in `rows` were kept
    rows: SubDomains
    weights: Floats

    @property
    def scale(self) -> float:
        """How many sub-domains each kept one stands for."""
        return self.number / max(len(self.weights), 1)

    @property
    def points(self) -> float:
        """The sum of the weights above what is free, in characters."""
        return max(fsum(self.weights.tolist()) * self.scale - FREE, 0.0)

    @property
    def asked_once(self) -> float:
        """The number of sub-domains asked for within one minute; all, if too many to keep."""
        if self.number > MAX_KEPT:
            return float(self.number)
        return float(np.count_nonzero(self.rows.asked_once)) * self.scale


Days = Mapping[tuple[str, int], list[SubDomainGroup]]  # by client and day


def judge_client_day(groups: Iterable[SubDomainGroup], scale: float = 1.0) -> list[Evidence]:
    """Return the alarms of a client's day; scale: of a network's own thresholds."""
    every = sorted(groups, key=lambda x: (-x.points, x.parent))
    some = [x for x in every if x.points > 0]
    total, evidence = fsum(x.points for x in some), []
    if total >= scale * THRESHOLD:
        evidence.append(_make_evidence(TUNNEL, total / (scale * THRESHOLD), "high", some))
    many = sorted(
        (x for x in every if x.asked_once >= MANY), key=lambda x: (-x.asked_once, x.parent)
    )
    if many:
        evidence.append(_make_evidence(MANY_BELOW, many[0].asked_once / MANY, "low", many))
    return evidence


def _make_evidence(
    kind: str, score: float, confidence: str, groups: Sequence[SubDomainGroup]
) -> Evidence:
    rows = {
        f"{x.rows.sub_domain[i]}.{x.parent}": (x, i)
        for x in groups
        for i in _list_evidence(kind, x).tolist()
    }
    names = []
    for name in sorted(rows, key=lambda x: (-len(x), x))[:_NAMES]:
        x, i = rows[name]
        seen = float(x.rows.first_seen[i]), float(x.rows.last_seen[i])
        odds, weight = float(x.rows.log_odds[i]), float(x.weights[i])
        names.append(QueriedName(name, odds, weight, bool(x.rows.nxdomain[i]), *seen))
    weights = tuple(x.weight for x in names)
    alarm = Alarm(kind, score, confidence, tuple(range(len(names))), weights)
    parents = tuple(dict.fromkeys(x.parent for x in groups))
    return Evidence(alarm, tuple(names), parents=parents, why=_explain(kind, groups))


def _list_evidence(kind: str, x: SubDomainGroup) -> Ints:
    """Return the indices of the sub-domains that speak for an alarm."""
    return np.flatnonzero(x.rows.asked_once if kind == MANY_BELOW else x.weights > 0)


def _explain(kind: str, groups: Sequence[SubDomainGroup]) -> str:
    """Return the reason in words, such as "41 names below x.com carry about 5,300 characters"."""
    names = characters = 0.0
    types: Counter[str] = Counter()
    times = list[float]()
    for x in groups:
        kept = _list_evidence(kind, x)
        subs = [x.rows.sub_domain[i] for i in kept.tolist()]
        names += len(subs) * x.scale
        characters += sum(len(y) - y.count(".") for y in subs) * x.scale
        for name, bit in TYPES.items():
            types[name] += round(np.count_nonzero(x.rows.types[kept] == bit) * x.scale)
        times += [*x.rows.first_seen[kept].tolist(), *x.rows.last_seen[kept].tolist()]
    parents = {x.parent for x in groups}
    others = f" and {len(parents) - 1:,} more" if len(parents) > 1 else ""
    text = f"{round(names):,} names below {groups[0].parent}{others} carry about "
    text += f"{float(f'{characters:.2g}'):,.0f} characters"
    name, count = types.most_common(1)[0]
    text += f", {count:,} of them by {name}" if count else ""
    first, last = (format_time(edge(times, default=0.0)) for edge in (min, max))
    return text + (f"; {first[11:16]} to {last[11:16]} UTC" if first and last else "")


Columns = Mapping[str, "NDArray[np.generic]"]


def make_columns(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> Columns:
    """Return rows as columns of objects, for find_alarmed_days().

    >>> make_columns(("client", "day"), [("a", 1), ("b", 2)])["client"].tolist()
    ['a', 'b']
    """
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return {x: np.array(y, dtype=object) for x, y in zip(names, columns, strict=True)}


def find_alarmed_days(
    columns: Columns, scale: float
) -> dict[tuple[str, int], list[SubDomainGroup]]:
    """Return the days that have an alarm, of the rows of whole client-days, all weighed at once.

    columns: client, day, parent and sub_domain, by which they are sorted, number (of different
    sub-domains, kept or not), and those of SubDomains. scale: that of a network's own thresholds.

    >>> own = ("client", "day", "parent", "sub_domain", "number", *SubDomains._fields[1:])
    >>> values = (60, 1, False, 0.0, 0.0, 9.0)
    >>> rows = [("a", 0, "evil.com", f"{i:02}" + "q" * 50, *values) for i in range(60)]
    >>> [*find_alarmed_days(make_columns(own, rows), 1.0)]
    [('a', 0)]
    """
    texts = columns["sub_domain"].tolist()
    first, last, odds = (columns[x].astype(np.float64) for x in SubDomains._fields[3:])
    types, nxdomain = columns["types"].astype(np.int64), columns["nxdomain"].astype(np.bool_)
    rows = SubDomains(texts, types, nxdomain, first, last, odds)
    weights = weigh_sub_domains(rows)
    keys = [*zip(*(columns[x].tolist() for x in ("client", "day", "parent")), strict=True)]
    starts = [i for i, key in enumerate(keys) if not i or key != keys[i - 1]]
    days: dict[tuple[str, int], list[SubDomainGroup]] = {}
    for start, stop in pairwise([*starts, len(texts)]):
        client, day, parent = keys[start]
        own, at = days.setdefault((client, day), []), slice(start, stop)
        own.append(SubDomainGroup(parent, int(columns["number"][start]), rows.cut(at), weights[at]))
    return {key: own for key, own in days.items() if judge_client_day(own, scale)}


class TunnelVerdicts(NamedTuple):
    """The alarms of all clients' days; what several clients ask for in this way stands once."""

    days: dict[tuple[str, int], list[Evidence]]  # by client and day
    shared: list[Evidence]


def judge_tunnels(days: Days, clients: int, scale: float = 1.0) -> TunnelVerdicts:
    """Return the alarms of clients' days. clients: of the log; scale: as in judge_client_day().

    Names below which three clients or more have an alarm are reported once, unless a client has an
    alarm without them. Of more than half the clients they belong to the network: low confidence.

    >>> a, no, odds = np.zeros(60), np.zeros(60, np.bool_), np.full(60, 9.0)
    >>> names = [f"{i:x}" + "q" * 50 for i in range(60)]
    >>> rows = SubDomains(names, np.ones(60, np.int64), no, a, a, odds)
    >>> group = SubDomainGroup("evil.com", 60, rows, weigh_sub_domains(rows))
    >>> [x.alarm.kind for x in judge_tunnels({("10.0.0.1", 0): [group]}, 50).days["10.0.0.1", 0]]
    ['tunnel']
    """
    alarms = {key: own for key, x in days.items() if (own := judge_client_day(x, scale))}
    sharers: dict[str, set[str]] = defaultdict(set)
    for (client, _), own in alarms.items():
        for parent in {y for x in own for y in x.parents}:
            sharers[parent].add(client)
    shared = {parent for parent, some in sharers.items() if len(some) >= SHARED}
    moved = {
        key
        for key in alarms
        if not judge_client_day((x for x in days[key] if x.parent not in shared), scale)
    }
    names = tuple(sorted({client for client, _ in moved}))
    confidence = "high" if len(names) <= max(clients / 2, SHARED) else "low"
    once = []
    for kind in KINDS:
        same = [(key, x) for key in sorted(moved) for x in alarms[key] if x.alarm.kind == kind]
        if same:
            groups = [y for key, x in same for y in days[key] if y.parent in {*x.parents} & shared]
            score, sure = max(x.alarm.score for _, x in same), kind == TUNNEL
            groups.sort(key=lambda x: -x.points)
            alarm = _make_evidence(kind, score, confidence if sure else "low", groups)
            why = f"{alarm.why}; {len(names):,} clients ask in this way"
            once.append(alarm._replace(why=why, clients=names))
    kept = {key: x for key, x in alarms.items() if key not in moved}
    return TunnelVerdicts(kept, once)
