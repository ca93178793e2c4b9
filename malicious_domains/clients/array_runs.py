"""Runs of neighbours in an array: where each begins, how long it is, what is highest in it."""

from __future__ import annotations

import numpy as np

from ..features.array_types import Floats, Ints


def find_starts(values: Ints) -> Ints:
    """Where each run of equal values (n,) begins."""
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])


def measure_runs(start: Ints, size: int) -> Ints:
    """How long each of the runs is that begin at start, of an array of a size."""
    return np.diff(np.append(start, size))


def find_peaks(values: Floats, start: Ints) -> Ints:
    """Where in each run, by where they begin, the highest value stands, the first of equals."""
    if not len(start):
        return start
    run = np.repeat(np.arange(len(start)), measure_runs(start, len(values)))
    top = np.flatnonzero(values == np.maximum.reduceat(values, start)[run])
    return top[find_starts(run[top])]
