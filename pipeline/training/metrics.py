"""Measure a binary classifier: confusion matrix, F1, thresholds, area under the ROC curve.

>>> p, malicious = np.array([0.1, 0.4, 0.6, 0.9]), np.array([False, True, False, True])
>>> confusion(p, malicious, best_f1(p, malicious, p)).f1, area_under_roc(p, malicious)
(0.8, 0.75)
>>> p >= threshold_at(p, malicious, rate=0.5)
array([False,  True,  True,  True])
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from malicious_domains.names.array_types import Bools, Floats


class Confusion(NamedTuple):
    """The confusion matrix: numbers of rows by class and verdict."""

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    @property
    def errors(self) -> int:
        """The number of wrong verdicts."""
        return self.false_positive + self.false_negative

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 without true positives."""
        return 2 * self.true_positive / max(2 * self.true_positive + self.errors, 1)


# From the H2O demo's README: its validation split at its threshold of maximal F1.
ORIGINAL_TABLE = Confusion(15_889, 315, 346, 10_043)
ORIGINAL_THRESHOLD = 0.4935


def confusion(probability: Floats, malicious: Bools, threshold: float) -> Confusion:
    """Return the confusion matrix at a threshold: a verdict is malicious from p = threshold on."""
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
    """Return the candidate threshold of maximal F1; the highest of equal ones, as in H2O."""
    descending = np.sort(candidates)[::-1]
    scores = f1_scores(probability, malicious, descending, weights)
    return float(descending[int(np.argmax(scores))])


def f1_scores(
    probability: Floats, malicious: Bools, thresholds: Floats, weights: Floats | None = None
) -> Floats:
    """Return F1 at each threshold, (thresholds,); weights, (rows,), are those of rows."""
    weights = np.ones(len(probability)) if weights is None else weights
    above = []  # by class, the weight of the rows that reach each threshold
    for rows in (malicious, ~malicious):
        order = np.argsort(probability[rows])
        below = np.append(0.0, np.cumsum(weights[rows][order]))
        at = np.searchsorted(probability[rows][order], thresholds, side="left")
        above.append(below[-1] - below[at])
    hits, alarms = above
    score: Floats = 2 * hits / np.maximum(hits + alarms + weights[malicious].sum(), 1e-300)
    return score


def threshold_at(probability: Floats, malicious: Bools, rate: float) -> float:
    """Return the lowest threshold that flags at most a share `rate` of the legitimate rows."""
    legit = np.sort(probability[~malicious])[::-1]
    allowed = int(rate * len(legit))
    return float(np.nextafter(legit[allowed], 2))


def area_under_roc(probability: Floats, malicious: Bools) -> float:
    """Return the probability that a malicious row scores above a legitimate one; a tie is half.

    It is the Mann-Whitney statistic (Hanley and McNeil, Radiology 143, 1982).
    """
    legit, other = np.sort(probability[~malicious]), probability[malicious]
    below = np.searchsorted(legit, other, side="left")
    upto = np.searchsorted(legit, other, side="right")
    return float((below + upto).mean() / 2 / len(legit))
