"""One label walked by itself must have the very bits that it has in a batch."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import Tables
from malicious_domains.features.quantities import Segmentation
from malicious_domains.features.registry import REGISTRY
from malicious_domains.features.single import LabelFeatures
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.encoding import ALPHABET, encode_labels
from tests.helpers import reference
from tests.helpers.reference import FEW, LETTERS, table, vocabularies

LABELS = st.lists(st.text(ALPHABET + ".é", max_size=70), min_size=1, max_size=8)


@settings(max_examples=40)
@given(labels=LABELS)
def test_features_and_contributions_alone_and_together(scorer: Scorer, labels: list[str]) -> None:
    model = scorer.artifact
    batch = BatchFeatures(encode_labels(model.tables.view_labels(labels)), model.tables)
    columns = [REGISTRY[name].compute(batch) for name in model.features]
    together = model.predictor.contributions(columns)
    for i, label in enumerate(labels):
        single = LabelFeatures(label, model.tables)
        values = [REGISTRY[name].compute(single) for name in model.features]
        assert values == [column[i] for column in columns]
        assert model.predictor.label_contributions(values) == [column[i] for column in together]


@settings(max_examples=40)
@given(vocabularies() | vocabularies(FEW), st.lists(st.text(LETTERS, max_size=20), min_size=1))
def test_cuts_of_any_vocabulary(
    vocabulary: tuple[reference.Cost, reference.Cost], labels: list[str]
) -> None:
    """Both walks take the same of several segmentations of equal cost."""
    tables = Tables(words=table(*vocabulary))
    batch = BatchFeatures(encode_labels(labels), tables)
    singles = [LabelFeatures(label, tables) for label in labels]
    assert [x.segmentation for x in singles] == [
        Segmentation(*sums) for sums in zip(*batch.segmentation, strict=True)
    ]
    assert [x.word_matches for x in singles] == batch.word_matches.tolist()


@pytest.mark.parametrize("label", ["", "a", "-", "xn--", "a" * 63, "ab" * 127, "qjxz0-9é"])
def test_labels_at_the_limits(scorer: Scorer, label: str) -> None:
    tables, names = scorer.artifact.tables, scorer.artifact.features
    batch = BatchFeatures(encode_labels(tables.view_labels([label])), tables)
    single = LabelFeatures(label, tables)
    assert [REGISTRY[x].compute(single) for x in names] == [
        REGISTRY[x].compute(batch)[0] for x in names
    ]


def test_a_missing_table_and_an_overlong_label_are_errors() -> None:
    with pytest.raises(ValueError, match="does not have"):
        _ = LabelFeatures("a", Tables()).word_matches
    with pytest.raises(ValueError, match="256 characters"):
        LabelFeatures("a" * 256, Tables())
