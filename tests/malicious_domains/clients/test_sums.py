"""The running sum against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.clients.client_day import ClientDay
from malicious_domains.clients.cusum import Interval, find_highest_sum, weigh_names


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
    assert find_highest_sum(np.array(points, dtype=np.float64)) == Interval(*expected)


@settings(max_examples=40)
@given(st.lists(st.integers(-5, 5), max_size=12))
def test_no_stretch_has_more(points: list[int]) -> None:
    found = find_highest_sum(np.array(points, dtype=np.float64))
    pairs = [(i, j) for i in range(len(points) + 1) for j in range(i, len(points) + 1)]
    assert found.maximum == max(sum(points[i:j]) for i, j in pairs)
    assert found.maximum == sum(points[found.start : found.stop])


def weigh(z: list[float], dead: list[bool], suffixes: list[int], has_rcodes: bool) -> list[float]:
    odds, seen = np.array(z), np.zeros(len(z))
    day = ClientDay(["x"] * len(z), odds, np.array(suffixes), np.array(dead), seen, seen)
    return list(weigh_names(day, has_rcodes))


def test_points_of_a_log_without_codes() -> None:
    """Odd names count up to 1, ordinary ones a little against; an unknown score says nothing."""
    found = weigh([-9.0, 0.9, 4.5, 9.0, np.nan], [False] * 5, [1] * 5, has_rcodes=False)
    assert found == pytest.approx([-0.08, -0.08, 1.0, 1.0, 0.0])


def test_points_of_a_log_with_codes() -> None:
    """Dead names count up to 2.5 and from log-odds of -1 on, those that resolve up to 1.25."""
    dead = [True, True, True, False, False, False]
    found = weigh([-9.0, 0.5, 9.0, -9.0, 2.5, 9.0], dead, [1] * 6, has_rcodes=True)
    assert found == pytest.approx([-0.5, 0.75, 2.5, -0.25, 1.0, 1.25])


def test_suffixes_count_for_labels_that_may_be_odd() -> None:
    """Up to six more if the label is dead, from 0 on; up to two if it resolves, and half."""
    dead = [True, True, True, True, False, False]
    found = weigh([-0.1, 0.0, 0.0, 9.0, 1.9, 9.0], dead, [9, 1, 3, 99, 3, 99], has_rcodes=True)
    expected = [0.45, 0.5, 0.5 + 2 * 0.8, 2.5 + 6 * 0.8, 0.4, 1.25 + 2 * 0.4]
    assert found == pytest.approx(expected)
