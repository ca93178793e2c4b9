"""Counts and rates of a binary classifier."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from malicious_domains.features.array_types import Bools, Floats


class Confusion(NamedTuple):
    """Rows by what they are and what they are called."""

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    @property
    def errors(self) -> int:
        """Rows called what they are not."""
        return self.false_positive + self.false_negative

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing is found."""
        return 2 * self.true_positive / max(2 * self.true_positive + self.errors, 1)


# The original's README: its validation split at its threshold of maximal F1.
ORIGINAL_TABLE = Confusion(
    true_negative=15_889, false_positive=315, false_negative=346, true_positive=10_043
)
ORIGINAL_THRESHOLD = 0.4935


def confusion(probability: Floats, malicious: Bools, threshold: float) -> Confusion:
    """Counts at a threshold; a row is called malicious where p >= threshold."""
    flagged = probability >= threshold
    return Confusion(
        true_negative=int((~flagged & ~malicious).sum()),
        false_positive=int((flagged & ~malicious).sum()),
        false_negative=int((~flagged & malicious).sum()),
        true_positive=int((flagged & malicious).sum()),
    )


def best_f1(
    probability: Floats, malicious: Bools, candidates: Floats, weights: Floats | None = None
) -> float:
    """The candidate threshold of maximal F1; of equals the highest, as H2O takes."""
    descending = np.sort(candidates)[::-1]
    scores = f1(probability, malicious, descending, weights)
    return float(descending[int(np.argmax(scores))])


def f1(
    probability: Floats, malicious: Bools, thresholds: Floats, weights: Floats | None = None
) -> Floats:
    """F1 at each threshold, (thresholds,); weights, (rows,), count rows more or less."""
    weights = np.ones(len(probability)) if weights is None else weights
    found, wrong = (
        _above(probability[rows], weights[rows], thresholds) for rows in (malicious, ~malicious)
    )
    total = weights[malicious].sum()
    score: Floats = 2 * found / np.maximum(found + wrong + total, 1e-300)
    return score


def _above(probability: Floats, weights: Floats, thresholds: Floats) -> Floats:
    order = np.argsort(probability)
    below = np.append(0.0, np.cumsum(weights[order]))
    at = np.searchsorted(probability[order], thresholds, side="left")
    above: Floats = below[-1] - below[at]
    return above


def threshold_at(probability: Floats, malicious: Bools, rate: float) -> float:
    """The lowest threshold that flags at most a share `rate` of the legitimate rows."""
    legit = np.sort(probability[~malicious])[::-1]
    allowed = int(rate * len(legit))
    return float(np.nextafter(legit[allowed], 2))


def area_under_roc(probability: Floats, malicious: Bools) -> float:
    """Probability that a malicious row scores above a legitimate one, ties half.

    The Mann-Whitney statistic (Hanley and McNeil, Radiology 143, 1982).
    """
    legit, other = np.sort(probability[~malicious]), probability[malicious]
    below = np.searchsorted(legit, other, side="left")
    upto = np.searchsorted(legit, other, side="right")
    return float((below + upto).mean() / 2 / len(legit))
