"""The running sum against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_app.chalicelib.traffic.day import Weights
from lambda_app.chalicelib.traffic.sums import (
    Stretch,
    dead_points,
    evidence,
    length_points,
    running_sum,
)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], (0, 0, 0)),
        ([-1, -2], (0, 0, 0)),
        ([3], (3, 0, 1)),
        ([1, -2, 3, -1, 3, -9, 4], (5, 2, 5)),
        ([2, -2, 2, -5, 2], (2, 0, 1)),  # of equals the first and the shortest
        ([-1, 1, -1, 2], (2, 3, 4)),
    ],
)
def test_by_hand(points: list[float], expected: tuple[float, int, int]) -> None:
    assert running_sum(np.array(points, dtype=np.float64)) == Stretch(*expected)


@given(st.lists(st.integers(-5, 5), max_size=12))
def test_no_stretch_has_more(points: list[int]) -> None:
    found = running_sum(np.array(points, dtype=np.float64))
    pairs = [(i, j) for i in range(len(points) + 1) for j in range(i, len(points) + 1)]
    assert found.maximum == max(sum(points[i:j]) for i, j in pairs)
    assert found.maximum == sum(points[found.start : found.stop])


def test_evidence_is_clipped_and_a_score_that_is_missing_says_nothing() -> None:
    z = np.array([-9.0, 0.5, 9.0, np.nan])
    weights = Weights(shift=-1, low=-2, high=3, dead=10, alive=-10)
    found = evidence(z, np.array([True, False, True, False]), weights)
    assert found.tolist() == [8, -10.5, 13, -10]


def test_points_for_the_dead() -> None:
    dead = np.array([True, True, True, True, False])
    lengths = np.array([10, 11, 19, 60, 60])
    assert length_points(lengths, dead, 11).tolist() == [0, 0.5, 1.5, 2, 0]
    z = np.array([-9.0, -4.0, 3.0, np.nan, 9.0])
    assert dead_points(z, dead, -5.0, -1.0).tolist() == [0, 0.25, 1, 0, 0]
