"""The verdict on a client's day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..features.array_types import Floats, Ints
from .client_day import Alarm, AlarmThresholds, ClientDay, KindThresholds, LogContext, sort_by_time
from .cusum import find_highest_sum, weigh_lengths, weigh_names
from .generated_names import KIND
from .shared_affixes import weigh_affixes
from .shared_substrings import weigh_substrings

__all__ = ["Alarm", "AlarmThresholds", "ClientDay", "KindThresholds", "LogContext"]
__all__ += [
    "LabelWeights",
    "judge_day",
    "rank_alarms",
    "score_day",
    "score_ordered_day",
    "select_alarms",
    "weigh_labels",
]
__all__ += ["alarm_strength"]

SURE = ("random-looking", "same-pieces", "same-end")  # kinds of high confidence
_BY_CHANCE = 0.05  # pieces that a label more has in common with others by chance
_DEFAULT = AlarmThresholds()


@dataclass(frozen=True)
class KindScore:
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
        strongest: Ints = kept[np.lexsort((self._index[kept], -self._own[kept]))]
        return strongest


def judge_day(day: ClientDay, log: LogContext, cut: AlarmThresholds = _DEFAULT) -> list[Alarm]:
    """The alarms that a day raises, the surest first; none for an empty day."""
    return select_alarms(score_day(day, log, cut), log, cut)


def select_alarms(
    found: Iterable[KindScore], log: LogContext, cut: AlarmThresholds = _DEFAULT
) -> list[Alarm]:
    """The alarms among a day's scores, the surest first."""
    alarms = [
        Alarm(x.kind, x.score, "high" if x.kind in SURE else "low", x.names, x.points)
        for x in found
        if x.score >= _threshold(x.kind, log, cut)
    ]
    return rank_alarms(alarms, log, cut)


def rank_alarms(
    alarms: Iterable[Alarm], log: LogContext, cut: AlarmThresholds = _DEFAULT
) -> list[Alarm]:
    """Alarms, the surest first."""
    return sorted(
        alarms, key=lambda x: (x.confidence != "high", -alarm_strength(x, log, cut), x.kind)
    )


class LabelWeights(NamedTuple):
    """What each label of a day, or of several, says: (labels,) each."""

    odd: Floats  # what it adds to the running sum of "random-looking"
    pieces: Floats  # as piece_points has it
    dead_pieces: Floats  # the same of the dead labels among themselves
    ends: Floats  # as end_points has it; with response codes of the dead labels


def weigh_labels(day: ClientDay, log: LogContext, number: Ints | None = None) -> LabelWeights:
    """What the labels of a day say, by first sight; or those of several days, one after the other.

    number: which of these days each label is of, from 0. None: all are of one.
    """
    odd = weigh_names(day.log_odds, day.nxdomain, day.suffix_counts, log.has_rcodes)
    pieces = weigh_substrings(day.labels, log.background, number)
    if not log.has_rcodes:
        ends = weigh_affixes(day.labels, log.background, True, number)
        return LabelWeights(odd, pieces, np.zeros(len(odd)), ends)
    some = np.flatnonzero(day.nxdomain)
    labels, days = [day.labels[i] for i in some.tolist()], None if number is None else number[some]
    dead_pieces, ends = np.zeros(len(odd)), np.zeros(len(odd))
    dead_pieces[some] = weigh_substrings(labels, log.background, days)
    ends[some] = weigh_affixes(labels, log.background, False, days)
    return LabelWeights(odd, pieces, dead_pieces, ends)


def score_day(day: ClientDay, log: LogContext, cut: AlarmThresholds = _DEFAULT) -> list[KindScore]:
    """The score of each kind, in a fixed order; those that need response codes only with them."""
    order = sort_by_time(day)
    ordered = day.select(order)
    found = score_ordered_day(ordered, weigh_labels(ordered, log), log, cut)
    return [replace(x, _index=order[x._index]) for x in found]


def score_ordered_day(
    day: ClientDay, own: LabelWeights, log: LogContext, cut: AlarmThresholds = _DEFAULT
) -> list[KindScore]:
    """The same of a day whose labels stand in order, by what they say."""
    every = np.arange(len(day.labels))
    some = np.flatnonzero(day.nxdomain) if log.has_rcodes else every
    found = [_stretch("random-looking", every, own.odd)]
    found.append(_same_pieces(own, every, some, log, cut))
    found.append(_sum("same-end", some, own.ends[some]))
    if log.has_rcodes:
        lengths = np.fromiter((len(day.labels[i]) for i in some.tolist()), np.int64, len(some))
        found.append(_stretch("long-dead", some, weigh_lengths(lengths)))
        found.append(_sum("many-dead", some, np.ones(len(some))))
    return found


def _same_pieces(
    own: LabelWeights, every: Ints, dead: Ints, log: LogContext, cut: AlarmThresholds
) -> KindScore:
    """Of all labels; with response codes of the dead ones, if that says more for its threshold."""
    if not log.has_rcodes:
        return _pieces(every, own.pieces)
    gone = _pieces(dead, own.dead_pieces[dead])
    found = _pieces(every, own.pieces, cut.with_rcodes.same_pieces / cut.without_rcodes.same_pieces)
    return max(gone, found, key=lambda x: x.score)


def _pieces(some: Ints, own: Floats, worth: float = 1.0) -> KindScore:
    score = max(float(own.sum()) - len(some) * _BY_CHANCE, 0.0)
    return KindScore("same-pieces", score * worth, some, own * worth)


def alarm_strength(alarm: Alarm, log: LogContext, cut: AlarmThresholds = _DEFAULT) -> float:
    """An alarm's score as a multiple of its threshold, which makes kinds comparable."""
    if alarm.kind == KIND:
        return alarm.score  # one name is enough
    if alarm.kind == "shared-oddity":
        return alarm.score / cut.min_shared
    return alarm.score / _threshold(alarm.kind, log, cut)


def _threshold(kind: str, log: LogContext, cut: AlarmThresholds) -> float:
    value: float = getattr(cut.thresholds(log.has_rcodes), kind.replace("-", "_"))
    return value


def _stretch(kind: str, index: Ints, in_turn: Floats) -> KindScore:
    """The highest running sum, with the names of its stretch."""
    top = find_highest_sum(in_turn)
    inside = slice(top.start, top.stop)
    return KindScore(kind, top.maximum, index[inside], in_turn[inside])


def _sum(kind: str, index: Ints, own: Floats) -> KindScore:
    return KindScore(kind, float(own.sum()), index, own)
