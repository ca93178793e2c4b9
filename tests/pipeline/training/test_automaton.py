from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import Lexicon, Tables
from malicious_domains.names.encoding import encode_labels
from malicious_domains.names.errors import MaliciousDomainsError
from pipeline.training.automaton import compile_words, read_words, select_usable
from tests.helpers.reference import num_words


def test_words_that_no_label_can_hold_are_left_out() -> None:
    words = ["word", "Word", "it's", "a", "", "naïve", "x" * 64, "a1", "co-op", "word"]
    assert select_usable(words) == ["a1", "co-op", "word"]


@pytest.mark.parametrize("words", [[], ["a", "B"], ["it's", "ÄÖ"]])
def test_a_list_with_nothing_usable_is_refused(words: list[str]) -> None:
    with pytest.raises(MaliciousDomainsError, match="no usable word: expected one word a line"):
        compile_words(words)


def test_the_order_of_the_words_does_not_matter() -> None:
    words = ["ab", "abc", "cab", "bab", "zebra", "zebras"]
    np.testing.assert_array_equal(compile_words(words), compile_words(words[::-1]))


@pytest.mark.slow
def test_the_original_words(words_txt: Path, original_words: Lexicon) -> None:
    words = read_words(words_txt)
    assert len(set(words)) == 354_984  # two lines stand twice
    assert original_words.cells.nbytes < 4e6
    sample = [*select_usable(words)[::37], "plzdonthackmekthxbye"]
    known = frozenset(words)
    counts = BatchFeatures(encode_labels(sample), Tables(lexicon=original_words)).word_matches
    assert counts.tolist() == [num_words(x, known) for x in sample]


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes(b"\xff\xfe")
    for name in ("words.txt", "absent.txt"):
        with pytest.raises(MaliciousDomainsError, match=f"{name}: not a readable word list"):
            read_words(tmp_path / name)
