"""The findings of a scan beside what earlier scans of the network found: which are news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..clients.client_day import Alarm
from ..clients.generated_names import KIND
from .alarm_formats import SHARED, name_families
from .findings import Finding, Findings, SharedLabels, StateSummary, find_last
from .state import AlarmState, RaisedAlarm, State
from .terminal import explain_alarm, explain_shared, list_generators

_DAY = 86400


def track_alarms(state: State, findings: Findings) -> Findings:
    """Keep the alarms in the state; return the findings with their ids and states."""
    states: dict[tuple[str, int, str], AlarmState] = {}
    alarms = [(x, alarm) for x in findings.alarmed if x.day is not None for alarm in x.alarms]
    for x, alarm in sorted(alarms, key=lambda pair: pair[0].day or 0):
        raised = _describe(x, alarm)
        states[x.client, raised.day, alarm.kind] = state.raise_alarm(raised)
    alarmed = [
        replace(x, states={y.kind: states[x.client, x.day, y.kind] for y in x.alarms})
        if x.day is not None
        else x
        for x in findings.alarmed
    ]
    shared = findings.shared and _track_shared(state, findings.shared)
    tracked = {*states.values(), *([shared.state] if shared and shared.state else [])}
    return replace(
        findings,
        alarmed=alarmed,
        shared=shared,
        state=StateSummary(**Counter(x.state for x in tracked)),
    )


def _describe(x: Finding, alarm: Alarm) -> RaisedAlarm:
    return RaisedAlarm(
        host=(x.host and x.host.mac) or x.client,
        client=x.client,
        name=x.host.name if x.host else "",
        kind=alarm.kind,
        day=x.day or 0,
        confidence=alarm.confidence,
        score=alarm.score,
        why=explain_alarm(x, alarm),
        generator=list_generators(x) if alarm.kind == KIND else name_families(x, alarm),
        names=tuple(y.name for y in x.list_names(alarm)),
    )


def _track_shared(state: State, x: SharedLabels) -> SharedLabels:
    last = find_last(x.names)
    if not last >= _DAY:  # unknown, or no date
        return x
    names = tuple(y.name for y in x.names)
    alarm = RaisedAlarm(
        "", "", "", SHARED, int(last // _DAY), x.confidence, x.labels, explain_shared(x), "", names
    )
    return x._replace(state=state.raise_alarm(alarm))


def select_news(findings: Findings) -> Findings:
    """Return the findings without those that earlier scans told: one for each alarm."""
    shared = findings.shared
    if shared and shared.state and not shared.state.is_news:
        shared = None
    return replace(findings, alarmed=[*_list_news(findings.alarmed)], shared=shared)


def _list_news(alarmed: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings that are news; of an alarm of several days the surest one."""
    told: set[str] = set()
    for x in alarmed:
        news = {y.id for y in x.states.values() if y.is_news}
        if not x.states or news - told:
            told |= news
            yield x
