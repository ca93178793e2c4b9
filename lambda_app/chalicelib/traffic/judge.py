"""The verdict on a client's day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..features.types import Floats, Ints
from .day import Alarm, Cut, Day, Log, Thresholds, in_order
from .pieces import end_points, piece_points
from .sums import length_points, odd_points, running_sum

__all__ = ["Alarm", "Cut", "Day", "Log", "Thresholds"]
__all__ += ["alarms_of", "judge", "points", "scores", "strength"]

SURE = ("random-looking", "same-pieces", "same-end")  # kinds of high confidence
_BY_CHANCE = 0.05  # pieces that a label more has in common with others by chance
_DEFAULT = Cut()


class Score(NamedTuple):
    """One kind's score of a day, alarm or not; names and points as of Alarm."""

    kind: str
    score: float
    names: tuple[int, ...]
    points: tuple[float, ...]


def judge(day: Day, log: Log, cut: Cut = _DEFAULT) -> list[Alarm]:
    """The alarms that a day raises, the surest first; none for an empty day."""
    return alarms_of(scores(day, log, cut), log, cut)


def alarms_of(found: Iterable[Score], log: Log, cut: Cut = _DEFAULT) -> list[Alarm]:
    """The alarms among a day's scores, the surest first."""
    alarms = [
        Alarm(kind, score, "high" if kind in SURE else "low", names, own)
        for kind, score, names, own in found
        if score >= _threshold(kind, log, cut)
    ]
    return sorted(alarms, key=lambda x: (x.confidence != "high", -strength(x, log, cut), x.kind))


def scores(day: Day, log: Log, cut: Cut = _DEFAULT, own: Floats | None = None) -> list[Score]:
    """The score of each kind, in a fixed order; those that need response codes only with them.

    own: points(day, log), where they are known already.
    """
    order = in_order(day)
    own = points(day, log) if own is None else own
    some = order[day.dead[order]] if log.coded else order
    labels = [day.labels[i] for i in some.tolist()]
    found = [_stretch("random-looking", order, own[order])]
    found.append(_same_pieces(day, order, log, cut))
    found.append(_sharers("same-end", some, end_points(labels, log.grams, alike=not log.coded)))
    if log.coded:
        lengths = np.fromiter(map(len, labels), np.int64, len(labels))
        found.append(_stretch("long-dead", some, length_points(lengths)))
        found.append(_sharers("many-dead", some, np.ones(len(labels))))
    return found


def _same_pieces(day: Day, order: Ints, log: Log, cut: Cut) -> Score:
    """Of all labels; with response codes of the dead ones, if that says more for its threshold."""
    every = _pieces(day, order, log)
    if not log.coded:
        return every
    gone = _pieces(day, order[day.dead[order]], log)
    worth = cut.coded.same_pieces / cut.uncoded.same_pieces
    own = tuple(x * worth for x in every.points)
    return max(gone, every._replace(score=every.score * worth, points=own), key=lambda x: x.score)


def _pieces(day: Day, some: Ints, log: Log) -> Score:
    own = piece_points([day.labels[i] for i in some.tolist()], log.grams)
    return _sharers("same-pieces", some, own, len(some) * _BY_CHANCE)


def points(day: Day, log: Log) -> Floats:
    """What each label of a day adds to the running sum of "random-looking", (n,)."""
    return odd_points(day.z, day.dead, day.suffixes, log.coded)


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


def _sharers(kind: str, index: Ints, own: Floats, free: float = 0.0) -> Score:
    """The sum over all names, less what is free, with those that add to it."""
    kept = np.flatnonzero(own > 0)
    if not len(kept):
        return Score(kind, 0.0, (), ())
    return _score(kind, max(float(own.sum()) - free, 0.0), index[kept].tolist(), own[kept].tolist())


def _score(kind: str, score: float, names: Sequence[int], own: Sequence[float]) -> Score:
    strongest = sorted(zip(names, own, strict=True), key=lambda x: (-x[1], x[0]))
    return Score(kind, score, tuple(i for i, _ in strongest), tuple(p for _, p in strongest))
