"""Findings for a person: the evidence against each client, and what became of every line."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain

from ..clients.client_day import OUTBREAK, SHARED, Alarm, QueriedName
from ..clients.finding_json import format_date, has_date
from ..clients.generated_names import KIND
from ..clients.tunnels import MANY_BELOW, TUNNEL
from .completeness import list_sources
from .findings import Finding, Findings, StateSummary
from .hosts import Host

MAX_NAMES = 10  # of a client, on a screen and in a cell
_MIN_CLIENTS = 3  # below, nobody can say what is common
_MAX_GENERATORS = 3  # in a sentence
_MAX_CLIENTS = 3  # of an outbreak, in a sentence
_BURST = 600.0  # seconds within which queries are a burst

REASONS = {  # why queries are skipped
    "autodiscovery": "programs looking for wpad, isatap, teredo or autodiscover, in vain",
    "bare": "single labels, as browsers' probes and NetBIOS names are",
    "earlier": "of days before --since",
    "multicast": "to neighbours: mDNS, LLMNR, NetBIOS (ports 5353, 5355, 137)",
    "no_client": "without a client",
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


# --- the evidence against a client ---


def explain_finding(finding: Finding) -> str:
    """Return the evidence against a client, in a line: a clause for each alarm."""
    clauses = [text for _, text in list_clauses(finding)]
    if finding.families:
        clauses.append(describe_families(finding))
    missing, rare = finding.nxdomain_names, len(finding.rare_names)
    return " · ".join(clauses) or f"no alarm: {missing} of {rare} rare names are NXDOMAIN"


def list_clauses(finding: Finding) -> list[tuple[str, str]]:
    """Return each alarm's kind and clause, the surest first, which alone says when."""
    return [(x.kind, explain_alarm(finding, x, not at)) for at, x in enumerate(finding.alarms)]


def explain_alarm(finding: Finding, alarm: Alarm, says_when: bool = True) -> str:
    """Return what an alarm says, and when: "… · burst: 34 in 99 s from 03:12 UTC"."""
    names = finding.list_names(alarm)
    has_period = says_when and alarm.kind not in (SHARED, TUNNEL, MANY_BELOW)
    period = _format_period(names) if has_period else ""
    return " · ".join(filter(None, [_CLAUSES[alarm.kind](finding, names), period]))


def describe_families(finding: Finding) -> str:
    """Return the likely families of a client's names."""
    return f"Family, a hint and no verdict: {finding.families}"


def _explain_random(finding: Finding, names: list[QueriedName]) -> str:
    rare, missing = len(finding.rare_names), sum(x.nxdomain for x in names)
    if missing == len(names) > 0:
        return f"{missing} of {rare} rare names are NXDOMAIN and look random"
    more = f", {missing} of these are NXDOMAIN" if missing else ""
    return f"{len(names)} of {rare} rare names look random{more}"


def list_generators(finding: Finding) -> str:
    """Return the first generators of a client's names: "conficker of 2026-11-24, 250 names"."""
    by_names: dict[tuple[int, ...], list[str]] = {}
    for x in finding.generators:
        by_names.setdefault(x.names, []).append(str(x))
    texts = [
        f"{' and '.join(x)}, {len(names):,} name{'s' * (len(names) != 1)}"
        for names, x in by_names.items()
    ]
    rest = len(texts) - _MAX_GENERATORS
    more = f"; and {rest:,} other generators" if rest > 0 else ""
    return "; ".join(texts[:_MAX_GENERATORS]) + more


def _explain_outbreak(finding: Finding, names: list[QueriedName]) -> str:
    clients = finding.evidence[OUTBREAK].clients  # with this one
    others = [x for x in clients[: _MAX_CLIENTS + 1] if x != finding.client][:_MAX_CLIENTS]
    rest = len(clients) - 1 - len(others)
    some, more = ", ".join(others), f" and {rest:,} more" if rest else ""
    return f"{len(names)} suspicious names that other clients ask for, too ({some}{more})"


