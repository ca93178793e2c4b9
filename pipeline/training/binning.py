"""Cut features into bins, choose pairs of features, and write bins as text for H2O."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from malicious_domains.model.glm import Pair
from malicious_domains.names.array_types import Bools, Floats

from .config import DEFAULTS, TrainConfig

CELL = 3  # bytes of a bin in a CSV: two digits and a comma or line feed


class Plan(NamedTuple):
    """The bins of every feature and the pairs: the shape of a BinnedAdditive model."""

    edges: dict[str, list[float]]  # by feature: the upper limits of all bins but the last
    coarse: dict[str, list[int]]  # by paired feature: the coarse bin of each bin
    pairs: list[Pair]
    sizes: dict[str, int]  # number of levels of every term


def plan_bins(
    names: Sequence[str],
    values: Floats,
    malicious: Bools,
    weights: Floats,
    config: TrainConfig = DEFAULTS,
) -> Plan:
    """Choose bins of about equal weight, and pair the features that are most informative alone.

    values are (rows, names); malicious and weights (rows,).

    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> plan = plan_bins(["x"], x, x[:, 0] > 1, np.ones(4), TrainConfig(bins=2))
    >>> plan.edges, plan.sizes
    ({'x': [1.0]}, {'x': 2})
    """
    edges = {n: _choose_edges(values[:, j], weights, config.bins) for j, n in enumerate(names)}
    bins = [np.searchsorted(edges[n], values[:, j]) for j, n in enumerate(names)]
    information = [_measure_information(x, malicious, weights) for x in bins]
    strongest = sorted(np.argsort(information)[::-1][: config.paired_features].tolist())
    coarse = {names[j]: _merge_bins(bins[j], weights, config.coarse_bins) for j in strongest}
    pairs = [Pair(names[a], names[b]) for a, b in combinations(strongest, 2)]
    width = 1 + max((max(x) for x in coarse.values()), default=0)
    sizes = {name: len(x) + 1 for name, x in edges.items()}
    sizes |= {pair.name: width**2 for pair in pairs}
    return Plan(edges=edges, coarse=coarse, pairs=pairs, sizes=sizes)


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


def _measure_information(bins: NDArray[np.intp], malicious: Bools, weights: Floats) -> float:
    """Return minus the entropy of the class given the bin, in nats (Shannon 1948)."""
    by_class = [np.bincount(bins, weights * (malicious == c), bins.max() + 1) for c in (0, 1)]
    total = by_class[0] + by_class[1]
    p = np.stack(by_class) / np.maximum(total, 1e-300)
    return float((total * p * np.log(np.maximum(p, 1e-300))).sum() / weights.sum())


def _merge_bins(bins: NDArray[np.intp], weights: Floats, count: int) -> list[int]:
    """Return the coarse bin of every bin: about `count` coarse bins of equal weight."""
    share = np.bincount(bins, weights) / weights.sum()
    middle = np.cumsum(share) - share / 2
    coarse: list[int] = (middle * count).astype(int).clip(0, count - 1).tolist()
    return coarse


def level_name(index: int) -> str:
    """Return the name of a bin in H2O.

    >>> level_name(7)
    '07'
    """
    return f"{index:02d}"


def format_bins(bins: NDArray[np.uint8]) -> list[bytes]:
    """Return lines of H2O's names of bins, (rows, names), with a comma after each.

    >>> format_bins(np.array([[0, 15], [3, 63]], np.uint8))
    [b'00,15,', b'03,63,']
    """
    cells = _TEXT[bins].view("S1").reshape(len(bins), -1)
    return [row.tobytes() for row in cells]


_TEXT = np.array([f"{level_name(i)},".encode() for i in range(100)], dtype=f"S{CELL}")
