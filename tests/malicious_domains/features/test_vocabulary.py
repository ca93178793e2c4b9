from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import Tables, Vocabulary
from malicious_domains.features.quantities import UNREACHED, Segmentation, pack_path_value
from malicious_domains.features.registry import compute_matrix
from malicious_domains.names.encoding import OTHER, SIZE, encode_labels
from pipeline.training.automaton import compile_tree
from tests.helpers import reference
from tests.helpers.reference import FEW, LETTERS, cell_of, table, vocabularies


def cuts(words: Vocabulary, labels: list[str]) -> list[reference.Path]:
    cut = BatchFeatures(encode_labels(labels), Tables(words=words)).segmentation
    return list(zip(*(column.tolist() for column in cut), strict=True))


@settings(max_examples=40)
@given(
    st.dictionaries(st.text(LETTERS, min_size=2, max_size=7), st.just(0), min_size=1),
    st.lists(st.text(LETTERS, max_size=12) | st.text(LETTERS + ".é", max_size=12), max_size=6),
)
def test_finds_every_occurrence_of_every_word(words: reference.Cost, labels: list[str]) -> None:
    batch = encode_labels(labels)
    known = table(words, {})
    starts, ends, cells = (x.tolist() for x in BatchFeatures(batch, Tables(words=known)).matches)
    expected = [
        (begin + start, begin + end, cell_of(known.arrays.cells, label[start:end]))
        for label, begin in zip(labels, batch.starts.tolist(), strict=True)
        for start, end in reference.found(label, words)
    ]
    assert sorted(zip(starts, ends, cells, strict=True)) == sorted(expected)
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    assert lengths == sorted(lengths)


@settings(max_examples=40)
@given(vocabularies() | vocabularies(FEW), st.lists(st.text(LETTERS, max_size=20), min_size=1))
def test_the_cut_is_the_least_of_all(
    vocabulary: tuple[reference.Cost, reference.Cost], labels: list[str]
) -> None:
    """In a batch: the labels beside it do not matter."""
    expected = [reference.paths(label, *vocabulary)[-1] for label in labels]
    assert cuts(table(*vocabulary), labels) == expected


@settings(max_examples=20)
@given(vocabularies(FEW), st.text(LETTERS, min_size=40, max_size=63))
def test_cuts_of_long_labels(vocabulary: tuple[reference.Cost, reference.Cost], label: str) -> None:
    assert cuts(table(*vocabulary), [label]) == [reference.paths(label, *vocabulary)[-1]]


@pytest.mark.parametrize("price", [0, 1, 254, 255])
def test_the_shortest_and_the_longest_labels(price: int) -> None:
    """A word may have 63 characters, a label 255: no sum runs into the next."""
    words = {"a" * n: price for n in (2, 3, 63)} | {"ab": 255 - price}
    singles = {"a": 255, "b": 255}
    labels = ["", "a", "b", "a" * 63, "a" * 255, "ab" * 127 + "a", "b" * 255, "aab" * 85, ""]
    expected = [reference.paths(label, words, singles)[-1] for label in labels]
    assert cuts(table(words, singles), labels) == expected
    assert [cuts(table(words, singles), [label])[0] for label in labels] == expected


@settings(max_examples=40)
@given(vocabularies(FEW), st.lists(st.text(LETTERS, min_size=1, max_size=20), min_size=1))
def test_the_features_of_a_cut(
    vocabulary: tuple[reference.Cost, reference.Cost], labels: list[str]
) -> None:
    names = ("cut_cost", "cut_mean", "cut_words", "cut_word_length", "cut_word_share")
    values = compute_matrix(labels, (*names, "num_words"), Tables(words=table(*vocabulary)))
    for label, row in zip(labels, values.tolist(), strict=True):
        n = len(label)
        cost, _, words, squares = reference.paths(label, *vocabulary)[-1]
        assert row == [
            *(cost, cost / n, words, squares / n, squares / n / n),
            len(reference.found(label, vocabulary[0])),
        ]


@pytest.mark.parametrize(
    "sums",
    [(0, 0, 0, 0), (255 * 255, 255, 0, 0), (255 * 127, 1, 127, 4 * 127), (9, 3, 4, 4 * 63**2)],
)
def test_the_four_sums_of_a_path_come_out_as_they_went_in(sums: tuple[int, int, int, int]) -> None:
    value = pack_path_value(*sums)
    assert Segmentation.unpack(value) == sums
    assert value < UNREACHED
    many = Segmentation.unpack(pack_path_value(np.array([sums[0]] * 2), *sums[1:]))
    assert [x.tolist() for x in many] == [[x] * 2 for x in sums]


def test_no_labels() -> None:
    words = table({"ab": 1}, {"a": 1})
    batch = encode_labels([])
    assert [x.size for x in BatchFeatures(batch, Tables(words=words)).matches] == [0, 0, 0]
    assert cuts(words, []) == []


def test_a_foreign_character_costs_what_the_table_says() -> None:
    """The original's data has a label with a line feed; the table has a cost for OTHER."""
    words, singles = {"face": 50, "book": 60}, dict.fromkeys("facebok", 99)
    known = table(words, singles)
    assert known.single[OTHER] == 255
    label = "face\nbook"
    assert cuts(known, [label]) == [reference.paths(label, words, singles | {"\n": 255})[-1]]


@pytest.mark.parametrize("words", [["face", "facebook", "faces"], ["77", "7a"], ["a-b", "aab"]])
def test_the_cells_of_a_tree_are_those_of_its_words(words: list[str]) -> None:
    cells, cell = compile_tree(words)
    assert words == sorted(words)
    assert cell.tolist() == [cell_of(cells, x) for x in words]


CELLS = compile_tree(["ab", "abc"])[0]
COSTS = np.zeros(SIZE + len(CELLS), np.uint8)


@pytest.mark.parametrize(
    ("cells", "costs"),
    [
        (CELLS, COSTS[:-1]),
        (CELLS, COSTS[SIZE:]),
        (CELLS, COSTS.astype(np.int64)),
        (CELLS, COSTS[:, None]),
        (CELLS.astype(np.int64), COSTS),
        (CELLS[:, None], COSTS),
        (-CELLS, COSTS),
        (np.full_like(CELLS, len(CELLS) << 7), COSTS),
    ],
)
def test_refuses_what_are_no_words(cells: NDArray[np.int32], costs: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match=r"costs are|cells are|automaton"):
        Vocabulary(cells, costs)
