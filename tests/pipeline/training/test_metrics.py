from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.training.metrics import area_under_roc, best_f1, confusion, f1_scores, threshold_at

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


WEIGHTED = st.lists(
    st.tuples(st.integers(0, 10), st.booleans(), st.integers(0, 5)), min_size=1, max_size=30
)


def plain_f1(rows: list[tuple[int, bool, int]], threshold: float) -> float:
    found = sum(w for p, bad, w in rows if bad and p / 10 >= threshold)
    wrong = sum(w for p, bad, w in rows if not bad and p / 10 >= threshold)
    missed = sum(w for p, bad, w in rows if bad and p / 10 < threshold)
    return 2 * found / max(2 * found + wrong + missed, 1)


@given(WEIGHTED, st.lists(st.integers(-1, 22), min_size=1, max_size=8))
def test_f1_counts_rows_by_their_weight(
    rows: list[tuple[int, bool, int]], steps: list[int]
) -> None:
    """At thresholds on and between probabilities; a weight of 2 is a row twice."""
    p, bad, weights = (np.array(x) for x in zip(*rows, strict=True))
    thresholds = np.array(steps) / 20
    expected = [plain_f1(rows, t) for t in thresholds]
    assert f1_scores(p / 10, bad, thresholds, weights.astype(float)) == pytest.approx(expected)
    repeated = f1_scores(np.repeat(p, weights) / 10, np.repeat(bad, weights), thresholds)
    assert repeated == pytest.approx(expected)
    unweighted = [plain_f1([(x, b, 1) for x, b, _ in rows], t) for t in thresholds]
    assert f1_scores(p / 10, bad, thresholds) == pytest.approx(unweighted)
    best = best_f1(p / 10, bad, thresholds, weights.astype(float))
    assert best in thresholds
    assert plain_f1(rows, best) == pytest.approx(max(expected))


def test_weights_move_the_threshold() -> None:
    """Legitimate rows that weigh more call for a stricter one."""
    light, heavy = np.where(BAD, 1.0, 0.01), np.where(BAD, 1.0, 100.0)
    candidates = np.array([0.05, 0.4, 0.5, 0.8])
    assert best_f1(P, BAD, candidates, light) == 0.4
    assert best_f1(P, BAD, candidates, heavy) == 0.5
