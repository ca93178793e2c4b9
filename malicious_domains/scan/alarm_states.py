"""The findings of a scan beside what earlier scans of the network found: which are news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..clients.client_day import Alarm
from ..clients.generated_names import KIND
from .findings import Finding, Findings, StateSummary
from .siem_formats import name_families
from .state import AlarmState, RaisedAlarm, State
from .terminal import explain_alarm, list_generators

_DAY = 86400


def track_alarms(state: State, findings: Findings) -> Findings:
    """Keep the alarms in the state; return the findings with their ids and states."""
    states: dict[tuple[str, int, str], AlarmState] = {}
    alarms = [(_find_day(x), x, alarm) for x in findings.all for alarm in x.alarms]
    for day, x, alarm in sorted(alarms, key=lambda row: row[0]):
        if day >= 0:
            states[x.client, day, alarm.kind] = state.raise_alarm(_describe(x, alarm, day))
    alarmed, shared = _split(_add_states(x, states) for x in findings.all)
    summary = StateSummary(**Counter(x.state for x in {*states.values()}))
    return replace(findings, alarmed=alarmed, shared=shared, state=summary)


def _find_day(x: Finding) -> int:
    """Return the day of a finding, -1 if it has none; what clients share is of its last day."""
    if x.client:
        return -1 if x.day is None else x.day
    return int(x.last_seen // _DAY) if x.last_seen >= _DAY else -1  # a day of no date is no time


def _add_states(x: Finding, states: dict[tuple[str, int, str], AlarmState]) -> Finding:
    keys = {alarm.kind: (x.client, _find_day(x), alarm.kind) for alarm in x.alarms}
    return replace(x, states={kind: states[key] for kind, key in keys.items() if key in states})


def _describe(x: Finding, alarm: Alarm, day: int) -> RaisedAlarm:
    return RaisedAlarm(
        host=(x.host and x.host.mac) or x.client,
        client=x.client,
        name=x.host.name if x.host else "",
        kind=alarm.kind,
        day=day,
        confidence=alarm.confidence,
        score=alarm.score,
        why=explain_alarm(x, alarm),
        generator=list_generators(x) if alarm.kind == KIND else name_families(x, alarm),
        names=_list_kept_names(x, alarm),
    )


def _list_kept_names(x: Finding, alarm: Alarm) -> tuple[str, ...]:
    """Return an alarm's names; of a tunnel the registrable ones, whose labels were registered."""
    parents = x.evidence[alarm.kind].parents if alarm.kind in x.evidence else ()
    return parents or tuple(y.name for y in x.list_names(alarm))


def select_news(findings: Findings) -> Findings:
    """Return the findings without those that earlier scans reported: one for each alarm."""
    alarmed, shared = _split(_list_news(findings.all))
    return replace(findings, alarmed=alarmed, shared=shared)


def _split(findings: Iterable[Finding]) -> tuple[list[Finding], Finding | None]:
    """Return the findings of clients, and the one of what they share."""
    every = [*findings]
    shared = next((x for x in every if not x.client), None)
    return [x for x in every if x.client], shared


def _list_news(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings that are news; of an alarm of several days the surest one."""
    reported: set[str] = set()
    for x in findings:
        news = {y.id for y in x.states.values() if y.is_news}
        if not x.states or news - reported:
            reported |= news
            yield x
