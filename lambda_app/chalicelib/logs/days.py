"""What questions say of each day: its clients' labels, and which of them a list knows."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from malicious_domains.model.eligible import AUTODISCOVERY, is_discovery, skip_reason
from malicious_domains.model.score import Invalid
from malicious_domains.model.scorer import Scorer

from .records import DAY, NXDOMAIN, Asked, Question
from .state import Row, Rows

_KEPT = 2  # days for which a day's state is kept after its end


class Asks(NamedTuple):
    """What some questions of one day say."""

    clients: dict[str, Rows]
    popular: set[str]  # labels that a list knows


def by_day(
    scorer: Scorer, questions: Mapping[Question, Asked], counts: Counter[str]
) -> dict[int, Asks]:
    """Questions by day and client, their names read; lines are counted by reason or "judged"."""
    days: dict[int, Asks] = {}
    read = functools.cache(functools.partial(_read, scorer))
    for question, asked in questions.items():
        if asked.told <= NXDOMAIN and is_discovery(question.name):
            counts[AUTODISCOVERY] += asked.lines
            continue
        name = read(question.name)
        if isinstance(name, str):
            counts[name] += asked.lines
            continue
        label, suffix, popular = name
        counts["judged"] += asked.lines
        day = days.setdefault(question.day, Asks({}, set()))
        if popular:
            day.popular.add(label)
        rows = day.clients.setdefault(question.client, {})
        row = Row(asked.told, asked.first, asked.last, (suffix,))
        rows[label] = rows[label].with_(row) if label in rows else row
    return days


def _read(scorer: Scorer, text: str) -> str | tuple[str, str, bool]:
    """Label, suffix and whether a list knows it, or why a name is not judged, as scan says it."""
    name = scorer.try_parse(text)
    reason = skip_reason(name)
    if reason or isinstance(name, Invalid):
        return reason
    return name.label, name.suffix, bool(scorer.allowed_by(name))


def expires(day: int) -> int:
    """When a day's state is no longer needed, in seconds since the epoch."""
    return (day + 1 + _KEPT) * DAY
