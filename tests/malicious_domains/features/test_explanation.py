from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.features.language_tables import Tables
from malicious_domains.features.quantities import UNLIKELY_LENGTH
from malicious_domains.features.single import LabelFeatures
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.encoding import ALPHABET
from tests.helpers import reference
from tests.helpers.reference import FEW, LETTERS, table, vocabularies

LABELS = st.lists(st.text(ALPHABET, max_size=40), min_size=1, max_size=6)
SIMPLE = ({"face": 9, "book": 9, "cebo": 8}, dict.fromkeys(ALPHABET, 9))


def cut(label: str, words: reference.Cost, singles: reference.Cost) -> str:
    return LabelFeatures(label, Tables(words=table(words, singles))).segmentation_text


def least(part: str, words: reference.Cost, singles: reference.Cost) -> reference.Path:
    """Return the cost of a part as a word and as characters by themselves."""
    path = (0, 0, 0, 0)
    for character in part:
        path = reference.added(path, reference.one_more(character, singles))
    return min(path, reference.word(part, words)) if part in words else path


@settings(max_examples=40)
@given(vocabularies() | vocabularies(FEW), st.lists(st.text(LETTERS, max_size=20), min_size=1))
def test_a_segmentation_is_a_cheapest_cut_of_the_label(
    vocabulary: tuple[reference.Cost, reference.Cost], labels: list[str]
) -> None:
    tables = Tables(words=table(*vocabulary))
    for label in labels:
        text = LabelFeatures(label, tables).segmentation_text
        parts = text.split("|") if text else []
        assert "".join(parts) == label
        path = (0, 0, 0, 0)
        for part in parts:
            path = reference.added(path, least(part, *vocabulary))
        assert path == reference.paths(label, *vocabulary)[-1]
        # characters in no word stay together
        assert all({a, b} & set(vocabulary[0]) for a, b in itertools.pairwise(parts))


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("facebook", "face|book"),
        ("myfacebook24", "my|face|book|24"),
        ("facefacex", "face|face|x"),
        ("facebo", "fa|cebo"),  # cheaper than face, b, o
        ("xyz", "xyz"),
        ("x", "x"),
        ("", ""),
    ],
)
def test_segmentations_by_hand(label: str, text: str) -> None:
    assert cut(label, *SIMPLE) == text


@settings(max_examples=40)
@given(labels=LABELS)
def test_the_unlikely_stretch_costs_most_and_comes_first(
    language: Scorer, labels: list[str]
) -> None:
    tables = language.artifact.tables._replace(hyphens=True)
    assert tables.characters is not None
    trigrams = tables.characters.trigrams
    for label in labels:
        segmentation, unlikely = LabelFeatures(label, tables).reason()
        costs = [int(trigrams[reference.index(x)]) for x in reference.grams(label, 3)][:-1]
        stretches = [
            costs[i : i + UNLIKELY_LENGTH] for i in range(max(len(label) - UNLIKELY_LENGTH + 1, 1))
        ]
        sums = [sum(x) for x in stretches]
        at = sums.index(max(sums))
        assert unlikely == label[at : at + UNLIKELY_LENGTH]
        assert str(segmentation).replace("|", "") == label


def test_a_model_that_lacks_either_table_gives_no_reasons(language: Scorer) -> None:
    tables = language.artifact.tables
    for less in (tables._replace(words=None), tables._replace(characters=None)):
        assert LabelFeatures("a", less).reason() == (None, None)
