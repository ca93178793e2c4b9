from __future__ import annotations

import numpy as np
import pytest

from pipeline.metrics import area_under_roc, best_f1, confusion, threshold_at

P = np.array([0.1, 0.4, 0.4, 0.6, 0.9])
BAD = np.array([False, False, True, True, True])


def test_confusion_counts_from_the_threshold_on() -> None:
    assert confusion(P, BAD, 0.4) == (1, 1, 0, 3)
    assert confusion(P, BAD, 0.41) == (2, 0, 1, 2)
    assert confusion(P, BAD, 0.4).errors == 1
    assert confusion(P, BAD, 0.4).f1 == pytest.approx(6 / 7)
    assert confusion(P, BAD, 1.0).f1 == 0


def test_best_f1_is_the_highest_of_equals() -> None:
    assert best_f1(P, BAD, np.array([0.95, 0.05, 0.4, 0.3])) == 0.4
    assert best_f1(np.array([0.2, 0.8]), np.array([False, True]), np.array([0.3, 0.5, 0.8])) == 0.8


def test_threshold_at_keeps_to_the_rate() -> None:
    p, bad = np.arange(1000) / 1000, np.arange(1000) % 2 == 1
    for rate in (0, 0.01, 0.1):
        counts = confusion(p, bad, threshold_at(p, bad, rate))
        assert counts.false_positive == rate * 500


def test_area_under_roc_is_the_share_of_pairs_in_order() -> None:
    pairs = [(P[i] > P[j]) + (P[i] == P[j]) / 2 for i in (2, 3, 4) for j in (0, 1)]
    assert area_under_roc(P, BAD) == pytest.approx(np.mean(pairs))