_CLAUSES: dict[str, Callable[[Finding, list[QueriedName]], str]] = {
    TUNNEL: lambda finding, _: finding.evidence[TUNNEL].why,
    MANY_BELOW: lambda finding, _: finding.evidence[MANY_BELOW].why,
    KIND: lambda finding, _: f"known generator: {list_generators(finding)}",
    OUTBREAK: _explain_outbreak,
    SHARED: lambda finding, _: (
        f"{finding.labels:,} suspicious names are asked for by several clients: an outbreak, or an "
        "advertising or content network"
    ),
    "random-looking": _explain_random,
    "same-pieces": lambda _, names: f"{len(names)} names are made of the same pieces",
    "same-end": lambda _, names: f"{len(names)} names begin or end alike",
    "same-length": lambda _, names: f"{len(names)} names have nearly the same length",
    "long-dead": lambda _, names: f"{len(names)} long names are NXDOMAIN",
    "many-dead": lambda _, names: f"{len(names)} names are NXDOMAIN",
}


def _format_period(names: list[QueriedName]) -> str:
    """Return a text such as "burst: 26 in 90 s from 03:12 UTC", if times are known."""
    times = sorted(x.first_seen for x in names if has_date(x.first_seen))
    if len(times) < 2:
        return ""
    start, span = datetime.fromtimestamp(times[0], UTC), times[-1] - times[0]
    burst = "burst: " if span < _BURST else ""
    return f"{burst}{len(times)} in {_format_span(span)} from {start:%H:%M} UTC"


def _format_span(seconds: float) -> str:
    if seconds < _BURST:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def list_strongest(finding: Finding) -> list[str]:
    """Return the names of the most weight in alarms; without an alarm, in the running sum."""
    weighed: Iterable[tuple[QueriedName, float]] = chain.from_iterable(
        zip(finding.list_names(x), x.weights, strict=True) for x in finding.alarms
    )
    if not finding.alarms:
        weighed = ((x, x.weight) for x in finding.rare_names if x.weight > 0)
    ranks: dict[str, tuple[float, float, str]] = {}
    for x, weight in weighed:
        rank = -weight, -x.log_odds if x.log_odds == x.log_odds else 0.0, x.name
        ranks[x.name] = min(rank, ranks.get(x.name, rank))
    return [name for *_, name in heapq.nsmallest(MAX_NAMES, ranks.values())]


# --- a screen ---


def format_table(findings: Findings) -> Iterator[str]:
    """Yield lines for a screen: the alarmed clients by score, then what clients share."""
    if findings.alarmed:
        width = max(len(visible(x.client)) for x in findings.alarmed)
        yield f"{'client':<{width}}  {'day':<10}  {'score':>6}  conf.  false  why\n"
        for x in findings.alarmed:
            head = f"{visible(x.client):<{width}}  {format_date(x.day) or '-':<10}  {x.score:>6.1f}"
            confidence = f"{x.confidence:<5}  {format_expected(x):>5}"
            yield f"{head}  {confidence}  {visible(explain_finding(x))}\n"
            yield f"{'':<{width}}  {visible(' '.join(list_strongest(x)))}\n"
            if x.host:
                yield f"{'':<{width}}  host {visible(format_host(x.client, x.host))}\n"
            if x.states:
                alarms = ", ".join(f"{y.id} ({kind}, {y.state})" for kind, y in x.states.items())
                yield f"{'':<{width}}  alarms {alarms}\n"
    if findings.shared:
        yield f"{explain_finding(findings.shared)}\n"
        for own in findings.shared.evidence.values():
            for name in own.names[:MAX_NAMES]:
                count = max(name.client_count, len(own.clients))
                some = visible(", ".join((name.clients or own.clients)[:3]))
                more = f" and {count - 3:,} more" if count > 3 else ""
                yield f"  {visible(name.name)}  {count:,} clients: {some}{more}\n"


def format_expected(x: Finding) -> str:
    """Return the expected number of such alarms in 1,000 clean client-days, "-" if not studied."""
    expected = x.alarms[0].expected if x.alarms else None
    return "-" if expected is None else f"{expected:.2g}"


def format_host(client: str, host: Host) -> str:
    """Return what is known of a client beside its name.

    >>> format_host("192.0.2.1", Host("00:1b:2c:3d:4e:5f", "laptop", ("192.0.2.1", "2001:db8::1")))
    'laptop, 00:1b:2c:3d:4e:5f, 2001:db8::1'
    """
    others = (x for x in host.addresses if x != client)
    return ", ".join(filter(None, [host.name, host.mac, *others]))


