"""CUSUM: the interval of a day that speaks most for a generator, and the weight of each name.

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..names.array_types import Bools, Floats, Ints
from .client_day import AlarmThresholds

_SUFFIX_WEIGHT = 0.8  # of each suffix beyond the first
_MAX_SUFFIXES = 6  # beyond the first
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
    if not len(weights):
        return Interval(0.0, 0, 0)
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    lowest = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - lowest))
    start = int(np.flatnonzero(sums[: stop + 1] == lowest[stop])[-1])
    return Interval(float(sums[stop] - sums[start]), start, stop)


def weigh_names(
    log_odds: Floats,
    nxdomain: Bools,
    suffix_counts: Ints,
    has_rcodes: bool,
    thresholds: AlarmThresholds = _DEFAULT,
) -> Floats:
    """Return the weight of each name (n,) by its log-odds, its response and its suffixes.

    An unknown log-odds (NaN) weighs nothing, a nonexistent name most, and an ordinary name takes
    a little away, or busy clients would raise every alarm. No name is enough by itself.
    """
    known = ~np.isnan(log_odds)
    odds = np.where(known, log_odds, 0.0)
    weights = (thresholds.resolving if has_rcodes else thresholds.unanswered).weigh(odds)
    if has_rcodes:
        weights = np.where(nxdomain, thresholds.nxdomain.weigh(odds), weights)
    # Brands stand under many suffixes too, but do not read as generated.
    more_suffixes = _SUFFIX_WEIGHT * np.clip(suffix_counts - 1, 0, _MAX_SUFFIXES)
    weights = weights + np.where(odds >= 0.0, more_suffixes, 0.0)
    total: Floats = np.where(known, weights, 0.0)
    return total


def weigh_lengths(lengths: Ints) -> Floats:
    """Return the weight of each nonexistent name (n,) by its length in characters.

    >>> weigh_lengths(np.array([8, 12, 14, 20])).tolist()
    [-1.0, 0.0, 0.5, 1.0]
    """
    weights: Floats = np.clip((lengths - 12) / 4.0, -1.0, 1.0)
    return weights
