"""The verdict on a client's day: a score for each kind of alarm, and the alarms it raises."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..names.array_types import Floats, Ints
from .client_day import Alarm, AlarmThresholds, ClientDay, LogContext
from .cusum import find_alike, find_generator, find_highest_sum, find_same_length, weigh_names
from .rates import expect_false_alarms
from .shared_affixes import weigh_affixes
from .shared_substrings import weigh_substrings

_SHARING = ("same-pieces", "same-end")  # kinds of names that share substrings
SAME_LENGTH = "same-length"
SURE = ("random-looking", *_SHARING, SAME_LENGTH)  # kinds of high confidence
_DEFAULT = AlarmThresholds()


@dataclass(frozen=True)
class KindScore:
    """The score of one kind of alarm for a day, whether or not it raises one."""

    kind: str
    score: float
    _index: Ints
    _weights: Floats

    def to_alarm(self, log: LogContext, threshold: float, scale: float = 1.0) -> Alarm:
        """Return the alarm: its names are those of positive weight, by weight, then by index.

        One client, or two, have nobody who makes the names of a popular service common. In a small
        log popular names are rare, and those of many services are of like lengths.
        scale: of the thresholds, as a multiple of the packaged ones.
        """
        kept = np.flatnonzero(self._weights > 0)
        kept = kept[np.lexsort((self._index[kept], -self._weights[kept]))]
        names, weights = self._index[kept].tolist(), self._weights[kept].tolist()
        fewest = _DEFAULT.alone + 1 if self.kind in _SHARING else 0
        if self.kind == SAME_LENGTH and not log.has_rcodes:
            fewest = _DEFAULT.small_log
        confidence = "high" if self.kind in SURE and log.clients >= fewest else "low"
        score = self.score / threshold
        expected = expect_false_alarms(score * scale, confidence, log.has_rcodes)
        return Alarm(self.kind, score, confidence, tuple(names), tuple(weights), expected)


def judge_day(
    day: ClientDay, log: LogContext, thresholds: AlarmThresholds = _DEFAULT
) -> list[Alarm]:
    """Return the alarms that a day raises, by rank; none for an empty day.

    >>> from malicious_domains.clients import fourgrams
    >>> labels = ["xmqjtoevkbhrw", "qpwkzjvtrmxl", "zvkxqjhwtrbn", "wqxzkvjtmplr"]
    >>> odds, seen, yes = np.full(4, 9.0), np.arange(4.0), np.ones(4, np.bool_)
    >>> day = ClientDay(labels, odds, np.ones(4, np.int64), yes, seen, seen)
    >>> log = LogContext(True, fourgrams.Background.count(labels), clients=100)
    >>> [(x.kind, x.confidence, x.names) for x in judge_day(day, log)]
    [('random-looking', 'high', (0, 1, 2, 3))]
    >>> judge_sample(day, log)[0].kind
    'random-looking'
    """
    return select_alarms(score_day(day, log, thresholds), log, thresholds)


def select_alarms(
    scores: Iterable[KindScore], log: LogContext, thresholds: AlarmThresholds = _DEFAULT
) -> list[Alarm]:
    """Return the alarms among a day's scores, by rank."""
    limits = vars(thresholds.thresholds(log.has_rcodes))
    by_threshold = [(x, float(limits[x.kind.replace("-", "_")])) for x in scores]
    high = ((x, least) for x, least in by_threshold if x.score >= least)
    return rank_alarms(x.to_alarm(log, least, thresholds.scale) for x, least in high)


def judge_sample(
    day: ClientDay, log: LogContext, thresholds: AlarmThresholds = _DEFAULT
) -> list[Alarm]:
    """Return the alarms of a day with too many labels, by a uniform sample of them by their hash.

    Resolvers and crawlers have intervals of suspicious names, too. A flood of generated names is
    one as a whole: by the mean weight of its names, or the share that is NXDOMAIN.
    """
    every = np.arange(len(day.labels))
    if not len(every):
        return []
    weights = weigh_names(day, log.has_rcodes, thresholds.near)
    ones = day.nxdomain.astype(np.float64)
    scores = (
        (KindScore("random-looking", float(weights.mean()), every, weights), thresholds.flood),
        (KindScore("many-dead", float(ones.mean()), every, ones), thresholds.flood_missing),
    )
    high = ((x, least) for x, least in scores if x.score >= least)
    return rank_alarms(x.to_alarm(log, least)._replace(expected=None) for x, least in high)


