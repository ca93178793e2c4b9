"""The GLM's linear predictor: from feature values to contributions to the log-odds.

An artifact has one of two kinds. `Linear` multiplies each feature by a
coefficient. `BinnedAdditive` cuts each feature's range into bins, each with a
coefficient of its own, and adds one for each pair of bins that two features of
a pair fall into: a generalised additive model with pairwise terms (Lou et al.,
KDD 2013), which is still linear in its coefficients.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import mul
from typing import NamedTuple, Protocol

import numpy as np

from ..features.types import Floats, Ints, NDArray

_MANY = 1000  # values, from which on comparing is faster than searching


class LinearPredictor(Protocol):
    """What a scorer needs of either kind of predictor.

    With the intercept the contributions of all terms sum to the log-odds.
    """

    features: tuple[str, ...]  # the columns that it takes, in order
    terms: tuple[str, ...]  # the contributions that it gives, in order

    def contributions(self, columns: Sequence[Floats | Ints]) -> list[Floats]:
        """Each term's contribution to the log-odds of many labels, float64 (labels,) each.

        columns: the features' values, (labels,) each.
        """

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """Each term's contribution to the log-odds of one label.

        values: the features' values. The same bits as by contributions().
        """


class Linear:
    """One coefficient a feature; a term is a feature."""

    def __init__(self, coefficients: dict[str, float]) -> None:
        """Take the coefficients by feature, in the order of the columns."""
        self.features = self.terms = tuple(coefficients)
        self._values = list(coefficients.values())

    def contributions(self, columns: Sequence[Floats | Ints]) -> list[Floats]:
        """Coefficient x value of each feature, float64 (labels,) each, from columns (labels,)."""
        return list(map(np.multiply, self._values, columns))

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """Coefficient x value of each feature of one label."""
        return list(map(mul, self._values, values))


class Pair(NamedTuple):
    """Two features whose coarse bins together have coefficients."""

    first: str
    second: str

    @property
    def name(self) -> str:
        """The name of the pair's term, as "length x entropy"."""
        return f"{self.first} x {self.second}"


class BinnedAdditive:
    """One coefficient a bin, and one for each two coarse bins of a pair.

    edges[name] are the upper limits of all bins of a feature but the last,
    ascending, and belong to the bin below them. coarse[name], for features that
    stand in pairs, is the coarse bin of each bin.
    """

    def __init__(
        self,
        edges: dict[str, list[float]],
        coarse: dict[str, list[int]],
        pairs: Sequence[Pair],
        coefficients: dict[str, list[float]],
    ) -> None:
        """Take bins, pairs, and coefficients by term: those of a feature, one a bin.

        Those of a pair are a square of coarse bins, the second feature's next to each
        other. Raises ValueError if the shapes do not fit together.
        """
        self.features = tuple(edges)
        self.pairs = tuple(pairs)
        self.terms = (*self.features, *(pair.name for pair in self.pairs))
        self._edges = [np.array(edges[name], np.float64) for name in self.features]
        self._coarse = {name: np.array(bins, np.intp) for name, bins in coarse.items()}
        self.width = 1 + max((max(bins) for bins in coarse.values()), default=0)
        if set(coefficients) != set(self.terms):
            raise ValueError("the coefficients are not those of the features and pairs")
        self._values = [np.array(coefficients[term], np.float64) for term in self.terms]
        self._check()
        self._paired = [(name, self.features.index(name)) for name in self._coarse]
        self._lists = (
            [edges.tolist() for edges in self._edges],
            {name: bins.tolist() for name, bins in self._coarse.items()},
            [values.tolist() for values in self._values],
        )

    def contributions(self, columns: Sequence[Floats | Ints]) -> list[Floats]:
        """The coefficient of the bin that each label falls into, of each term.

        float64 (labels,) each, from the features' columns, (labels,) each.
        """
        return [values[bins] for values, bins in zip(self._values, self.bins(columns), strict=True)]

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """The coefficient of the bin that one label falls into, of each term."""
        edges, coarse, coefficients = self._lists
        bins = list(map(bisect_left, edges, values))
        paired = {name: coarse[name][bins[at]] for name, at in self._paired}
        bins += [paired[one] * self.width + paired[other] for one, other in self.pairs]
        return [values[bin] for values, bin in zip(coefficients, bins, strict=True)]

    def bins(self, columns: Sequence[Floats | Ints]) -> list[NDArray[np.intp]]:
        """The bin that each label falls into, of each term, intp (labels,) each.

        It is the index of the term's coefficient.
        """
        single = list(map(_bins, self._edges, columns))
        by_name = dict(zip(self.features, single, strict=True))
        coarse = {name: bins[by_name[name]] for name, bins in self._coarse.items()}
        for pair in self.pairs:
            single.append(coarse[pair.first] * self.width + coarse[pair.second])
        return single

    def _check(self) -> None:
        """Raise ValueError if edges, coarse bins and coefficients do not fit together."""
        paired = {name for pair in self.pairs for name in pair}
        if paired != set(self._coarse):
            raise ValueError("coarse bins are not those of the features in pairs")
        if any(edges.ndim != 1 for edges in self._edges):
            raise ValueError("the edges of a feature are no list of numbers")
        for name, edges in zip(self.features, self._edges, strict=True):
            if not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
                raise ValueError(f"the edges of {name} do not ascend")
            bins = self._coarse.get(name, np.zeros(len(edges) + 1, np.intp))
            if len(bins) != len(edges) + 1 or bins.min() < 0:
                raise ValueError(f"the coarse bins of {name} are not one for each bin")
        sizes = [len(edges) + 1 for edges in self._edges]
        sizes += [self.width**2] * len(self.pairs)
        for term, values, size in zip(self.terms, self._values, sizes, strict=True):
            if values.shape != (size,):
                raise ValueError(f"{term} has {values.size} coefficients, not {size}")


def _bins(edges: Floats, column: Floats | Ints) -> NDArray[np.intp]:
    """How many of the edges are below each value, intp (labels,): edges.searchsorted(column).

    A binary search waits for wrongly guessed branches; of many values it is
    five times faster to compare all with each edge.
    """
    if len(column) < _MANY:
        return edges.searchsorted(column)
    values = column.astype(np.float64, copy=False)
    bins = np.zeros(len(values), np.int16)
    for edge in edges:
        bins += values > edge
    return bins.astype(np.intp)
