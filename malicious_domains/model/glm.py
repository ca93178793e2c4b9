"""The model's equation: from feature values to contributions to the log-odds.

    ln(P / (1 - P)) = b0 + sum_j f_j(x_j) + sum_(j,k) f_jk(x_j, x_k)

P is the probability of being malicious, b0 the intercept, x_j the features. An artifact has one
of two kinds of terms. `Linear`: f_j(x_j) = b_j x_j, and no pairs. `BinnedAdditive`: the range of
each feature is cut into bins with a coefficient each, f_j(x_j) = b_j[bin(x_j)], and pairs have
one for each two coarse bins: a generalised additive model with pairwise terms (Lou et al., KDD
2013), which is still linear in its coefficients.
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

    from ..names.array_types import Floats, Ints, NDArray

_MANY = 1000  # values from which comparing with each edge is faster than searching


class LinearPredictor(Protocol):
    """Either kind of predictor; with the intercept its contributions sum to the log-odds."""

    features: tuple[str, ...]  # the columns it takes, in order
    terms: tuple[str, ...]  # the contributions it returns, in order

    def contributions(self, columns: Sequence[Floats | Ints]) -> list[Floats]:
        """Return each term's contribution, float64 (labels,), from columns (labels,)."""

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """Return each term's contribution for one label, the same bits as contributions()."""


class Linear:
    """One coefficient for each feature, which is a term.

    >>> Linear({"length": 0.5, "entropy": -1.0}).label_contributions([4, 2.0])
    [2.0, -2.0]
    """

    def __init__(self, coefficients: dict[str, float]) -> None:
        """Take the coefficients by feature, in the order of the columns."""
        self.features = self.terms = tuple(coefficients)
        self._values = list(coefficients.values())

    def contributions(self, columns: Sequence[Floats | Ints]) -> list[Floats]:
        """Return coefficient x value of each feature, float64 (labels,), from columns (labels,)."""
        import numpy as np

        return list(map(np.multiply, self._values, columns))

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """Return coefficient x value of each feature for one label."""
        return list(map(mul, self._values, values))


PAIR_SIGN = " x "  # between the two features in a pair's name


class Pair(NamedTuple):
    """Two features whose coarse bins together have coefficients."""

    first: str
    second: str

    @property
    def name(self) -> str:
        """The name of the pair's term: "length x entropy"."""
        return f"{self.first}{PAIR_SIGN}{self.second}"


class BinnedAdditive:
    """One coefficient for each bin, and one for each two coarse bins of a pair.

    edges[name] are the upper limits of all bins of a feature but the last, ascending; a limit
    belongs to the bin below it. coarse[name], for features in pairs, is the coarse bin of each
    bin.
    """

    def __init__(
        self,
        edges: dict[str, list[float]],
        coarse: dict[str, list[int]],
        pairs: Sequence[Pair],
        coefficients: dict[str, list[float]],
    ) -> None:
        """Take bins, pairs, and coefficients by term: for a feature one for each bin.

        A pair has a square of them, coarse bins of the first feature by those of the second.
        Raises ValueError if the shapes do not fit together.
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
        """Return each term's coefficient of each label's bin, float64 (labels,)."""
        bins = self.bins(columns)
        return [values[at] for values, at in zip(self._arrays.values, bins, strict=True)]

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """Return each term's coefficient of the bin that one label falls into."""
        bins = list(map(bisect_left, self._edges, values))
        paired = {name: self._coarse[name][bins[at]] for name, at in self._paired}
        bins += [paired[one] * self.width + paired[other] for one, other in self.pairs]
        return [values[bin] for values, bin in zip(self._values, bins, strict=True)]

    def bins(self, columns: Sequence[Floats | Ints]) -> list[NDArray[np.intp]]:
        """Return the index of each term's coefficient for each label, intp (labels,)."""
        single = list(map(_bins, self._arrays.edges, columns))
        by_name = dict(zip(self.features, single, strict=True))
        coarse = {name: bins[by_name[name]] for name, bins in self._arrays.coarse.items()}
        for pair in self.pairs:
            single.append(coarse[pair.first] * self.width + coarse[pair.second])
        return single

    @cached_property
    def _arrays(self) -> _Arrays:
        """The same for batches; imports NumPy when the first one comes."""
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
    """The parts of BinnedAdditive as arrays."""

    edges: list[Floats]
    coarse: dict[str, NDArray[np.intp]]
    values: list[Floats]


def _are(kind: type, values: Sequence[object]) -> bool:
    """Return whether all values are of a type; a forger may have put others there."""
    return all(issubclass(other, kind) for other in set(map(type, values)))


def _bins(edges: Floats, column: Floats | Ints) -> NDArray[np.intp]:
    """Return how many edges are below each value, intp (labels,): edges.searchsorted(column).

    A binary search waits for mispredicted branches: for many values it is five times faster to
    compare all of them with each edge.
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

# exp() by additions and multiplications alone: math.exp and NumPy's differ in the last bit (in 2%
# of numbers), and so do processors, but one label and a batch must give the same bits everywhere.
# Cody and Waite, Software Manual for the Elementary Functions, 1980: exp(x) = 2**k exp(r), k next
# to x / ln 2, with ln 2 in two parts so that k times the upper one is exact (fdlibm's e_exp.c); of
# exp(r), |r| < 0.35, the Taylor series to r**13.
_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_SERIES = [1 / factorial(n) for n in range(13, 0, -1)]
_TO_WHOLE = 1.5 * 2.0**52  # added and subtracted again, it rounds to a whole number
_FARTHEST = 700.0  # log-odds; beyond it a probability is 0 or 1 to 300 digits
_BIAS, _EXPONENT = 1023, 52  # of a float64 in memory (IEEE 754)

Number = TypeVar("Number", float, "Floats")


def to_probability(log_odds: float) -> float:
    """Return P = 1 / (1 + exp(-log-odds)): the same bits as to_probabilities().

    >>> to_probability(0.0), round(to_probability(3.0), 4)
    (0.5, 0.9526)
    """
    reduced, power = _exp(min(max(-log_odds, -_FARTHEST), _FARTHEST))
    return 1.0 / (1.0 + ldexp(reduced, int(power)))


def to_probabilities(log_odds: Floats) -> Floats:
    """Return P = 1 / (1 + exp(-log-odds)) of many labels, float64 (labels,) both."""
    import numpy as np

    reduced, power = _exp(np.clip(-log_odds, -_FARTHEST, _FARTHEST))
    reduced *= (power.astype(np.int64) + _BIAS << _EXPONENT).view(np.float64)  # 2**power
    reduced += 1.0
    return np.divide(1.0, reduced, out=reduced)


def _exp(x: Number) -> tuple[Number, Number]:
    """Return exp(x) as a number near 1 and the power of 2 to multiply it by."""
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
