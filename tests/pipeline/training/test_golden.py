"""The original's numbers on labels of ours, for those who have none of its data.

What stands here of a sample, test_glm.py, test_automaton.py and test_dga.py hold of all the
original's rows and words, where they can be had.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import Lexicon, Tables
from malicious_domains.features.registry import CLASSIC, compute_matrix
from malicious_domains.model.glm import Linear
from malicious_domains.names.array_types import Floats
from malicious_domains.names.encoding import encode_labels
from pipeline.corpus.labelled import Corpus
from pipeline.h2o_cluster.cluster import Cluster
from pipeline.training.automaton import compile_words, read_words
from tests.helpers.golden import EACH, MODEL, WORDS, features_by_h2o, golden
from tests.helpers.reference import num_words


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return golden()


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(compile_words(read_words(WORDS)))


@pytest.fixture(scope="module")
def features(rows: pd.DataFrame, lexicon: Lexicon) -> Floats:
    return compute_matrix(list(rows["label"]), CLASSIC, Tables(lexicon=lexicon))


def check(ours: Floats, theirs: pd.DataFrame) -> None:
    """Compare counts and shares to the last bit, entropy to 1e-12."""
    expected = theirs[list(CLASSIC)].to_numpy(float)
    others = [i for i, name in enumerate(CLASSIC) if name != "entropy"]
    np.testing.assert_array_equal(ours[:, others], expected[:, others])
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)


def test_the_sample_is_of_the_originals_families_and_some_thousand(rows: pd.DataFrame) -> None:
    assert rows["subclass"].value_counts().to_dict() == EACH
    assert rows["label"].is_unique
    assert rows["num_words"].between(0, 60).all()
    assert (rows["num_words"] > 2).mean() > 0.5


def test_features_equal_those_recorded_from_h2o(rows: pd.DataFrame, features: Floats) -> None:
    check(features, rows)


@pytest.mark.slow
def test_features_equal_those_of_h2o(
    h2o_cluster: Cluster, rows: pd.DataFrame, features: Floats
) -> None:
    """The installed H2O gives the recorded numbers with the committed words."""
    check(features, features_by_h2o(h2o_cluster, list(rows["label"]), WORDS))


def test_words_are_counted_as_two_loops_do(rows: pd.DataFrame, lexicon: Lexicon) -> None:
    words = read_words(WORDS)
    assert len(words) > 5_000
    labels, known = list(rows["label"]), frozenset(words)
    counts = BatchFeatures(encode_labels(labels), Tables(lexicon=lexicon)).word_matches
    assert counts.tolist() == [num_words(x, known) for x in labels]


def test_the_originals_model_gives_its_probabilities(rows: pd.DataFrame, features: Floats) -> None:
    """Trained on the original's data with its words, answered by H2O's Java scorer."""
    model = json.loads(MODEL.read_text())
    parts = Linear(model["coefficients"]).contributions(list(features.T))
    probability = 1 / (1 + np.exp(-(np.sum(parts, axis=0) + model["intercept"])))
    np.testing.assert_allclose(probability, rows["probability"], rtol=0, atol=1e-12)
    malicious, found = rows["subclass"] != "legit", probability >= model["threshold"]["value"]
    assert round(model["threshold"]["value"], 3) == 0.498
    assert (found == malicious).mean() > 0.9


def test_generated_rows_of_the_original_are_in_the_embedded_corpus(
    rows: pd.DataFrame, embedded: Corpus
) -> None:
    generated = rows[rows["subclass"] != "legit"]
    ours = embedded.frame[embedded.malicious]
    pairs = set(zip(ours["domain"], ours["subclass"], strict=True))
    assert set(zip(generated["label"], generated["subclass"], strict=True)) <= pairs
