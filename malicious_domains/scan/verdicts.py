"""The verdict on clients' days, as columns: what any engine that grouped a log hands out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..clients.client_day import Alarm, AlarmThresholds, ClientDay, LogContext
from ..clients.verdict import (
    LabelWeights,
    alarm_strength,
    score_ordered_day,
    select_alarms,
    weigh_labels,
)
from ..families.likely_families import LikelyFamilies
from ..features.array_types import Floats
from . import family_hint
from .findings import Finding, GeneratorEvidence, QueriedName
from .grouping import NO_DAY

AT_ONCE = 50_000  # labels judged together, which takes less time than day by day
MOST = 5000  # unfamiliar labels of a day; a client with more is a resolver or a crawler

Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class ClientDayVerdict:
    """A client's day, judged: its alarms, the surest first, and its running sum, alarm or not."""

    client: str
    number: int  # of the day, NO_DAY if it is not known
    alarms: tuple[Alarm, ...]
    score: float  # of the surest alarm, as a multiple of its cut
    total: float
    _day: ClientDay
    _points: Floats
    _suffixes: list[str]
    _hint: LikelyFamilies | None
    known: GeneratorEvidence | None = None  # its names of known generators, if they raise an alarm

    @property
    def confidence(self) -> str:
        """high if any alarm has it, else low."""
        return "high" if any(x.confidence == "high" for x in self.alarms) else "low"

    def told(self, lines: int, labels: int, dead: int, answers: int) -> Finding:
        """All that is to be said of it, with what grouping.DAYS has of it."""
        day = self._day
        columns = (day.log_odds, self._points, day.nxdomain, day.first_seen, day.last_seen)
        names = (f"{x}.{suffix}" for x, suffix in zip(day.labels, self._suffixes, strict=True))
        return Finding(
            client=self.client,
            day=None if self.number == NO_DAY else self.number,
            lines=lines,
            labels=labels,
            dead_answers=dead,
            answers=answers,
            asked=tuple(map(QueriedName, names, *(x.tolist() for x in columns))),
            alarms=self.alarms,
            score=self.score,
            known=self.known,
            family_hint=self._family(),
        )

    def _family(self) -> LikelyFamilies | None:
        known = self.known  # which says more of its names than they themselves
        return family_hint.of_alarms(self._day.labels, self.alarms, known) if known else self._hint


def judge_days(
    columns: Columns, log: LogContext, cut: AlarmThresholds
) -> Iterator[ClientDayVerdict]:
    """The verdict on each day of grouping.UNFAMILIAR's rows: by client and day, and in each by
    first sight, ties by label; a time that is not known is NaN.
    """
    client, number = columns["client"], columns["day"]
    suffix = columns["suffix"].tolist()
    days = ClientDay(
        labels=columns["label"].tolist(),
        log_odds=columns["z"].astype(np.float64),
        suffix_counts=columns["suffixes"].astype(np.int64),
        nxdomain=columns["dead"].astype(np.bool_),
        first_seen=columns["first"].astype(np.float64),
        last_seen=columns["last"].astype(np.float64),
    )
    another = (client[1:] != client[:-1]) | (number[1:] != number[:-1])
    points = weigh_labels(days, log, np.append(0, np.cumsum(another))[: len(client)])
    starts = [0, *(np.flatnonzero(another) + 1).tolist(), len(client)]
    for start, stop in pairwise(starts):
        if start == stop:  # there is none
            continue
        day = days.slice(start, stop)
        own = LabelWeights(*(x[start:stop] for x in points))
        found = score_ordered_day(day, own, log, cut)
        alarms = select_alarms(found, log, cut)
        yield ClientDayVerdict(
            client=str(client[start]),
            number=int(number[start]),
            alarms=tuple(alarms),
            score=alarm_strength(alarms[0], log, cut) if alarms else 0.0,
            total=next(x.score for x in found if x.kind == "random-looking"),
            _day=day,
            _points=own.suspicious,
            _suffixes=suffix[start:stop],
            _hint=family_hint.of_alarms(day.labels, alarms),
        )
