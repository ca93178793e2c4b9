"""Cut features into bins, and write bins as text for H2O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from malicious_domains.names.array_types import Floats

from .config import DEFAULTS, TrainConfig


def choose_bins(
    names: Sequence[str], values: Floats, weights: Floats, config: TrainConfig = DEFAULTS
) -> dict[str, list[float]]:
    """Choose bins of about equal weight: by name, the upper limits of all bins but the last.

    values are (rows, names), weights (rows,).

    >>> choose_bins(["x"], np.array([[0.0], [1.0], [2.0], [3.0]]), np.ones(4), TrainConfig(bins=2))
    {'x': [1.0]}
    """
    return {n: _choose_edges(values[:, j], weights, config.bins) for j, n in enumerate(names)}


def _choose_edges(values: Floats, weights: Floats, count: int) -> list[float]:
    """Return the upper limits of about `count` bins but the last; heavy values have one alone.

    The others are cut at weighted quantiles, so that a value that most labels share, such as no
    digit, leaves as many bins for the rest.
    """
    different, at = np.unique(values, return_inverse=True)
    if len(different) <= count:
        return [float(x) for x in different[:-1]]
    weight = np.bincount(at, weights)
    heavy = np.flatnonzero(weight >= weights.sum() / count)
    weight[heavy] = 0
    rest, bins = np.cumsum(weight), max(count - len(heavy), 1)
    quantiles = np.searchsorted(rest / rest[-1], np.arange(1, bins) / bins)
    last = np.unique(np.concatenate([quantiles, heavy, heavy - 1]))  # value of each bin, by number
    return [float(x) for x in different[last[(last >= 0) & (last < len(different) - 1)]]]


def level_name(index: int) -> str:
    """Return the name of a bin in H2O.

    >>> level_name(7)
    '07'
    """
    return f"{index:02d}"


def format_bins(bins: NDArray[np.uint8]) -> list[bytes]:
    """Return lines of H2O's names of bins, (rows, names), with commas between.

    >>> format_bins(np.array([[0, 15], [3, 63]], np.uint8))
    [b'00,15', b'03,63']
    """
    cells = _TEXT[bins].view("S1").reshape(len(bins), -1)
    return [row.tobytes()[:-1] for row in cells]


_TEXT = np.array([f"{level_name(i)},".encode() for i in range(100)], dtype="S3")
