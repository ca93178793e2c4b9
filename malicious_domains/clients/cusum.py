"""CUSUM: the interval of a day that speaks most for a generator, and the weight of each name.

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from ..names.array_types import Floats, Ints
from .client_day import AlarmThresholds, ClientDay, RuleWeights

_DIGIT = re.compile("[0-9]")
_WIDEST = 2.0  # standard deviation of lengths beyond which names are not less alike
_WITH_DIGITS = 128  # added to the length of a name with digits; above all lengths
_CLEAR = 0.3  # weight from which on a name has a say in how alike names are
_DEFAULT = AlarmThresholds()


class Interval(NamedTuple):
    """Neighbours whose weights have the highest sum: weights[start:stop] add up to maximum."""

    maximum: float  # 0 if no weight is positive; the interval is empty then
    start: int
    stop: int


def find_highest_sum(weights: Floats) -> Interval:
    """Return the interval of highest sum; of equal ones the first, and of these the shortest.

    weights (n,) are finite. Adding a positive weight anywhere never lowers the maximum.

    >>> find_highest_sum(np.array([1.0, -3.0, 2.0, -1.0, 2.0]))
    Interval(maximum=3.0, start=2, stop=5)
    """
    if not len(weights) or weights.max() <= 0.0:
        return Interval(0.0, 0, 0)
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    lowest = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - lowest))
    start = int(np.flatnonzero(sums[: stop + 1] == lowest[stop])[-1])
    return Interval(float(sums[stop] - sums[start]), start, stop)


def weigh_names(day: ClientDay, has_rcodes: bool, rule: RuleWeights = _DEFAULT.near) -> Floats:
    """Return the weight of each name (n,) by its log-odds, its response and its suffixes.

    An unknown log-odds (NaN) weighs nothing, a nonexistent name most, and an ordinary name takes
    a little away, or busy clients would raise every alarm. No name is enough by itself.
    """
    known, nxdomain = ~np.isnan(day.log_odds), day.nxdomain
    odds = np.where(known, day.log_odds, 0.0)
    weights = (rule.resolving if has_rcodes else rule.unanswered).weigh(odds)
    if has_rcodes:
        weights = np.where(nxdomain, rule.nxdomain.weigh(odds), weights)
    # Brands stand under many suffixes too, but do not read as generated.
    missing = np.where(odds >= 0.0, 0.8 * np.clip(day.suffix_counts - 1, 0, 6), 0.0)
    resolves = np.where(odds >= 2.0, 0.4 * np.clip(day.suffix_counts - 1, 0, 2), 0.0)
    weights = weights + np.where(nxdomain, missing, resolves)
    total: Floats = np.where(known, weights, 0.0)
    return total


class LikeNames(NamedTuple):
    """Names in order of first sight that one generator may have made."""

    score: float
    members: Ints  # indices of all names of the interval
    weights: Floats  # of each of these; 0 if it is not like the others


def find_generator(
    day: ClientDay, weights: Floats, thresholds: AlarmThresholds = _DEFAULT
) -> LikeNames:
    """Return the interval of a day that speaks most for one generator.

    weights (n,): of the day's names, sorted by time. A generator makes names with digits, or
    names without: of the names that resolve, those with digits and the others are summed apart.
    Those that come one by one, and are of many lengths, are what advertising rotates.
    """
    resolves = np.flatnonzero((weights > 0.0) & ~day.nxdomain)
    digits = np.array([bool(_DIGIT.search(day.labels[i])) for i in resolves.tolist()], np.bool_)
    mixed = digits.any() and not digits.all()
    others = [resolves[digits], resolves[~digits]] if mixed else [resolves[:0]]
    rests = np.tile(weights, (len(others), 1))
    for rest, without in zip(rests, others, strict=True):
        rest[without] = 0.0
    return max((_find_sequence(day, x, thresholds) for x in rests), key=lambda x: x.score)


def _find_sequence(day: ClientDay, weights: Floats, thresholds: AlarmThresholds) -> LikeNames:
    top = find_highest_sum(weights)
    index = np.arange(top.start, top.stop)
    inside = weights[index]
    resolves = index[(inside > _CLEAR) & ~day.nxdomain[index]]
    unlike = 0.0
    if len(resolves):
        # Median and deviation by hand: NumPy's take longer than all else for a day.
        gaps = np.sort(np.diff(day.first_seen[resolves]))  # NaN, of an unknown time, comes last
        known = len(gaps) > 0 and not np.isnan(gaps[-1])
        gap = (gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]) / 2 if known else np.inf
        slow = min(float(gap) / thresholds.slow, 1.0)
        lengths = np.array([float(len(day.labels[i])) for i in resolves.tolist()])
        squares = np.square(lengths - lengths.sum() / len(lengths))
        deviation = min(float(np.sqrt(squares.sum() / len(lengths))), _WIDEST)
        unlike = min(slow * thresholds.unlike * deviation, float(weights[resolves].sum()))
    return LikeNames(top.maximum - unlike, index, inside)


def find_alike(
    day: ClientDay, weights: Floats, thresholds: AlarmThresholds = _DEFAULT
) -> LikeNames:
    """Return the names of like lengths that speak most for a generator.

    These are one length, two neighbouring ones, or all from thresholds.long on. The names may be
    spread over the whole day: ordinary ones take little away, and those of other lengths nothing.
    Names with digits and the others are summed apart. weights (n,): of the day's names, sorted by
    time.
    """
    at = np.flatnonzero(weights > 0.0)
    if not len(at):
        return LikeNames(0.0, at, weights[:0])
    labels = [day.labels[i] for i in at.tolist()]
    lengths = np.array([len(x) for x in labels], np.int64)
    group = lengths + np.array([_WITH_DIGITS * bool(_DIGIT.search(x)) for x in labels], np.int64)
    sums = np.cumsum(np.bincount(group + 1, weights[at], 2 * _WITH_DIGITS + 1))
    starts, stops, double = _list_lengths(thresholds.long)
    most = sums[stops] - sums[starts] - thresholds.two_lengths * double  # none has a higher sum
    others = np.minimum(weights, 0.0)
    best = LikeNames(0.0, at[:0], weights[:0])
    for i in np.argsort(-most, kind="stable").tolist():
        if most[i] <= best.score:
            break
        summed = others * (1.0 + double[i])
        summed[at] = np.where((group >= starts[i]) & (group < stops[i]), weights[at], 0.0)
        top = find_highest_sum(summed)
        score = top.maximum - thresholds.two_lengths * double[i]
        if score > best.score:
            inside = np.arange(top.start, top.stop)
            best = LikeNames(float(score), inside, summed[inside])
    return best


@cache
def _list_lengths(long: int) -> tuple[Ints, Ints, Floats]:
    """Return where groups of like lengths start and stop, and 1 for those of two lengths, else 0.

    long: the length from which all are alike.
    """
    every, longest = np.arange(2 * _WITH_DIGITS - 1), np.array([_WITH_DIGITS, 2 * _WITH_DIGITS])
    starts = np.concatenate([every, every, long + longest - _WITH_DIGITS])
    stops = np.concatenate([every + 1, every + 2, longest])
    return starts, stops, (stops == starts + 2).astype(np.float64)


def find_same_length(
    labels: Sequence[str], log_odds: Floats, thresholds: AlarmThresholds = _DEFAULT
) -> LikeNames:
    """Return the labels in a row, sorted by time, of which most are of nearly the same length.

    A label weighs 1 if it has no digit and one of some neighbouring lengths, hyphens not counted;
    thresholds.of_two_lengths for one of two lengths, whatever its characters, if its log-odds
    (labels,) are not those of plain words; any other one -thresholds.other_length. Generators make
    such names, of joined words or very short ones; lists of dead links have too many others.

    >>> find_same_length([f"{x}4-x7k" for x in "abcdefghij"], np.full(10, -2.0)).score
    32.5
    """
    if len(labels) * thresholds.of_two_lengths < thresholds.enough_of_length:
        return LikeNames(0.0, np.arange(0), np.zeros(0))
    lengths = np.array([len(x.replace("-", "")) for x in labels])
    joined = np.where([_DIGIT.search(x) is None for x in labels], lengths, 0)
    short = np.where(log_odds >= thresholds.plain_words, lengths, 0)
    near, ratio = thresholds.length_range, thresholds.length_ratio
    best = _find_lengths(joined, near, ratio, 1.0, thresholds)
    two = _find_lengths(short, 2, 0.0, thresholds.of_two_lengths, thresholds)
    return max(best, two, key=lambda x: x.score)


def _find_lengths(
    lengths: Ints, least: int, ratio: float, weight: float, thresholds: AlarmThresholds
) -> LikeNames:
    """Return the labels in a row of which most have one of the best neighbouring lengths.

    These are `least` lengths, or the shortest one times `ratio`; a length of 0 is none.
    """
    starts = np.flatnonzero(np.bincount(lengths)[1:])[:, np.newaxis] + 1
    inside = (lengths >= starts) & (lengths < starts + np.maximum(least, ratio * starts))
    inside = inside[np.count_nonzero(inside, axis=1) * weight >= thresholds.enough_of_length]
    if not len(inside):
        return LikeNames(0.0, np.arange(0), np.zeros(0))
    weights = np.where(inside, weight, -thresholds.other_length)
    sums = np.cumsum(weights, axis=1)
    rises = sums - np.minimum(np.minimum.accumulate(sums, axis=1), 0.0)
    best = weights[rises.max(axis=1).argmax()]
    top = find_highest_sum(best)
    return LikeNames(top.maximum, np.arange(top.start, top.stop), best[top.start : top.stop])
