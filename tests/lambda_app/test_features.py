from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_app.chalicelib.features import CHUNK, REGISTRY, SETS, matrix
from lambda_app.chalicelib.scorer import Scorer
from pipeline.corpus import Corpus
from tests import reference

CLASSIC = SETS["classic"]
LDH = "abcdefghijklmnopqrstuvwxyz0123456789-"


@given(label=st.text(LDH, min_size=1, max_size=63))
def test_features_are_what_their_definitions_say(scorer: Scorer, label: str) -> None:
    length, entropy, p_vowels, num_words = matrix([label], CLASSIC, scorer.artifact.lexicon)[0]
    assert length == len(label)
    assert math.isclose(entropy, reference.entropy(label), abs_tol=1e-12)
    assert p_vowels == reference.p_vowels(label)
    assert num_words == reference.num_words(label, reference.web2())


def test_a_label_scores_the_same_alone_and_in_a_batch(scorer: Scorer, embedded: Corpus) -> None:
    labels = embedded.labels[:: len(embedded.labels) // (CHUNK + 100)]
    assert len(labels) > CHUNK  # more than one chunk
    together = matrix(labels, CLASSIC, scorer.artifact.lexicon)
    alone = [matrix([label], CLASSIC, scorer.artifact.lexicon)[0] for label in labels[::20]]
    np.testing.assert_array_equal(together[::20], alone)
    assert scorer.probability(labels)[::20].tolist() == [
        scorer.probability([label])[0] for label in labels[::20]
    ]


def test_one_character_has_no_entropy(scorer: Scorer) -> None:
    assert matrix(["aaaaaaa"], ("entropy",), scorer.artifact.lexicon)[0, 0] == 0


def test_an_overlong_label_is_an_error_not_a_wrong_number(scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="a label of 256 characters"):
        scorer.probability(["x" * 256])


def test_every_feature_says_what_it_means() -> None:
    assert set(CLASSIC) <= set(REGISTRY)
    assert all(feature.meaning for feature in REGISTRY.values())
