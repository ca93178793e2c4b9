"""The verdict on a client's day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..features.types import Floats, Ints
from .day import Alarm, Cut, Day, Log, Thresholds, Weights, in_order
from .pieces import end_points, piece_points
from .sums import dead_points, evidence, length_points, running_sum

__all__ = ["Alarm", "Cut", "Day", "Log", "Thresholds", "Weights", "judge", "points", "strength"]

_SURE = ("random-looking", "same-pieces", "same-end")  # kinds that can be of high confidence
_DEFAULT = Cut()


class Score(NamedTuple):
    """One kind's score of a day, alarm or not; names and points as of Alarm."""

    kind: str
    score: float
    names: tuple[int, ...]
    points: tuple[float, ...]


def judge(day: Day, log: Log, cut: Cut = _DEFAULT) -> list[Alarm]:
    """The alarms that a day raises, in the order of their kinds; none for an empty day."""
    found = []
    for kind, score, names, own in scores(day, log, cut):
        threshold = _threshold(kind, log, cut)
        if score >= threshold:
            sure = kind in _SURE and score >= cut.sure * threshold
            found.append(Alarm(kind, score, "high" if sure else "low", names, own))
    return found


def scores(day: Day, log: Log, cut: Cut = _DEFAULT) -> list[Score]:
    """The score of each kind, in a fixed order; those that need response codes only with them."""
    order = in_order(day)
    found = [_stretch("random-looking", order, points(day, log, cut)[order])]
    some = np.flatnonzero(day.dead) if log.coded else order
    labels = [day.labels[i] for i in some.tolist()]
    found.append(_sharers("same-pieces", some, piece_points(labels, log.grams, cut.piece)))
    found.append(_sharers("same-end", some, end_points(labels, log.grams, cut.end)))
    if log.coded:
        lengths = np.fromiter(map(len, day.labels), np.int64, len(day.labels))
        every = np.arange(len(day.labels))
        found.append(_sharers("long-dead", every, length_points(lengths, day.dead, cut.long)))
        odd = dead_points(day.z, day.dead, cut.plain, cut.doubtful)
        found.append(_sharers("many-dead", every, odd))
    return found


def points(day: Day, log: Log, cut: Cut = _DEFAULT) -> Floats:
    """What each label of a day adds to the running sum of "random-looking", (n,)."""
    return evidence(day.z, day.dead, cut.weights(log.coded))


def strength(alarm: Alarm, log: Log, cut: Cut = _DEFAULT) -> float:
    """An alarm's score as a multiple of its threshold, which makes kinds comparable."""
    if alarm.kind == "shared-oddity":
        return alarm.score / cut.shared
    return alarm.score / _threshold(alarm.kind, log, cut)


def _threshold(kind: str, log: Log, cut: Cut) -> float:
    value: float = getattr(cut.thresholds(log.coded), kind.replace("-", "_"))
    return value


def _stretch(kind: str, order: Ints, in_turn: Floats) -> Score:
    """The highest running sum, with the names of its stretch that add to it."""
    top = running_sum(in_turn)
    inside = np.arange(top.start, top.stop)
    inside = inside[in_turn[inside] > 0]
    return _score(kind, top.maximum, order[inside].tolist(), in_turn[inside].tolist())


def _sharers(kind: str, index: Ints, own: Floats) -> Score:
    """The sum over all names, with those that add to it."""
    kept = np.flatnonzero(own > 0)
    return _score(kind, float(own.sum()), index[kept].tolist(), own[kept].tolist())


def _score(kind: str, score: float, names: Sequence[int], own: Sequence[float]) -> Score:
    strongest = sorted(zip(names, own, strict=True), key=lambda x: (-x[1], x[0]))
    return Score(kind, score, tuple(i for i, _ in strongest), tuple(p for _, p in strongest))
