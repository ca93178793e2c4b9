"""Cutting features into bins, choosing pairs, and bins as text for H2O."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from malicious_domains.features.array_types import Bools, Floats
from malicious_domains.model.glm import Pair

from .config import DEFAULTS, TrainConfig

CELL = 3  # bytes of a bin in a CSV: two digits and what follows


class Plan(NamedTuple):
    """Bins of every feature, and which are paired: the shape of a BinnedAdditive model."""

    edges: dict[str, list[float]]  # of a feature: the upper limits of all bins but the last
    coarse: dict[str, list[int]]  # of a feature that is paired: the coarse bin of each bin
    pairs: list[Pair]
    sizes: dict[str, int]  # levels of every term


def plan(
    names: Sequence[str],
    values: Floats,
    malicious: Bools,
    weights: Floats,
    config: TrainConfig = DEFAULTS,
) -> Plan:
    """Bins of about equal weight; pairs of the features that tell most by themselves.

    values are float64 (rows, names); malicious and weights (rows,).
    """
    edges = {n: _edges(values[:, j], weights, config.bins) for j, n in enumerate(names)}
    bins = [np.searchsorted(edges[n], values[:, j]) for j, n in enumerate(names)]
    tells = [_information(x, malicious, weights) for x in bins]
    strongest = sorted(np.argsort(tells)[::-1][: config.paired_features].tolist())
    coarse = {names[j]: _coarse(bins[j], weights, config.coarse_bins) for j in strongest}
    pairs = [Pair(names[a], names[b]) for a, b in combinations(strongest, 2)]
    width = 1 + max((max(x) for x in coarse.values()), default=0)
    sizes = {name: len(x) + 1 for name, x in edges.items()}
    sizes |= {pair.name: width**2 for pair in pairs}
    return Plan(edges=edges, coarse=coarse, pairs=pairs, sizes=sizes)


def _edges(values: Floats, weights: Floats, count: int) -> list[float]:
    """Quantiles under the weights, without repetition; the highest value is no edge."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    at = np.searchsorted(share, np.arange(1, count) / count)
    found = np.unique(values[order[at.clip(max=len(order) - 1)]])
    return [float(x) for x in found if x < values.max()]


def _information(bins: NDArray[np.intp], malicious: Bools, weights: Floats) -> float:
    """Minus the entropy of the class given the bin, in nats (Shannon 1948)."""
    of_class = [np.bincount(bins, weights * (malicious == c), bins.max() + 1) for c in (0, 1)]
    total = of_class[0] + of_class[1]
    p = np.stack(of_class) / np.maximum(total, 1e-300)
    return float((total * p * np.log(np.maximum(p, 1e-300))).sum() / weights.sum())


def _coarse(bins: NDArray[np.intp], weights: Floats, count: int) -> list[int]:
    """The coarse bin of every bin: about count of equal weight."""
    share = np.bincount(bins, weights) / weights.sum()
    middle = np.cumsum(share) - share / 2
    found: list[int] = (middle * count).astype(int).clip(0, count - 1).tolist()
    return found


def level(index: int) -> str:
    """The name of a bin in H2O."""
    return f"{index:02d}"


def text(bins: NDArray[np.uint8]) -> list[bytes]:
    """The lines of bins, uint8 (rows, names): their names for H2O, a comma after each."""
    cells = _TEXT[bins].view("S1").reshape(len(bins), -1)
    return [row.tobytes() for row in cells]


_TEXT = np.array([f"{level(i)},".encode() for i in range(100)], dtype=f"S{CELL}")
