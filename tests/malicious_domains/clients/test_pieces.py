"""Pieces of labels, how common they are, and how much it says to share them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.clients.fourgrams import Background, find_fourgrams, poisson_surprisal
from malicious_domains.clients.shared_affixes import weigh_affixes
from malicious_domains.clients.shared_substrings import weigh_substrings


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text("ab-1", max_size=9), max_size=8))
def test_each_piece_of_each_label_is_counted_once(labels: list[str]) -> None:
    found = find_fourgrams(labels)
    expected = [(k, i) for k, x in enumerate(labels) for i in range(len(x) - 3)]
    assert list(zip(found.label.tolist(), found.at.tolist(), strict=True)) == expected
    counts = Background.count(labels).counts
    different = [len({x[i : i + 4] for i in range(len(x) - 3)}) for x in labels]
    assert counts.sum() == sum(different)


def test_pieces_do_not_cross_labels() -> None:
    grams = find_fourgrams(["abcdef", "zabcd", "abc"])
    abcd = find_fourgrams(["abcd"]).gram[0]
    assert grams.label[grams.gram == abcd].tolist() == [0, 1]
    assert 2 not in grams.label


def test_the_days_own_labels_do_not_make_their_pieces_common() -> None:
    own = ["wolframia", "wolframio"]
    gram = find_fourgrams(["wolf"]).gram
    log = Background.count([*own, *(f"x{i}" for i in range(4998))])
    share = log.share(gram, np.array([2]), 2)
    assert share.tolist() == [0.5 / 4998]


def test_a_small_log_is_no_proof_that_a_piece_is_rare() -> None:
    assert (
        Background.count(["abcd"]).share(find_fourgrams(["abcd"]).gram, np.array([0]), 0)
        == 1.5 / 2000
    )


def test_surprise_by_hand() -> None:
    found = poisson_surprisal(np.array([4.0, 1.0, 0.0]), np.array([1.0, 2.0, 1.0]))
    assert found.tolist() == pytest.approx([4 * math.log(4) - 3, 0, 0])


def test_nothing_is_shared() -> None:
    log = Background.count(["x"])
    for labels in ([], ["abc"], ["abcd"], ["abcde", "vwxyz"]):
        assert weigh_substrings(labels, log).tolist() == [0.0] * len(labels)
        assert weigh_affixes(labels, log, same_length=False).tolist() == [0.0] * len(labels)


LOG = Background.count([f"ordinary{i}" for i in range(3000)])


def test_an_end_is_shared_by_its_group_alone() -> None:
    labels = [
        "aabiophysic",
        "bbbiophysic",
        "ccbiophysic",
        "ddbiophysic",
        "ordinaryday",
        "biophysic",
    ]
    # Of 6 labels with a chance of 0.5 in 2,994 five have it, or four of one length.
    for alike, count in ((False, 5), (True, 4)):
        points = weigh_affixes(labels, LOG, alike)
        assert (points > 0).tolist() == [True] * 4 + [False, not alike]
        expected = 6 * 0.5 / 2994
        said = count * math.log(count / expected) - count + expected
        assert points.sum() == pytest.approx(said)


def test_an_interest_in_one_thing_is_one_piece() -> None:
    interest = [f"{x}falconry" for x in ("abc", "defg", "hijkl", "mn", "opq", "rstu")]
    points = weigh_substrings([*interest, "lemon"], LOG)
    assert points.sum() == pytest.approx(1.0)
    assert points[-1] == 0


def test_joined_words_are_many_pieces_and_put_together() -> None:
    joined = [
        f"{a}{b}" for a in ("wolfram", "tundra", "quince") for b in ("violin", "flute", "gamba")
    ]
    points = weigh_substrings([*joined, "lemon"], LOG)
    # Six words, each of three names; and each name is made of two.
    assert points.tolist() == pytest.approx([1 + 2 / 3] * 9 + [0])


def test_two_pieces_that_always_go_together_are_one_brand() -> None:
    brand = [f"wolfram{x}violin" for x in ("1", "22", "333")]
    assert weigh_substrings([*brand, "lemon"], LOG).sum() == pytest.approx(1.0)


def test_pieces_that_the_log_has_anyhow_are_none() -> None:
    labels = [f"ordinary{i}" for i in range(6)]
    assert weigh_substrings(labels, LOG).tolist() == [0.0] * 6


WORDS = st.sampled_from(["wolfram", "tundra", "quince", "violin", "flute", "gamba", "x", "1-2"])
LABELS = st.lists(st.lists(WORDS, max_size=3).map("".join), max_size=9, unique=True)


@settings(max_examples=50, deadline=None)
@given(st.lists(LABELS, max_size=5), st.booleans())
def test_many_days_together_say_what_each_says_alone(days: list[list[str]], alike: bool) -> None:
    labels = [x for own in days for x in own]
    number = np.repeat(np.arange(len(days)), [len(own) for own in days])
    together = weigh_substrings(labels, LOG, number).tolist()
    assert together == [x for own in days for x in weigh_substrings(own, LOG).tolist()]
    together = weigh_affixes(labels, LOG, alike, number).tolist()
    assert together == [x for own in days for x in weigh_affixes(own, LOG, alike).tolist()]


def test_labels_can_be_added() -> None:
    both = Background.count(["abcdef", "bcde"])
    added = Background.count(["abcdef"]).add(["bcde"])
    assert (added.labels, added.counts.tolist()) == (both.labels, both.counts.tolist())
