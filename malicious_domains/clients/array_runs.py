"""Runs of equal neighbours in an array: where each begins, its length, its highest value."""

from __future__ import annotations

import numpy as np

from ..names.array_types import Floats, Ints


def find_starts(values: Ints) -> Ints:
    """Return where each run of equal values (n,) begins.

    >>> find_starts(np.array([7, 7, 3, 7])).tolist()
    [0, 2, 3]
    """
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])


def measure_runs(starts: Ints, size: int) -> Ints:
    """Return the length of each run that begins at starts, in an array of a size.

    >>> measure_runs(np.array([0, 2, 3]), 4).tolist()
    [2, 1, 1]
    """
    return np.diff(np.append(starts, size))


def find_peaks(values: Floats, starts: Ints) -> Ints:
    """Return where the highest value of each run stands, the first of equal ones.

    >>> find_peaks(np.array([1.0, 5.0, 5.0, 2.0]), np.array([0, 3])).tolist()
    [1, 3]
    """
    if not len(starts):
        return starts
    run = np.repeat(np.arange(len(starts)), measure_runs(starts, len(values)))
    top = np.flatnonzero(values == np.maximum.reduceat(values, starts)[run])
    return top[find_starts(run[top])]
