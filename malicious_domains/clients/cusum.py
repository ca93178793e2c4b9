"""Running sums: the stretch of a day that speaks most against its client (Page's CUSUM).

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..features.array_types import Bools, Floats, Ints

_SUFFIX = 0.8  # of a suffix beyond the first
_MOST = 6  # suffixes beyond the first that count


class Interval(NamedTuple):
    """The neighbours of the highest sum: points[start:stop] add up to maximum."""

    maximum: float  # 0 where no point is positive; the stretch is empty then
    start: int
    stop: int


def find_highest_sum(points: Floats) -> Interval:
    """The stretch of neighbours with the highest sum, the first and the shortest of equals.

    points (n,), finite. Adding a positive point anywhere never lowers the maximum.
    """
    if not len(points):
        return Interval(0.0, 0, 0)
    sums = np.concatenate([[0.0], np.cumsum(points)])
    lowest = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - lowest))
    start = int(np.flatnonzero(sums[: stop + 1] == lowest[stop])[-1])
    return Interval(float(sums[stop] - sums[start]), start, stop)


def weigh_names(z: Floats, dead: Bools, suffixes: Ints, coded: bool) -> Floats:
    """What each name (n,) says by how it reads, its answer and its suffixes.

    z: log-odds; one that is not known (NaN) says nothing. dead: does not exist; suffixes: how many
    it was asked for under; coded: whether the log tells response codes. No name says enough by
    itself, dead ones say most, and an ordinary one takes a little back, for busy clients else
    raise every alarm.
    """
    known = ~np.isnan(z)
    odds = np.where(known, z, 0.0)
    points = np.clip(odds - 2.0, -0.25, 2.0 if coded else 3.0)
    if coded:
        points = np.where(dead, np.clip((odds + 1.0) / 1.5, -0.25, 3.0), points)
    found: Floats = np.where(known, points + _suffix_points(odds, suffixes), 0.0)
    return found


def _suffix_points(odds: Floats, suffixes: Ints) -> Floats:
    """Brands stand under many suffixes, but they do not read oddly."""
    more: Floats = np.where(odds >= 0.0, _SUFFIX * np.clip(suffixes - 1, 0, _MOST), 0.0)
    return more


def weigh_lengths(lengths: Ints) -> Floats:
    """What each dead name (n,) says by its length in characters: none by 12, one from 16 on."""
    points: Floats = np.clip((lengths - 12) / 4.0, -1.0, 1.0)
    return points
