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
from functools import cached_property
from itertools import pairwise
from math import factorial, isfinite, ldexp
from operator import mul
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy as np

    from ..features.array_types import Floats, Ints, NDArray

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
        import numpy as np

        return list(map(np.multiply, self._values, columns))

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """Coefficient x value of each feature of one label."""
        return list(map(mul, self._values, values))


PAIR_SIGN = " x "  # between the two features in a pair's name


class Pair(NamedTuple):
    """Two features whose coarse bins together have coefficients."""

    first: str
    second: str

    @property
    def name(self) -> str:
        """The name of the pair's term, as "length x entropy"."""
        return f"{self.first}{PAIR_SIGN}{self.second}"


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
        self._edges = list(edges.values())
        self._coarse = coarse
        self.width = 1 + max((max(bins) for bins in coarse.values()), default=0)
        if set(coefficients) != set(self.terms):
            raise ValueError("the coefficients are not those of the features and pairs")
        self._values = [coefficients[term] for term in self.terms]
        self._check()
        self._paired = [(name, self.features.index(name)) for name in self._coarse]

    def contributions(self, columns: Sequence[Floats | Ints]) -> list[Floats]:
        """The coefficient of the bin that each label falls into, of each term.

        float64 (labels,) each, from the features' columns, (labels,) each.
        """
        bins = self.bins(columns)
        return [values[at] for values, at in zip(self._arrays.values, bins, strict=True)]

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """The coefficient of the bin that one label falls into, of each term."""
        bins = list(map(bisect_left, self._edges, values))
        paired = {name: self._coarse[name][bins[at]] for name, at in self._paired}
        bins += [paired[one] * self.width + paired[other] for one, other in self.pairs]
        return [values[bin] for values, bin in zip(self._values, bins, strict=True)]

    def bins(self, columns: Sequence[Floats | Ints]) -> list[NDArray[np.intp]]:
        """The bin that each label falls into, of each term, intp (labels,) each.

        It is the index of the term's coefficient.
        """
        single = list(map(_bins, self._arrays.edges, columns))
        by_name = dict(zip(self.features, single, strict=True))
        coarse = {name: bins[by_name[name]] for name, bins in self._arrays.coarse.items()}
        for pair in self.pairs:
            single.append(coarse[pair.first] * self.width + coarse[pair.second])
        return single

    @cached_property
    def _arrays(self) -> _Arrays:
        """The same for batches; made once, and with it NumPy is imported."""
        import numpy as np

        return _Arrays(
            edges=[np.array(edges, np.float64) for edges in self._edges],
            coarse={name: np.array(bins, np.intp) for name, bins in self._coarse.items()},
            values=[np.array(values, np.float64) for values in self._values],
        )

    def _check(self) -> None:
        """Raise ValueError if edges, coarse bins and coefficients do not fit together."""
        paired = {name for pair in self.pairs for name in pair}
        if paired != set(self._coarse):
            raise ValueError("coarse bins are not those of the features in pairs")
        for name, edges in zip(self.features, self._edges, strict=True):
            if not _are(float, edges):
                raise ValueError(f"the edges of {name} are no list of numbers")
            if not (all(map(isfinite, edges)) and all(x < y for x, y in pairwise(edges))):
                raise ValueError(f"the edges of {name} do not ascend")
            bins = self._coarse.get(name, [0] * (len(edges) + 1))
            if not _are(int, bins) or len(bins) != len(edges) + 1 or min(bins) < 0:
                raise ValueError(f"the coarse bins of {name} are not one for each bin")
        sizes = [len(edges) + 1 for edges in self._edges]
        sizes += [self.width**2] * len(self.pairs)
        for term, values, size in zip(self.terms, self._values, sizes, strict=True):
            if not _are(float, values) or len(values) != size:
                raise ValueError(f"{term} has {len(values)} coefficients, not {size}")


class _Arrays(NamedTuple):
    """What BinnedAdditive has, for batches."""

    edges: list[Floats]
    coarse: dict[str, NDArray[np.intp]]
    values: list[Floats]


def _are(kind: type, values: Sequence[object]) -> bool:
    """Whether all values are of a type; a forger may have put others there."""
    return all(issubclass(found, kind) for found in set(map(type, values)))


def _bins(edges: Floats, column: Floats | Ints) -> NDArray[np.intp]:
    """How many of the edges are below each value, intp (labels,): edges.searchsorted(column).

    A binary search waits for wrongly guessed branches; of many values it is
    five times faster to compare all with each edge.
    """
    import numpy as np

    if len(column) < _MANY:
        return edges.searchsorted(column)
    values = column.astype(np.float64, copy=False)
    bins = np.zeros(len(values), np.int16)
    for edge in edges:
        bins += values > edge
    return bins.astype(np.intp)


# --- from log-odds to probabilities ---

# Cody and Waite, Software Manual for the Elementary Functions, 1980: exp(x) is 2**k exp(r) for
# the whole number k next to x / ln 2. The upper part of ln 2 has so few digits that k times it is
# exact (both parts as in fdlibm's e_exp.c). Of exp(r), |r| < 0.35, the Taylor series to r**13.
_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_SERIES = [1 / factorial(n) for n in range(13, 0, -1)]
_TO_WHOLE = 1.5 * 2.0**52  # added and taken away again: rounds to a whole number
_FARTHEST = 700.0  # log-odds; beyond it a probability is 0 or 1 to 300 digits
_BIAS, _EXPONENT = 1023, 52  # of a float64 in memory (IEEE 754)

Number = TypeVar("Number", float, "Floats")


def to_probability(log_odds: float) -> float:
    """P = 1 / (1 + exp(-log-odds)): the same bits as by probabilities_of().

    It is written in additions and multiplications, which are alike in Python and in NumPy and
    on every processor, as their functions exp() are not.
    """
    reduced, power = _exp(min(max(-log_odds, -_FARTHEST), _FARTHEST))
    return 1.0 / (1.0 + ldexp(reduced, int(power)))


def to_probabilities(log_odds: Floats) -> Floats:
    """P = 1 / (1 + exp(-log-odds)) of many, float64 (labels,) both."""
    import numpy as np

    reduced, power = _exp(np.clip(-log_odds, -_FARTHEST, _FARTHEST))
    reduced *= (power.astype(np.int64) + _BIAS << _EXPONENT).view(np.float64)  # 2**power
    reduced += 1.0
    return np.divide(1.0, reduced, out=reduced)


def _exp(x: Number) -> tuple[Number, Number]:
    """exp(x) as a number near 1 and the power of 2 that it is to be multiplied by."""
    power = x * _LOG2_E + _TO_WHOLE
    power -= _TO_WHOLE
    r = x - power * _LN2_HIGH
    r -= power * _LN2_LOW
    reduced = r * _SERIES[0]
    for coefficient in _SERIES[1:]:
        reduced += coefficient
        reduced *= r
    reduced += 1.0
    return reduced, power
