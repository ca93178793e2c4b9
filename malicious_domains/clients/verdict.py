"""The verdict on a client's day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..features.array_types import Floats, Ints
from .client_day import Alarm, Cut, Day, Log, Thresholds, in_order
from .cusum import length_points, odd_points, running_sum
from .generated_names import KIND
from .shared_affixes import end_points
from .shared_substrings import piece_points

__all__ = ["Alarm", "Cut", "Day", "Log", "Thresholds"]
__all__ += ["LabelPoints", "alarms_of", "in_rank", "judge", "label_points", "scores", "scores_of"]
__all__ += ["strength"]

SURE = ("random-looking", "same-pieces", "same-end")  # kinds of high confidence
_BY_CHANCE = 0.05  # pieces that a label more has in common with others by chance
_DEFAULT = Cut()


@dataclass(frozen=True)
class Score:
    """One kind's score of a day, alarm or not."""

    kind: str
    score: float
    _index: Ints
    _own: Floats

    @property
    def names(self) -> tuple[int, ...]:
        """Of the names that add to it the indices, as of Alarm."""
        return tuple(self._index[self._strongest].tolist())

    @property
    def points(self) -> tuple[float, ...]:
        """What these add."""
        return tuple(self._own[self._strongest].tolist())

    @property
    def _strongest(self) -> Ints:
        """Those that add to it by points, equal ones by index. Asked of alarms alone."""
        kept = np.flatnonzero(self._own > 0)
        return kept[np.lexsort((self._index[kept], -self._own[kept]))]


def judge(day: Day, log: Log, cut: Cut = _DEFAULT) -> list[Alarm]:
    """The alarms that a day raises, the surest first; none for an empty day."""
    return alarms_of(scores(day, log, cut), log, cut)


def alarms_of(found: Iterable[Score], log: Log, cut: Cut = _DEFAULT) -> list[Alarm]:
    """The alarms among a day's scores, the surest first."""
    alarms = [
        Alarm(x.kind, x.score, "high" if x.kind in SURE else "low", x.names, x.points)
        for x in found
        if x.score >= _threshold(x.kind, log, cut)
    ]
    return in_rank(alarms, log, cut)


def in_rank(alarms: Iterable[Alarm], log: Log, cut: Cut = _DEFAULT) -> list[Alarm]:
    """Alarms, the surest first."""
    return sorted(alarms, key=lambda x: (x.confidence != "high", -strength(x, log, cut), x.kind))


class LabelPoints(NamedTuple):
    """What each label of a day, or of several, says: (labels,) each."""

    odd: Floats  # what it adds to the running sum of "random-looking"
    pieces: Floats  # as piece_points has it
    dead_pieces: Floats  # the same of the dead labels among themselves
    ends: Floats  # as end_points has it; with response codes of the dead labels


def label_points(day: Day, log: Log, number: Ints | None = None) -> LabelPoints:
    """What the labels of a day say, by first sight; or those of several days, one after the other.

    number: which of these days each label is of, from 0. None: all are of one.
    """
    odd = odd_points(day.z, day.dead, day.suffixes, log.coded)
    pieces = piece_points(day.labels, log.grams, number)
    if not log.coded:
        ends = end_points(day.labels, log.grams, True, number)
        return LabelPoints(odd, pieces, np.zeros(len(odd)), ends)
    some = np.flatnonzero(day.dead)
    labels, days = [day.labels[i] for i in some.tolist()], None if number is None else number[some]
    dead_pieces, ends = np.zeros(len(odd)), np.zeros(len(odd))
    dead_pieces[some] = piece_points(labels, log.grams, days)
    ends[some] = end_points(labels, log.grams, False, days)
    return LabelPoints(odd, pieces, dead_pieces, ends)


def scores(day: Day, log: Log, cut: Cut = _DEFAULT) -> list[Score]:
    """The score of each kind, in a fixed order; those that need response codes only with them."""
    order = in_order(day)
    ordered = day.taken(order)
    found = scores_of(ordered, label_points(ordered, log), log, cut)
    return [replace(x, _index=order[x._index]) for x in found]


def scores_of(day: Day, own: LabelPoints, log: Log, cut: Cut = _DEFAULT) -> list[Score]:
    """The same of a day whose labels stand in order, by what they say."""
    every = np.arange(len(day.labels))
    some = np.flatnonzero(day.dead) if log.coded else every
    found = [_stretch("random-looking", every, own.odd)]
    found.append(_same_pieces(own, every, some, log, cut))
    found.append(_sum("same-end", some, own.ends[some]))
    if log.coded:
        lengths = np.fromiter((len(day.labels[i]) for i in some.tolist()), np.int64, len(some))
        found.append(_stretch("long-dead", some, length_points(lengths)))
        found.append(_sum("many-dead", some, np.ones(len(some))))
    return found


def _same_pieces(own: LabelPoints, every: Ints, dead: Ints, log: Log, cut: Cut) -> Score:
    """Of all labels; with response codes of the dead ones, if that says more for its threshold."""
    if not log.coded:
        return _pieces(every, own.pieces)
    gone = _pieces(dead, own.dead_pieces[dead])
    found = _pieces(every, own.pieces, cut.coded.same_pieces / cut.uncoded.same_pieces)
    return max(gone, found, key=lambda x: x.score)


def _pieces(some: Ints, own: Floats, worth: float = 1.0) -> Score:
    score = max(float(own.sum()) - len(some) * _BY_CHANCE, 0.0)
    return Score("same-pieces", score * worth, some, own * worth)


def strength(alarm: Alarm, log: Log, cut: Cut = _DEFAULT) -> float:
    """An alarm's score as a multiple of its threshold, which makes kinds comparable."""
    if alarm.kind == KIND:
        return alarm.score  # one name is enough
    if alarm.kind == "shared-oddity":
        return alarm.score / cut.shared
    return alarm.score / _threshold(alarm.kind, log, cut)


def _threshold(kind: str, log: Log, cut: Cut) -> float:
    value: float = getattr(cut.thresholds(log.coded), kind.replace("-", "_"))
    return value


def _stretch(kind: str, index: Ints, in_turn: Floats) -> Score:
    """The highest running sum, with the names of its stretch."""
    top = running_sum(in_turn)
    inside = slice(top.start, top.stop)
    return Score(kind, top.maximum, index[inside], in_turn[inside])


def _sum(kind: str, index: Ints, own: Floats) -> Score:
    return Score(kind, float(own.sum()), index, own)
