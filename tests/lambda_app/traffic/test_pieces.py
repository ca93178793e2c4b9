"""Pieces of labels, how common they are, and how much it says to share them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_app.chalicelib.traffic.pieces import (
    Background,
    end_points,
    grams_of,
    piece_points,
    surprise,
)


@given(st.lists(st.text("ab-1", max_size=9), max_size=8))
def test_each_piece_of_each_label_once(labels: list[str]) -> None:
    found = grams_of(labels)
    expected = [len({x[i : i + 4] for i in range(len(x) - 3)}) for x in labels]
    counts = np.bincount(found.label, minlength=len(labels)) if len(labels) else np.array([])
    assert counts.tolist() == expected


def test_pieces_do_not_cross_labels() -> None:
    grams = grams_of(["abcdef", "zabcd", "abc"])
    abcd = grams_of(["abcd"]).gram[0]
    assert grams.label[grams.gram == abcd].tolist() == [0, 1]
    assert 2 not in grams.label


def test_the_days_own_labels_do_not_make_their_pieces_common() -> None:
    own = ["wolframia", "wolframio"]
    gram = grams_of(["wolf"]).gram
    log = Background.of([*own, *(f"x{i}" for i in range(4998))])
    share = log.share(gram, np.array([2]), 2)
    assert share.tolist() == [0.5 / 4998]


def test_a_small_log_is_no_proof_that_a_piece_is_rare() -> None:
    assert Background.of(["abcd"]).share(grams_of(["abcd"]).gram, np.array([0]), 0) == 1.5 / 2000


def test_surprise_by_hand() -> None:
    found = surprise(np.array([4.0, 1.0, 0.0]), np.array([1.0, 2.0, 1.0]))
    assert found.tolist() == pytest.approx([4 * math.log(4) - 3, 0, 0])


def test_nothing_is_shared() -> None:
    log = Background.of(["x"])
    for labels in ([], ["abc"], ["abcd"], ["abcde", "vwxyz"]):
        assert piece_points(labels, log, 2.0).tolist() == [0.0] * len(labels)
        assert end_points(labels, log, 6).tolist() == [0.0] * len(labels)


def test_an_end_is_shared_by_its_group_alone() -> None:
    log = Background.of([f"ordinary{i}" for i in range(3000)])
    labels = [
        "aabiophysic",
        "bbbiophysic",
        "ccbiophysic",
        "ddbiophysic",
        "ordinaryday",
        "biophysic",
    ]
    points = end_points(labels, log, 6)
    assert (points > 0).tolist() == [True] * 4 + [False, True]
    # 4 others have it, where 5 labels are expected to with a chance of 0.5 in 2,994; less ln 6
    expected = 4 * math.log(4 / (5 * 0.5 / 2994)) - 4
    assert points.sum() == pytest.approx(expected + 5 * 0.5 / 2994 - math.log(6))


def test_an_interest_in_one_thing_is_no_generator() -> None:
    log = Background.of([f"ordinary{i}" for i in range(3000)])
    interest = [f"{x}falconry" for x in ("abc", "defg", "hijkl", "mn", "opq", "rstu")]
    assert piece_points([*interest, "lemon"], log, 2.0).tolist() == [0.0] * 7
    joined = [
        f"{a}{b}" for a in ("wolfram", "tundra", "quince") for b in ("oboe", "flute", "gamba")
    ]
    points = piece_points([*joined, "lemon"], log, 2.0)
    assert (points > 0).sum() >= 4  # all but those with the strongest piece
    assert points[-1] == 0


def test_a_piece_by_hand() -> None:
    """abcd is in 3 labels and says most, so that they count nothing; wxyz is in 2 others."""
    log = Background.of([f"ordinary{i}" for i in range(4000)])
    labels = ["abcd", "abcd1", "abcd2", "wxyz", "wxyz3"]
    expected = 4 * 0.5 / 3995
    said = math.log(1 / expected) - 1 + expected
    found = piece_points(labels, log, said - 0.25)
    assert found.tolist() == pytest.approx([0, 0, 0, 0.25 / 8, 0.25 / 8])
    at_most = piece_points(labels, log, 2.0)
    assert at_most.tolist() == pytest.approx([0, 0, 0, 1 / 8, 1 / 8])


def test_labels_can_be_added() -> None:
    both = Background.of(["abcdef", "bcde"])
    added = Background.of(["abcdef"]).plus(["bcde"])
    assert (added.labels, added.counts.tolist()) == (both.labels, both.counts.tolist())