def visible(text: str) -> str:
    r"""Return a text of a log without what a terminal would run.

    >>> visible("a\x1b[2J")
    'a\\x1b[2J'
    """
    return text if text.isprintable() else repr(text)[1:-1]


# --- what became of every line ---


def summarize(findings: Findings) -> Iterator[str]:
    """Yield what became of every line and file, and what was judged; for stderr."""
    yield from map(visible, list_sources(findings))
    yield summarize_lines(findings)
    for file, number, problem in findings.broken_lines:
        yield f"{visible(file)}, line {number:,}: {visible(problem)}"
    for file, form in findings.files.forms.items():
        if form == "empty":
            yield f"{visible(file)}: empty"
    for file, problem in findings.files.damaged.items():
        yield f"{visible(file)}: {visible(problem)}"
    for problem in findings.files.left_out.values():
        yield f"left out: {visible(problem)}"
    if findings.since is not None:
        yield f"since {format_date(findings.since)}: earlier days were not judged"
    yield from _summarize_unread(findings)
    yield summarize_days(findings)
    if findings.index:
        yield from summarize_index(findings)
    if findings.baseline:
        yield summarize_baseline(findings)
    if findings.state:
        yield summarize_state(findings.state)
    for entry in findings.unmatched:
        yield f"--not-clients: {visible(entry)} is no client of the log"
    for client, labels in findings.busy_clients.items():
        yield explain_busy(client, labels)


def _summarize_unread(findings: Findings) -> Iterator[str]:
    """Yield what times and response codes could not be read, and the zone if it is not UTC."""
    count, example = findings.unread_times
    if count:
        yield f"{count:,} times cannot be read and have no day, such as {example[:80]!r}"
    if findings.unknown_rcodes:
        codes = ", ".join(repr(x[:40]) for x in findings.unknown_rcodes)
        yield f"unknown response codes, which count as none: {codes}"
    if findings.zone != "UTC":
        yield (
            f"days, and times without a zone, are of {findings.zone}; another by --timezone ZONE"
        )


def summarize_lines(findings: Findings) -> str:
    """Return the number of lines read, as a sum."""
    counts = findings.line_counts
    skipped = ", ".join(f"{n:,} {reason}" for reason, n in sorted(counts.skipped.items()))
    return (
        f"{counts.lines:,} lines = {counts.scored:,} queries judged + "
        f"{sum(counts.skipped.values()):,} skipped{f' ({skipped})' if skipped else ''}"
        f" + {counts.other:,} other events + {counts.broken:,} broken"
        + (f" + {counts.blank:,} blank" if counts.blank else "")
    )


def summarize_days(findings: Findings) -> str:
    """Return how many clients and days were judged, and how high their sums are."""
    codes = "with" if findings.has_rcodes else "without"
    text = f"{findings.clients:,} clients, {findings.days:,} client-days, {codes} response codes"
    if not findings.days:
        return text
    if findings.clients < _MIN_CLIENTS:
        text += ", too few to tell what is usual there"
    return (
        f"{text}; 99.9% of the days' sums are at most {findings.quantile:.1f}, "
        f"and {findings.threshold:g} is the threshold"
    )


def summarize_baseline(findings: Findings) -> str:
    """Return what a baseline left out."""
    assert findings.baseline
    labels, first, last = findings.baseline
    if not findings.days:
        return "baseline: no day was judged, so nothing was looked up or kept"
    if not findings.has_dates:
        return "baseline: the log tells no dates, so nothing was looked up or kept"
    if not labels:
        return "baseline: no name was asked for on an earlier day, so all are new"
    seen = f"first on {format_date(first)}, last on {format_date(last)}"
    return f"baseline: {labels:,} names were asked for on an earlier day ({seen}) and do not count"


def summarize_state(state: StateSummary) -> str:
    """Return how many alarms are in which state."""
    counts = ", ".join(f"{count:,} {name}" for name, count in state._asdict().items())
    return f"state: alarms: {counts}"


def summarize_index(findings: Findings) -> Iterator[str]:
    """Yield what an index matched, and whether it was made for the days of the log."""
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


def explain_busy(client: str, labels: int) -> str:
    """Return why a sample of a client's day was judged."""
    return (
        f"{visible(client)}: {labels:,} rare names in a day were judged by a sample: it is a "
        "resolver or a crawler (see --not-clients), unless there is an alarm"
    )
