from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import Lexicon, Tables
from malicious_domains.names.array_types import Ints
from malicious_domains.names.encoding import encode_labels
from pipeline.corpus import sources
from pipeline.corpus.labelled import Corpus
from pipeline.training.automaton import compile_words
from tests.helpers.reference import num_words, web2

LETTERS = "ab-7z"


def count(lexicon: Lexicon, labels: Sequence[str]) -> Ints:
    """Count the words of two characters or more in each label, (labels,)."""
    return BatchFeatures(encode_labels(labels), Tables(lexicon=lexicon)).word_matches


@settings(max_examples=40)
@given(
    st.sets(st.text(LETTERS, min_size=2, max_size=6), min_size=1, max_size=40),
    st.lists(st.text(LETTERS + ".é", max_size=12), min_size=1),
)
def test_counts_every_occurrence_of_every_word(words: set[str], labels: list[str]) -> None:
    counts = count(Lexicon(compile_words(words)), labels)
    assert counts.tolist() == [num_words(label, frozenset(words)) for label in labels]


@pytest.mark.slow
def test_counts_web2_in_real_and_generated_names(embedded: Corpus) -> None:
    labels = embedded.labels[::50]
    counts = count(Lexicon.load(sources.WEB2.path), labels)
    assert counts.tolist() == [num_words(label, web2()) for label in labels]


def test_words_do_not_run_from_one_label_into_the_next() -> None:
    lexicon = Lexicon(compile_words(["ab", "ba"]))
    assert count(lexicon, ["a", "b", "a", "", "ab"]).tolist() == [0, 0, 0, 0, 1]


def test_no_labels() -> None:
    assert count(Lexicon(compile_words(["ab"])), []).tolist() == []


def test_a_saved_lexicon_reads_back(tmp_path: Path) -> None:
    cells = compile_words(["word", "words"])
    np.save(tmp_path / "l.npy", cells)
    assert count(Lexicon.load(tmp_path / "l.npy"), ["swords"]).tolist() == [2]


@pytest.mark.parametrize(
    "cells",
    [
        np.zeros(1000, np.int64),
        np.zeros((100, 100), np.int32),
        np.zeros(3, np.int32),
        np.full(1000, -1, np.int32),
        np.full(1000, 999 << 7, np.int32),  # leads behind the end
        np.array([990] + [37] * 999, np.int32),  # so does the root
        np.array([1] + [37 | 1 << 7] * 999, np.int32),  # goes round behind a label
    ],
)
def test_refuses_what_is_no_automaton(cells: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=r"int32|automaton|behind"):
        Lexicon(cells)
