"""One label walked by itself must have the very bits that it has in a batch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_app.chalicelib.features.batch import Tables, View
from lambda_app.chalicelib.features.encoding import ALPHABET, encode
from lambda_app.chalicelib.features.explanation import explain, segmentations
from lambda_app.chalicelib.features.registry import REGISTRY
from lambda_app.chalicelib.features.segmentation import Cut
from lambda_app.chalicelib.features.single import Single
from lambda_app.chalicelib.model.scorer import Scorer
from tests import reference
from tests.lambda_app.features.test_vocabulary import FEW, LETTERS, table, vocabularies

LABELS = st.lists(st.text(ALPHABET + ".é", max_size=70), min_size=1, max_size=8)


@given(labels=LABELS)
def test_features_and_their_shares_alone_and_together(scorer: Scorer, labels: list[str]) -> None:
    model = scorer.artifact
    view = View(encode(labels), model.tables)
    columns = [REGISTRY[name].compute(view) for name in model.features]
    parts = model.equation.parts(columns)
    for i, label in enumerate(labels):
        single = Single(label, model.tables)
        values = [REGISTRY[name].compute(single) for name in model.features]
        assert values == [column[i] for column in columns]
        assert model.equation.shares(values) == [part[i] for part in parts]


@given(labels=LABELS)
def test_reasons_alone_and_together(scorer: Scorer, labels: list[str]) -> None:
    tables = scorer.artifact.tables
    together = list(explain(View(encode(labels), tables), labels))
    assert [Single(label, tables).reason() for label in labels] == together


@given(vocabularies() | vocabularies(FEW), st.lists(st.text(LETTERS, max_size=20), min_size=1))
def test_cuts_of_any_vocabulary(
    vocabulary: tuple[reference.Cost, reference.Cost], labels: list[str]
) -> None:
    """Of cuts that are worth the same, too, both walks take the same."""
    tables = Tables(words=table(*vocabulary))
    view = View(encode(labels), tables)
    singles = [Single(label, tables) for label in labels]
    assert [x.cut for x in singles] == list(map(Cut._make, zip(*view.cut, strict=True)))
    assert [x.found for x in singles] == view.found.tolist()
    assert [x.segmentation for x in singles] == list(segmentations(view, labels))


@pytest.mark.parametrize("label", ["", "a", "-", "xn--", "a" * 63, "ab" * 127, "qjxz0-9é"])
def test_labels_at_the_limits(scorer: Scorer, label: str) -> None:
    tables, names = scorer.artifact.tables, scorer.artifact.features
    view, single = View(encode([label]), tables), Single(label, tables)
    assert [REGISTRY[x].compute(single) for x in names] == [
        REGISTRY[x].compute(view)[0] for x in names
    ]


def test_a_missing_table_and_an_overlong_label_are_errors() -> None:
    with pytest.raises(ValueError, match="does not have"):
        _ = Single("a", Tables()).found
    with pytest.raises(ValueError, match="256 characters"):
        Single("a" * 256, Tables())
