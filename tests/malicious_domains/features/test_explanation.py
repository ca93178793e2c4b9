from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.features.batch import BatchFeatures, explain, segment_labels
from malicious_domains.features.language_tables import Tables
from malicious_domains.features.quantities import UNLIKELY_LENGTH, Reason
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.encoding import ALPHABET, encode_labels
from tests.helpers import reference
from tests.helpers.reference import FEW, LETTERS, table, vocabularies

LABELS = st.lists(st.text(ALPHABET, max_size=40), min_size=1, max_size=6)
SIMPLE = ({"face": 9, "book": 9, "cebo": 8}, dict.fromkeys(ALPHABET, 9))


def cut(label: str, words: reference.Cost, singles: reference.Cost) -> str:
    (found,) = segment_labels(
        BatchFeatures(encode_labels([label]), Tables(words=table(words, singles))), [label]
    )
    return found


def least(part: str, words: reference.Cost, singles: reference.Cost) -> reference.Path:
    """Of a part as a word and as characters by themselves."""
    path = (0, 0, 0, 0)
    for character in part:
        path = reference.added(path, reference.one_more(character, singles))
    return min(path, reference.word(part, words)) if part in words else path


@settings(max_examples=40)
@given(vocabularies() | vocabularies(FEW), st.lists(st.text(LETTERS, max_size=20), min_size=1))
def test_a_segmentation_is_a_cheapest_cut_of_the_label(
    vocabulary: tuple[reference.Cost, reference.Cost], labels: list[str]
) -> None:
    batch = BatchFeatures(encode_labels(labels), Tables(words=table(*vocabulary)))
    for label, text in zip(labels, segment_labels(batch, labels), strict=True):
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
    tables = language.artifact.tables
    assert tables.characters is not None
    trigrams = tables.characters.trigrams
    reasons = list(explain(BatchFeatures(encode_labels(labels), tables), labels))
    for label, reason in zip(labels, reasons, strict=True):
        costs = [int(trigrams[reference.index(x)]) for x in reference.grams(label, 3)][:-1]
        stretches = [
            costs[i : i + UNLIKELY_LENGTH] for i in range(max(len(label) - UNLIKELY_LENGTH + 1, 1))
        ]
        sums = [sum(x) for x in stretches]
        at = sums.index(max(sums))
        assert reason.unlikely == label[at : at + UNLIKELY_LENGTH]
        assert str(reason.segmentation).replace("|", "") == label


@settings(max_examples=40)
@given(labels=LABELS)
def test_reasons_are_the_same_alone_and_in_a_batch(language: Scorer, labels: list[str]) -> None:
    tables = language.artifact.tables
    together = list(explain(BatchFeatures(encode_labels(labels), tables), labels))
    alone = [next(iter(explain(BatchFeatures(encode_labels([x]), tables), [x]))) for x in labels]
    assert together == alone


def test_a_model_that_lacks_either_table_gives_no_reasons(language: Scorer) -> None:
    tables = language.artifact.tables
    for less in (tables._replace(words=None), tables._replace(characters=None)):
        assert (
            list(explain(BatchFeatures(encode_labels(["a", "b"]), less), ["a", "b"]))
            == [Reason(None, None)] * 2
        )
