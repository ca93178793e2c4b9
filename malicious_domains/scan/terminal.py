"""Findings for a person: what speaks against each client, and what became of every line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from ..clients.client_day import Alarm
from ..clients.generated_names import KIND
from .findings import Finding, Findings, QueriedName, Shared

WORST = 10  # names shown on a screen and in a cell
_FEW = 3  # clients; of fewer nobody can say what several of them ask for
_SHOWN = 3  # generators told in a sentence
_LONG = 24  # characters of a name that is shown whole in a sentence

REASONS = {  # what is skipped, by the word that the accounting has for it
    "autodiscovery": "programs looking for wpad, isatap, teredo or autodiscover, in vain",
    "bare": "single labels, as browsers' probes and NetBIOS names are",
    "multicast": "to neighbours: mDNS, LLMNR, NetBIOS (ports 5353, 5355, 137)",
    "no_client": "nobody who asked is told",
    "no_name": "not one name, or none at all",
    "no_tld": "under a top-level domain that does not exist: a search suffix behind a name",
    "not_a_client": "asked by what the list of --not-clients names",
    "placeholder": "placeholders",
    "reverse": "addresses looked up for their names",
    "script": "names in another script than Latin",
    "service": "names of services, such as _ldap",
    "special_use": "names that nobody registers: .local, .corp, .onion and the like",
    "type": "of a type that resolvers and tools ask for",
}


def moment(seconds: float) -> str | None:
    """A time as ISO 8601 in UTC, None if it is not known, or not of the years 1 to 9999."""
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # NaN is a ValueError
        return None
    return found.isoformat(timespec="seconds").replace("+00:00", "Z")


def date(day: int | None) -> str | None:
    """A day since the epoch as YYYY-MM-DD."""
    found = None if day is None else moment(day * 86400)
    return found and found[:10]


# --- why ---


def why(found: Finding) -> str:
    """What speaks against a client, in a line."""
    told = ". ".join(sentence(found, alarm) for alarm in found.alarms)
    if found.family_hint:
        told += f". Family, a hint and no verdict: {found.family_hint}"
    return told or f"no alarm: {found.dead} of {len(found.asked)} new names do not exist"


def sentence(found: Finding, alarm: Alarm) -> str:
    """What an alarm says, with when."""
    names = found.named(alarm)
    return _SENTENCES[alarm.kind](found, names) + _period(names)


def _random(found: Finding, names: list[QueriedName]) -> str:
    odd = max(names, key=lambda x: x.z).name if names else ""
    odd = odd if len(odd) <= _LONG else odd[: _LONG - 1] + "…"
    if found.dead:
        return f"{found.dead} of {len(found.asked)} new names do not exist, read like {odd}"
    return f"{len(names)} of {len(found.asked)} new names read like {odd}"


def _known(found: Finding, names: list[QueriedName]) -> str:
    return f"known generator: {generators(found)}"


def generators(found: Finding) -> str:
    """Whose names a client asked for: "conficker of 2026-11-24, 250 names"; the first _SHOWN."""
    by_names: dict[tuple[int, ...], list[str]] = {}
    for x in found.known.generators if found.known else ():
        by_names.setdefault(x.names, []).append(str(x))
    told = [f"{' and '.join(x)}, {_count(len(names))}" for names, x in by_names.items()]
    more = f"; and {len(told) - _SHOWN:,} other generators" if len(told) > _SHOWN else ""
    return "; ".join(told[:_SHOWN]) + more


def _count(names: int) -> str:
    return f"{names:,} name{'s' * (names != 1)}"


_SENTENCES: dict[str, Callable[[Finding, list[QueriedName]], str]] = {
    KIND: _known,
    "random-looking": _random,
    "same-pieces": lambda _, names: f"{len(names)} names are put together from the same pieces",
    "same-end": lambda _, names: f"{len(names)} names begin or end alike",
    "long-dead": lambda _, names: f"{len(names)} long names do not exist",
    "many-dead": lambda _, names: f"{len(names)} names do not exist",
}


def _period(names: list[QueriedName]) -> str:
    """ "; 26 in 90 s from 03:12 UTC", where times are known."""
    times = sorted(x.first for x in names if moment(x.first))
    if len(times) < 2:
        return ""
    start = datetime.fromtimestamp(times[0], UTC)
    return f"; {len(times)} in {_length(times[-1] - times[0])} from {start:%H:%M} UTC"


def _length(seconds: float) -> str:
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def worst(found: Finding) -> list[str]:
    """The names that speak most against a client; without an alarm those of most points."""
    points: dict[str, float] = {}
    odds: dict[str, float] = {}
    for alarm in found.alarms:
        for x, point in zip(found.named(alarm), alarm.weights, strict=True):
            points[x.name] = max(point, points.get(x.name, point))
            odds[x.name] = x.z if x.z == x.z else 0.0
    if not found.alarms:
        points = {x.name: x.points for x in found.asked if x.points > 0}
        odds = {x.name: x.z for x in found.asked}
    return sorted(points, key=lambda x: (-points[x], -odds[x], x))[:WORST]


# --- a screen ---


def table(findings: Findings) -> Iterator[str]:
    """Lines for a screen: the alarmed clients by score, then what clients share."""
    if findings.alarmed:
        width = max(len(visible(x.client)) for x in findings.alarmed)
        yield f"{'client':<{width}}  {'day':<10}  {'score':>6}  conf.  why\n"
        for x in findings.alarmed:
            head = f"{visible(x.client):<{width}}  {date(x.day) or '-':<10}  {x.score:>6.1f}"
            yield f"{head}  {x.confidence:<5}  {visible(why(x))}\n"
            yield f"{'':<{width}}  {visible(' '.join(worst(x)))}\n"
    if findings.shared:
        yield f"{shared(findings.shared)}\n"
        for name in findings.shared.names[:WORST]:
            yield f"  {name.name}  {name.sharers:,} clients: {_some(name.clients, name.sharers)}\n"


def shared(found: Shared) -> str:
    """What odd labels that clients share may be."""
    return (
        f"{found.labels:,} odd names are asked for by several clients: an outbreak, or an "
        "advertising or content network"
    )


def _some(clients: list[str], count: int) -> str:
    shown = visible(", ".join(clients[:3]))
    return shown + (f" and {count - 3:,} more" if count > 3 else "")


def visible(text: str) -> str:
    """A text of a log, which may hold what a terminal would run."""
    return text if text.isprintable() else repr(text)[1:-1]


# --- what became of every line ---


def accounting(findings: Findings) -> Iterator[str]:
    """What became of every line and file, and what was judged; for stderr."""
    yield added(findings)
    for file, number, problem in findings.broken:
        yield f"{visible(file)}, line {number:,}: {visible(problem)}"
    for file, form in findings.files.forms.items():
        if form == "empty":
            yield f"{visible(file)}: empty"
    for file, problem in findings.files.damaged.items():
        yield f"{visible(file)}: {visible(problem)}"
    for problem in findings.files.left_out.values():
        yield f"left out: {visible(problem)}"
    yield judged(findings)
    if findings.index:
        yield from indexed(findings)
    if findings.known:
        yield known(findings)
    for client, labels in findings.too_busy.items():
        yield too_busy(client, labels)


def added(findings: Findings) -> str:
    """The lines read, and the sum that they are."""
    counts = findings.accounting
    skipped = ", ".join(f"{n:,} {reason}" for reason, n in sorted(counts.skipped.items()))
    return (
        f"{counts.lines:,} lines = {counts.judged:,} queries judged + "
        f"{sum(counts.skipped.values()):,} skipped{f' ({skipped})' if skipped else ''}"
        f" + {counts.other:,} other events + {counts.broken:,} broken"
    )


def judged(findings: Findings) -> str:
    """How many clients and days were judged, and how high their sums are."""
    codes = "with" if findings.coded else "without"
    told = f"{findings.clients:,} clients, {findings.days:,} client-days, {codes} response codes"
    if not findings.days:
        return told
    if findings.clients < _FEW:
        told += ", too few to tell what is usual there"
    return (
        f"{told}; 99.9% of the days' sums are at most {findings.quantile:.1f}, "
        f"and {findings.cut:.1f} is the cut"
    )


def known(findings: Findings) -> str:
    """What a baseline left out."""
    assert findings.known
    labels, first, last = findings.known
    if not findings.dated:
        return "baseline: the log tells no dates, so nothing was looked up or kept"
    if not labels:
        return "baseline: no name was asked for on an earlier day, so all are new"
    seen = f"first on {date(first)}, last on {date(last)}"
    return f"baseline: {labels:,} names were asked for on an earlier day ({seen}) and do not count"


def indexed(findings: Findings) -> Iterator[str]:
    """What an index of known names found, and whether it was made for the days of the log."""
    assert findings.index
    names, first, last, matched, days, outside = findings.index
    yield (
        f"known: {matched:,} of the log's names are among the {names:,} of the index, "
        f"of {first} to {last}"
    )
    if outside:
        count = f"{len(outside):,} of the log's {days:,} days"
        span = f"{outside[0]}" + (f" to {outside[-1]}" if len(outside) > 1 else "")
        yield f"known: the index is out of date: it was not made for {count} ({span})"
    elif not days:
        yield "known: the log tells no dates, so names of any day count"


def too_busy(client: str, labels: int) -> str:
    """Why a client was not judged."""
    return (
        f"{visible(client)}: {labels:,} new names in a day are too many to judge: "
        "a resolver or a crawler (see --not-clients)"
    )
