from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.features.language_tables import CharacterModel, Tables
from malicious_domains.features.registry import REGISTRY, compute_matrix
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.array_types import Bytes
from malicious_domains.names.encoding import ALPHABET, SYMBOLS, encode_labels
from malicious_domains.names.npy import Numbers
from tests.helpers import reference

LABELS = st.text(ALPHABET, max_size=63) | st.text(ALPHABET + "._éß\n", max_size=20)
_DRAW = np.random.default_rng(3)
TRIGRAMS, ABOVE = (_DRAW.integers(256, size=SYMBOLS**n).astype(np.uint8) for n in (3, 4))
RANDOM = CharacterModel(TRIGRAMS, ABOVE)


def after_two(trigrams: Numbers, label: str) -> list[int]:
    return [int(trigrams[reference.index(x)]) for x in reference.grams(label, 3)]


def after_three(trigrams: Numbers, above: Numbers, label: str) -> list[int]:
    return [
        (int(above[reference.index(x)]) + int(trigrams[reference.index(x[1:])])) % 256
        for x in reference.grams(label, 4)
    ]


@pytest.fixture(scope="module")
def trained(language: Scorer) -> CharacterModel:
    """Return the deployed table."""
    assert language.artifact.tables.characters is not None
    return language.artifact.tables.characters


@settings(max_examples=40)
@given(label=LABELS)
def test_each_character_and_the_end_are_looked_up_after_what_precedes(label: str) -> None:
    three, four = RANDOM.arrays.costs(encode_labels([label]))
    assert three.tolist() == after_two(TRIGRAMS, label)
    assert four.tolist() == after_three(TRIGRAMS, ABOVE, label)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 63, 255])
def test_labels_of_every_length(length: int) -> None:
    label = (ALPHABET * 7)[:length]
    three, four = RANDOM.arrays.costs(encode_labels([label]))
    assert three.tolist() == after_two(TRIGRAMS, label)
    assert four.tolist() == after_three(TRIGRAMS, ABOVE, label)


@settings(max_examples=40)
@given(labels=st.lists(LABELS, max_size=8))
def test_the_labels_before_do_not_matter(trained: CharacterModel, labels: list[str]) -> None:
    three, four = trained.arrays.costs(encode_labels(labels))
    above = trained.above
    assert three.tolist() == [x for label in labels for x in after_two(trained.trigrams, label)]
    assert four.tolist() == [
        x for label in labels for x in after_three(trained.trigrams, above, label)
    ]


@settings(max_examples=40)
@given(label=st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True))
def test_digits_are_one_symbol(trained: CharacterModel, label: str) -> None:
    zeros = "".join("0" if c.isdigit() else c for c in label)
    for one, other in zip(
        trained.arrays.costs(encode_labels([label])),
        trained.arrays.costs(encode_labels([zeros])),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=40)
@given(labels=st.lists(st.text(ALPHABET, max_size=30), min_size=1, max_size=6))
def test_the_features_are_sums_and_means_of_the_costs(
    trained: CharacterModel, labels: list[str]
) -> None:
    names = ("trigram_mean", "fourgram_sum", "fourgram_mean")
    assert set(names) <= set(REGISTRY)
    values = compute_matrix(labels, names, Tables(characters=trained))
    for label, row in zip(labels, values.tolist(), strict=True):
        three = after_two(trained.trigrams, label)
        four = after_three(trained.trigrams, trained.above, label)
        assert row == [sum(three) / len(three), sum(four), sum(four) / len(four)]


def test_what_is_rare_costs_more(trained: CharacterModel) -> None:
    likely, unlikely = (
        trained.arrays.costs(encode_labels([x]))[1].mean() for x in ("nation", "xqzjkv")
    )
    assert unlikely > 2 * likely


@pytest.mark.parametrize(
    ("trigrams", "fourgrams"),
    [
        (TRIGRAMS.astype(np.int64), ABOVE),
        (TRIGRAMS, ABOVE.astype(np.int8)),
        (TRIGRAMS[:-1], ABOVE),
        (TRIGRAMS, np.append(ABOVE, ABOVE[:1])),
        (TRIGRAMS.reshape((SYMBOLS,) * 3), ABOVE),
        (TRIGRAMS, ABOVE.reshape(SYMBOLS, -1)),
        (ABOVE, TRIGRAMS),
        (TRIGRAMS[:0], ABOVE),
    ],
)
def test_refuses_what_are_no_costs(trigrams: Bytes, fourgrams: Bytes) -> None:
    with pytest.raises(ValueError, match=r"costs are \w+ \(.*\), not"):
        CharacterModel(trigrams, fourgrams)
