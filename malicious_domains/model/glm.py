"""The model's equation: from feature values to contributions to the log-odds.

    ln(P / (1 - P)) = b0 + sum_j f_j(x_j)

P is the probability of being malicious, b0 the intercept, x_j the features. An artifact has one
of two kinds of terms. `Linear`: f_j(x_j) = b_j x_j. `BinnedAdditive`: the range of each feature is
cut into bins with a coefficient each, f_j(x_j) = b_j[bin(x_j)]: a generalised additive model (Lou
et al., KDD 2012), which is still linear in its coefficients.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from math import factorial, isfinite, ldexp
from operator import mul
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np

    from ..names.array_types import Floats, Ints, NDArray

_MANY = 1000  # values from which comparing with each edge is faster than searching


class Linear:
    """One coefficient for each feature, which is a term.

    >>> Linear({"length": 0.5, "entropy": -1.0}).label_contributions([4, 2.0])
    [2.0, -2.0]
    >>> import numpy as np
    >>> Linear({"length": 0.5, "entropy": -1.0}).contributions(np.array([[4, 6], [2.0, 2.5]]))
    [array([2., 3.]), array([-2. , -2.5])]
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


class BinnedAdditive:
    """One coefficient for each bin of each feature, which is a term.

    >>> BinnedAdditive({"length": [8.0]}, {"length": [-1.0, 2.0]}).label_contributions([8])
    [-1.0]
    """

    def __init__(self, edges: dict[str, list[float]], coefficients: dict[str, list[float]]) -> None:
        """Take the bins of each feature, and coefficients, one for each bin.

        edges[name] are the upper limits of all bins of a feature but the last, ascending; a limit
        belongs to the bin below it. Raises ValueError if the shapes do not fit together.
        """
        self.features = self.terms = tuple(edges)
        if set(coefficients) != set(edges):
            raise ValueError("the coefficients are not those of the features")
        self._edges = list(edges.values())
        self._values = [coefficients[name] for name in edges]
        for parts in zip(edges, self._edges, self._values, strict=True):
            _check_bins(*parts)

    def contributions(self, columns: Sequence[Floats | Ints]) -> list[Floats]:
        """Return each term's coefficient of each label's bin, float64 (labels,)."""
        bins = self.bins(columns)
        return [values[at] for values, at in zip(self._arrays[1], bins, strict=True)]

    def label_contributions(self, values: Sequence[float]) -> list[float]:
        """Return each term's coefficient of the bin that one label falls into."""
        bins = map(bisect_left, self._edges, values)
        return [values[bin] for values, bin in zip(self._values, bins, strict=True)]

    def bins(self, columns: Sequence[Floats | Ints]) -> list[NDArray[np.intp]]:
        """Return the index of each term's coefficient for each label, intp (labels,)."""
        return list(map(_bins, self._arrays[0], columns))

    @cached_property
    def _arrays(self) -> tuple[list[Floats], list[Floats]]:
        """Edges and coefficients for batches; imports NumPy when the first one comes."""
        import numpy as np

        edges = [np.array(edges, np.float64) for edges in self._edges]
        return edges, [np.array(values, np.float64) for values in self._values]


LinearPredictor = Linear | BinnedAdditive  # with the intercept contributions sum to the log-odds


def _check_bins(name: str, edges: list[float], values: list[float]) -> None:
    """Raise ValueError if the edges and coefficients of a feature do not fit together."""
    if not _are_numbers(edges):
        raise ValueError(f"the edges of {name} are no list of numbers")
    if not (all(map(isfinite, edges)) and all(x < y for x, y in pairwise(edges))):
        raise ValueError(f"the edges of {name} do not ascend")
    if not _are_numbers(values) or len(values) != len(edges) + 1:
        raise ValueError(f"{name} has {len(values)} coefficients, not {len(edges) + 1}")


def _are_numbers(values: Sequence[object]) -> bool:
    """Return whether all values are floats; a forger may have put others there."""
    return all(issubclass(kind, float) for kind in set(map(type, values)))


def _bins(edges: Floats, column: Floats | Ints) -> NDArray[np.intp]:
    """Return how many edges are below each value, intp (labels,): edges.searchsorted(column).

    For many values, comparing all with each edge is five times faster than a binary search.
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
    """Return P = 1 / (1 + exp(-log-odds)) of many labels, float64 (labels,) both.

    >>> import numpy as np
    >>> to_probabilities(np.array([0.0, 800.0])).tolist()
    [0.5, 1.0]
    """
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