def rank_alarms(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Return alarms sorted: high confidence first, then by score, then by kind."""
    return sorted(alarms, key=lambda x: (x.confidence != "high", -x.score, x.kind))


class LabelWeights(NamedTuple):
    """The weights of the labels of one day or of several, (labels,) each.

    With rcodes a label that resolves has no weight by what it shares.
    """

    suspicious: Floats  # by how each name reads
    alike: Floats  # the same, for names of like lengths
    substrings: Floats  # by substrings shared with others of the day
    affixes: Floats  # by shared affixes


def weigh_labels(
    day: ClientDay,
    log: LogContext,
    number: Ints | None = None,
    thresholds: AlarmThresholds = _DEFAULT,
) -> LabelWeights:
    """Return the weights of a day's labels, sorted by time; or of several days, one by one.

    number: which of these days each label is of, from 0; None if all are of one.
    """
    suspicious = weigh_names(day, log.has_rcodes, thresholds.near)
    substrings, affixes = np.zeros(len(suspicious)), np.zeros(len(suspicious))
    index = np.flatnonzero(day.nxdomain) if log.has_rcodes else np.arange(len(suspicious))
    labels = [day.labels[i] for i in index.tolist()]
    days = None if number is None else number[index]
    substrings[index] = weigh_substrings(labels, log.background, days)
    affixes[index] = weigh_affixes(labels, log.background, not log.has_rcodes, days)
    alike = weigh_names(day, log.has_rcodes, thresholds.alike)
    return LabelWeights(suspicious, alike, substrings, affixes)


def score_day(
    day: ClientDay, log: LogContext, thresholds: AlarmThresholds = _DEFAULT
) -> list[KindScore]:
    """Return the score of each kind, in a fixed order; some kinds need response codes."""
    order: Ints = np.lexsort((np.array(day.labels), day.first_seen))  # NaN sorts last
    ordered = day.select(order)
    scores = score_ordered_day(
        ordered, weigh_labels(ordered, log, None, thresholds), log, thresholds
    )
    return [replace(x, _index=order[x._index]) for x in scores]


def score_ordered_day(
    day: ClientDay, own: LabelWeights, log: LogContext, thresholds: AlarmThresholds = _DEFAULT
) -> list[KindScore]:
    """Return the same for a day that is sorted by time, by the weights of its labels."""
    every = np.arange(len(day.labels))
    index = np.flatnonzero(day.nxdomain) if log.has_rcodes else every
    ordinary = np.count_nonzero(own.suspicious[index] < 0) if log.has_rcodes else 0
    by_chance = thresholds.summed_by_chance(len(every))
    strongest = max(
        find_generator(day, own.suspicious, thresholds),
        find_alike(day, own.alike, thresholds),
        key=lambda x: x.score,
    )
    score = max(float(strongest.score - by_chance - thresholds.dead_link * ordinary), 0.0)
    shared, affixes = own.substrings[index], own.affixes[index]
    free = thresholds.shared_by_chance(len(index), log)
    labels = [day.labels[i] for i in index.tolist()]
    same = find_same_length(labels, day.log_odds[index], thresholds)
    scores = [
        KindScore("random-looking", score, strongest.members, strongest.weights),
        KindScore("same-pieces", max(float(shared.sum()) - free, 0.0), index, shared),
        KindScore("same-end", float(affixes.sum()), index, affixes),
        KindScore(SAME_LENGTH, same.score, index[same.members], same.weights),
    ]
    if log.has_rcodes:
        lengths = np.fromiter(map(len, labels), np.int64, len(labels))
        weights = np.clip((lengths - 12) / 4.0, -1.0, 1.0)
        top = find_highest_sum(weights)
        inside = slice(top.start, top.stop)
        scores.append(KindScore("long-dead", top.maximum, index[inside], weights[inside]))
        scores.append(KindScore("many-dead", float(len(index)), index, np.ones(len(index))))
    return scores
