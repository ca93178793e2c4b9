"""Running sums: the stretch of a day that speaks most against its client (Page's CUSUM).

E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..features.types import Bools, Floats, Ints

if TYPE_CHECKING:
    from .day import Weights


class Stretch(NamedTuple):
    """The neighbours of the highest sum: points[start:stop] add up to maximum."""

    maximum: float  # 0 where no point is positive; the stretch is empty then
    start: int
    stop: int


def running_sum(points: Floats) -> Stretch:
    """The stretch of neighbours with the highest sum, the first and the shortest of equals.

    points (n,), finite. Adding a positive point anywhere never lowers the maximum.
    """
    if not len(points):
        return Stretch(0.0, 0, 0)
    sums = np.concatenate([[0.0], np.cumsum(points)])
    lowest = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - lowest))
    start = int(np.flatnonzero(sums[: stop + 1] == lowest[stop])[-1])
    return Stretch(float(sums[stop] - sums[start]), start, stop)


def evidence(z: Floats, dead: Bools, weights: Weights) -> Floats:
    """What each name (n,) says, in nats: its log-odds, shifted and clipped, and its answer.

    z: log-odds; dead: does not exist. A log-odds that is not known (NaN) says nothing.
    """
    odds = np.clip(np.nan_to_num(z + weights.shift, nan=0.0), weights.low, weights.high)
    answer: Floats = np.where(dead, weights.dead, weights.alive)
    return odds + answer


def length_points(lengths: Ints, dead: Bools, long: int) -> Floats:
    """Half a point for a dead name of `long` characters, 1/8 more for each beyond, up to 2.

    lengths and dead (n,). All other names count nothing.
    """
    beyond = (lengths - long) / 8.0
    points: Floats = np.where(dead & (beyond >= 0), np.minimum(0.5 + beyond, 2.0), 0.0)
    return points


def dead_points(z: Floats, dead: Bools, low: float, high: float) -> Floats:
    """For each dead name (n,) 0 to 1 by how it reads: 0 up to log-odds `low`, 1 from `high` on.

    A page of dead links holds ordinary names, which count little. All others, and those whose
    log-odds is not known (NaN), count nothing.
    """
    odd = np.clip((np.nan_to_num(z, nan=low) - low) / (high - low), 0.0, 1.0)
    points: Floats = np.where(dead, odd, 0.0)
    return points
