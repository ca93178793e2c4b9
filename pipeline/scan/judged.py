"""The verdict on clients' days, as columns: what any engine that grouped a log hands out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lambda_app.chalicelib.features.types import Floats
from lambda_app.chalicelib.traffic.day import Alarm, Cut, Day, Log
from lambda_app.chalicelib.traffic.judge import alarms_of, scores, strength
from lambda_app.chalicelib.traffic.sums import odd_points

from . import hint
from .findings import Asked, ClientDay, Speaking
from .grouping import NO_DAY

MOST = 5000  # unfamiliar labels of a day; a client with more is a resolver or a crawler

Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Judged:
    """A client's day, judged: its alarms, the surest first, and its running sum, alarm or not."""

    client: str
    number: int  # of the day, NO_DAY if it is not known
    alarms: tuple[Alarm, ...]
    score: float  # of the surest alarm, as a multiple of its cut
    total: float
    _day: Day
    _points: Floats
    _suffixes: list[str]
    known: Speaking | None = None  # its names of known generators, if they raise an alarm

    def told(self, lines: int, labels: int, dead: int, answers: int) -> ClientDay:
        """All that is to be said of it, with what grouping.DAYS has of it."""
        day = self._day
        columns = (day.z, self._points, day.dead, day.first, day.last)
        names = (f"{x}.{suffix}" for x, suffix in zip(day.labels, self._suffixes, strict=True))
        return ClientDay(
            client=self.client,
            day=None if self.number == NO_DAY else self.number,
            lines=lines,
            labels=labels,
            dead_answers=dead,
            answers=answers,
            asked=tuple(map(Asked, names, *(x.tolist() for x in columns))),
            alarms=self.alarms,
            score=self.score,
            known=self.known,
            family_hint=hint.of_alarms(day.labels, self.alarms, self.known),
        )


def judge_days(columns: Columns, log: Log, cut: Cut) -> Iterator[Judged]:
    """The verdict on each day of grouping.UNFAMILIAR's rows: by client and day, and in each by
    first sight, ties by label; a time that is not known is NaN.
    """
    client, number = columns["client"], columns["day"]
    label, suffix = columns["label"].tolist(), columns["suffix"].tolist()
    first, last = columns["first"].astype(np.float64), columns["last"].astype(np.float64)
    dead, z = columns["dead"].astype(np.bool_), columns["z"].astype(np.float64)
    suffixes = columns["suffixes"].astype(np.int64)
    points = odd_points(z, dead, suffixes, log.coded)
    changes = (client[1:] != client[:-1]) | (number[1:] != number[:-1])
    starts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(label)]
    for start, stop in pairwise(starts):
        if start == stop:  # there is none
            continue
        these = slice(start, stop)
        day = Day(
            labels=label[these],
            z=z[these],
            suffixes=suffixes[these],
            dead=dead[these],
            first=first[these],
            last=last[these],
        )
        found = scores(day, log, cut, points[these])
        alarms = alarms_of(found, log, cut)
        yield Judged(
            client=str(client[start]),
            number=int(number[start]),
            alarms=tuple(alarms),
            score=strength(alarms[0], log, cut) if alarms else 0.0,
            total=next(x.score for x in found if x.kind == "random-looking"),
            _day=day,
            _points=points[these],
            _suffixes=suffix[these],
        )
