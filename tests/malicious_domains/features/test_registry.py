from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from malicious_domains.features.language_tables import Tables, require
from malicious_domains.features.registry import CHUNK, GROUPS, REGISTRY, SETS, compute_matrix
from malicious_domains.model.scorer import Scorer
from malicious_domains.names.encoding import encode_labels
from pipeline.corpus.labelled import Corpus
from tests.helpers import reference

CLASSIC = SETS["classic"]
LDH = "abcdefghijklmnopqrstuvwxyz0123456789-"


@settings(max_examples=40)
@given(label=st.text(LDH, min_size=1, max_size=63))
def test_features_are_what_their_definitions_say(classic: Scorer, label: str) -> None:
    length, entropy, p_vowels, num_words = compute_matrix(
        [label], CLASSIC, classic.artifact.tables
    )[0]
    assert length == len(label)
    assert math.isclose(entropy, reference.entropy(label), abs_tol=1e-12)
    assert p_vowels == reference.p_vowels(label)
    assert num_words == reference.num_words(label, reference.web2())


def test_a_label_scores_the_same_alone_and_in_a_batch(scorer: Scorer, embedded: Corpus) -> None:
    labels = embedded.labels[:: len(embedded.labels) // (CHUNK + 100)]
    assert len(labels) > CHUNK  # more than one chunk
    model = scorer.artifact
    together = compute_matrix(labels, model.features, model.tables)
    alone = [compute_matrix([label], model.features, model.tables)[0] for label in labels[::20]]
    np.testing.assert_array_equal(together[::20], alone)
    assert scorer.probability(labels)[::20].tolist() == [
        scorer.probability([label])[0] for label in labels[::20]
    ]


def test_one_character_has_no_entropy() -> None:
    assert compute_matrix(["aaaaaaa"], ("entropy",), Tables())[0, 0] == 0


@pytest.mark.parametrize(
    ("name", "label", "value"),
    [
        ("p_digits", "ab12", 0.5),
        ("num_digits", "a1b23", 3),
        ("hex_run", "cafe", 4),
        ("hex_run", "cafexcafe", 6),
        ("hex_run", "xyz", 0),
        ("alternation", "banana", 1),
        ("alternation", "a", 0),
        ("idna", "xn--bcher-kva", 1),
        ("idna", "xn-", 0),
        ("idna", "x", 0),
    ],
)
def test_simple_features(name: str, label: str, value: float) -> None:
    """Beside other labels, which must not matter."""
    assert compute_matrix(["7zz", label, "n--q", ""], (name,), Tables())[1, 0] == value


@given(label=st.text(LDH, min_size=1, max_size=63))
def test_no_hyphen_changes_what_the_language_model_sees(language: Scorer, label: str) -> None:
    plain = label.replace("-", "")
    assume(not label.startswith("xn--") and plain and not plain.startswith("xn"))
    tables = language.artifact.tables._replace(hyphens=False)
    values = compute_matrix([label, plain, "n--q"], SETS["language"], tables)
    np.testing.assert_array_equal(values[0], values[1])


@given(label=st.text(LDH, max_size=63))
def test_the_worst_part_of_a_label_follows_its_definition(language: Scorer, label: str) -> None:
    names = ("trigram_excess", "fourgram_excess", "trigram_worst")
    tables = language.artifact.tables._replace(hyphens=True)
    values = compute_matrix(["7zz", label, ""], names, tables)[1]
    costs = require(tables.characters).arrays.costs(encode_labels([label]))
    three, four = (x.tolist() for x in costs)
    assert values.tolist() == [
        *(reference.highest_segment([x - 40 for x in costs[:-1]]) for costs in (three, four)),
        max(sum(three[i : i + 12]) for i in range(len(three))),
    ]


def test_words_beside_a_random_part_do_not_excuse_it(language: Scorer) -> None:
    names = ("trigram_excess", "fourgram_excess", "cut_excess")
    labels = ["xqzjkvwpt", "onlinexqzjkvwptshop"]
    alone, beside = compute_matrix(labels, names, language.artifact.tables)
    assert (beside >= 0.9 * alone).all()


def test_a_feature_without_its_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="a table that the artifact does not have"):
        compute_matrix(["a"], ("cut_cost",), Tables())


def test_an_overlong_label_is_an_error_not_a_wrong_number(scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="a label of 256 characters"):
        scorer.probability(["x" * 256])


def test_every_feature_says_what_it_means() -> None:
    assert set(CLASSIC) <= set(REGISTRY)
    assert all(feature.meaning for feature in REGISTRY.values())


def test_which_features_ask_which_question() -> None:
    """The report leaves out one group at a time, and the API sums contributions by them."""
    of_group = {name: [x.name for x in REGISTRY.values() if x.group == name] for name in GROUPS}
    assert of_group == {
        "length": ["length"],
        "entropy": ["entropy", "p_digits", "num_digits", "hex_run", "idna"],
        "vowels": [
            *("p_vowels", "alternation", "trigram_mean", "trigram_excess", "trigram_worst"),
            *("fourgram_mean", "fourgram_sum", "fourgram_excess"),
        ],
        "words": [
            *("cut_cost", "cut_mean", "cut_words", "cut_word_length", "cut_word_share"),
            *("cut_excess", "num_words"),
        ],
    }
    assert sum(map(len, of_group.values())) == len(REGISTRY)
    assert [REGISTRY[x].group for x in SETS["classic"]] == [*GROUPS]


def test_the_language_model_has_every_feature_but_one(language: Scorer) -> None:
    assert SETS["language"] == language.artifact.features
    assert REGISTRY.keys() - SETS["language"] == {"num_words"}
