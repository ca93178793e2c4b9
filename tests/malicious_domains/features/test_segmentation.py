"""The segmentation against a short oracle: split off a first part, segment the rest."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import Tables
from malicious_domains.features.single import LabelFeatures
from malicious_domains.names.encoding import encode_labels
from tests.helpers.reference import FEW, LETTERS, Cost, table, vocabularies

Sums = tuple[int, int, int, int]  # cost, single characters, words, squared lengths of the words


def segment(label: str, words: Cost, singles: Cost) -> Sums:
    """Return the least sums of all segmentations.

    P. Norvig, "Natural Language Corpus Data", in Beautiful Data (2009).
    """

    @cache
    def best(text: str) -> Sums:
        if not text:
            return 0, 0, 0, 0
        candidates = [add((singles.get(text[0], 255), 1, 0, 0), best(text[1:]))]
        for n in range(2, len(text) + 1):
            if text[:n] in words:
                candidates.append(add((words[text[:n]], 0, 1, n * n), best(text[n:])))
        return min(candidates)

    return best(label)


def add(one: Sums, other: Sums) -> Sums:
    a, b, c, d = (x + y for x, y in zip(one, other, strict=True))
    return a, b, c, d


@settings(max_examples=40)
@given(vocabularies() | vocabularies(FEW), st.text(LETTERS, min_size=1, max_size=20))
def test_a_batch_and_one_label_have_the_cheapest_segmentation(
    vocabulary: tuple[Cost, Cost], label: str
) -> None:
    tables = Tables(words=table(*vocabulary))
    batch = BatchFeatures(encode_labels([label]), tables).segmentation
    expected = segment(label, *vocabulary)
    assert tuple(column.tolist() for column in batch) == tuple([x] for x in expected)
    assert tuple(LabelFeatures(label, tables).segmentation) == expected
