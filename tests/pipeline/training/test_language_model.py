"""Tables of legitimate labels, against counts in plain Python."""

from __future__ import annotations

import random
import zlib
from collections import Counter
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import Tables, Vocabulary
from malicious_domains.features.registry import CHUNK, SETS, compute_matrix
from malicious_domains.names.encoding import ALPHABET, SIZE, SYMBOLS, encode_labels
from pipeline.training import language_model
from pipeline.training.automaton import compile_tree
from pipeline.training.language_model import WordList
from tests.helpers import reference
from tests.helpers.data import legitimate
from tests.helpers.reference import FEW, LETTERS, cell_of, table, vocabularies

NAMES = SETS["language"]
WORDS = [
    "the",
    "book",
    "shop",
    "online",
    "home",
    "house",
    "ho",
    "free",
    "best",
    "face",
    "log",
    "blog",
]


@pytest.fixture(scope="module")
def some() -> list[str]:
    return legitimate()[:: len(legitimate()) // 300]


@pytest.fixture(scope="module")
def known() -> WordList:
    """Return a list of a few words and frequencies."""
    words = sorted(WORDS)
    cells = compile_tree(words)[0]
    frequency = np.arange(1.0, len(words) + 1) ** 2
    cell = np.array([cell_of(cells, x) for x in words])
    return WordList(
        words=words, frequency=frequency / frequency.sum(), cells=cells, cell=cell, sha256=""
    )


@pytest.fixture(scope="module")
def vocabulary() -> WordList:
    return language_model.load_word_list()


def tables_of(tables: Tables) -> list[bytes]:
    assert tables.characters is not None
    assert tables.words is not None
    arrays = (tables.characters.trigrams, tables.characters.above)
    return [x.tobytes() for x in (*arrays, tables.words.single, tables.words.costs)]


def test_costs_of_characters_are_those_of_witten_and_bell(some: list[str]) -> None:
    """After two: all of them. After three: all that was seen, and others."""
    labels = [*some, *some[::7], "a", "a-1", "a-1"]  # some of them more than once
    naive, fitted = reference.WittenBell(labels), language_model.fit_characters(labels)
    letters = reference.SYMBOLS
    threes = [a + b + c for a in letters for b in letters for c in letters]
    expected = np.array([naive.three(x) for x in threes])
    np.testing.assert_array_equal(fitted.trigrams, expected)
    draw = random.Random(1)
    fours = {gram for label in labels for gram in reference.grams(label, 4)}
    fours |= {gram[:-1] + draw.choice(letters) for gram in fours}
    fours |= {"".join(draw.choices(letters, k=4)) for _ in range(3000)}
    at = sorted(fours)
    found = fitted.arrays.fourgrams[[reference.index(x) for x in at]]
    np.testing.assert_array_equal(found, [naive.four(x) for x in at])


@settings(max_examples=5)
@given(st.lists(st.text("ab1-", min_size=1, max_size=6), min_size=1, max_size=30))
def test_costs_of_characters_of_few_labels(labels: list[str]) -> None:
    naive, fitted = reference.WittenBell(labels), language_model.fit_characters(labels)
    for gram in {gram for label in [*labels, "ba-1x", "zz"] for gram in reference.grams(label, 4)}:
        assert fitted.trigrams[reference.index(gram[1:])] == naive.three(gram[1:])
        assert fitted.arrays.fourgrams[reference.index(gram)] == naive.four(gram)


def test_costs_are_those_of_probabilities(some: list[str]) -> None:
    """After any two symbols they sum to 1, but for the rounding to a sixteenth of a nat."""
    costs = language_model.fit_characters(some).arrays.trigrams.reshape(-1, SYMBOLS)
    total = np.exp(costs / -16.0).sum(axis=1)
    assert np.abs(total - 1).max() < np.expm1(1 / 32)


def test_nothing_before_an_edge_matters(some: list[str]) -> None:
    fitted = language_model.fit_characters(some).arrays
    for order, costs in ((3, fitted.trigrams), (4, fitted.fourgrams)):
        shaped = costs.reshape((SYMBOLS,) * order)
        for place in range(1, order - 1):
            behind = np.moveaxis(shaped, place, 0)[-1].reshape(SYMBOLS**place, -1)
            assert (behind == behind[-1]).all()


@settings(max_examples=30)
@given(vocabularies(FEW), st.lists(st.text(LETTERS, max_size=15), min_size=1, max_size=8))
def test_cheapest_steps_are_those_of_any_cheapest_cut(
    vocabulary: tuple[reference.Cost, reference.Cost], labels: list[str]
) -> None:
    features = BatchFeatures(encode_labels(labels), Tables(words=table(*vocabulary)))
    taken = language_model.find_best_arcs(features)
    text = "\0".join(labels) + "\0"
    found: Counter[str] = Counter()
    for start, end in zip(features.arcs.start[taken], features.arcs.end[taken], strict=True):
        found["+" if end - start == 1 else text[start:end]] += 1
    expected: Counter[str] = Counter()
    for label in labels:
        expected += reference.on_cheapest(label, *vocabulary)
    assert found == expected


def naive_words(labels: list[str], known: WordList) -> tuple[reference.Cost, reference.Cost]:
    """Costs after three rounds of counting the cheapest segmentations."""
    letters = Counter("".join(labels))
    total = sum(letters.values()) + 0.5 * SIZE
    prior = dict(zip(known.words, known.frequency.tolist(), strict=True))
    frequency, share = prior, 0.02
    for counting in (True, True, True, False):
        words = {x: reference.cost(p * (1 - share)) for x, p in frequency.items()}
        singles = {c: reference.cost((letters[c] + 0.5) / total * share) for c in ALPHABET}
        if not counting:
            break
        taken: Counter[str] = Counter()
        for label in labels:
            taken += reference.on_cheapest(label, words, singles)
        counts = {x: taken[x] + 20_000 * p for x, p in prior.items()}
        frequency = {x: n / sum(counts.values()) for x, n in counts.items()}
        share = (taken["+"] + 1) / (taken.total() + 2)
    return words, singles


def test_costs_of_words_are_counted_in_the_cheapest_cuts(some: list[str], known: WordList) -> None:
    labels = [*some, "thebookshop", "the-book-shop", "onlinehome", "freebest1"] * 2
    words, singles = naive_words(labels, known)
    fitted = language_model.fit_words(labels, known)
    assert dict(zip(ALPHABET, fitted.single.tolist(), strict=False)) == singles
    assert dict(zip(known.words, fitted.arrays.costs[known.cell].tolist(), strict=True)) == words
    rest = np.delete(fitted.arrays.costs, known.cell)
    assert (rest == 255).all()


def test_the_order_of_the_labels_does_not_matter(known: WordList) -> None:
    """Nor, then, where one chunk ends and the next begins."""
    labels = legitimate()[: CHUNK + 50]
    one, two, again = (
        tables_of(language_model.fit_tables(x, known)) for x in (labels, labels[::-1], list(labels))
    )
    assert one == two == again


def test_each_label_has_the_features_of_tables_made_without_its_fold(
    some: list[str], known: WordList
) -> None:
    draw = random.Random(2)
    generated = ["".join(draw.choices(ALPHABET, k=12)) for _ in range(60)]
    labels = [*some, *generated, *some[:20]]  # the last for a second time
    draw.shuffle(labels)
    legitimate = np.array([labels.index(x) for x in dict.fromkeys(labels) if x not in generated])
    fold = [zlib.crc32(x.encode()) % 5 for x in labels]
    rows = np.array(sorted(draw.choices(range(len(labels)), k=400)))
    folds, without = language_model.cross_fit(labels, legitimate, known)
    some = [labels[i] for i in rows]
    values = language_model.compute_by_fold(some, folds[rows], NAMES, without)
    for k in range(5):
        others = {x for x, f in zip(labels, fold, strict=True) if f != k and x not in generated}
        tables = language_model.fit_tables(sorted(others), known)
        here = [i for i, row in enumerate(rows.tolist()) if fold[row] == k]
        assert here
        expected = compute_matrix([labels[rows[i]] for i in here], NAMES, tables)
        np.testing.assert_array_equal(values[here], expected)


@pytest.mark.slow
def test_the_vocabulary_is_of_the_most_frequent_words(vocabulary: WordList) -> None:
    lines = (files("wordsegment") / "unigrams.txt").read_text(encoding="utf-8").split("\n")
    counts = {x: float(n) for x, _, n in (line.partition("\t") for line in lines if line)}
    first = sorted(counts, key=lambda x: -counts[x])[:27_000]
    kept = sorted(x for x in first if 2 <= len(x) <= 12 and set(x) <= set(ALPHABET))
    assert vocabulary.words == kept
    total = sum(counts[x] for x in kept)
    np.testing.assert_allclose(vocabulary.frequency, [counts[x] / total for x in kept], rtol=1e-12)


def test_the_automaton_finds_the_words_of_the_vocabulary_and_no_others(
    vocabulary: WordList, some: list[str]
) -> None:
    costs = dict.fromkeys(vocabulary.words, 0)
    words = Vocabulary(vocabulary.cells, np.zeros(SIZE + len(vocabulary.cells), np.uint8))
    labels = [*some, *vocabulary.words[::50]]
    batch = encode_labels(labels)
    start, end, _ = BatchFeatures(batch, Tables(words=words)).matches
    expected = {
        (begin + i, begin + j)
        for label, begin in zip(labels, batch.starts.tolist(), strict=True)
        for i, j in reference.found(label, costs)
    }
    assert len(start) == len(expected)
    assert set(zip(start.tolist(), end.tolist(), strict=True)) == expected


def test_each_word_of_the_vocabulary_has_its_own_cell(vocabulary: WordList) -> None:
    """Or it would have the frequency of another."""
    cells = vocabulary.cells
    assert vocabulary.cell.tolist() == [cell_of(cells, x) for x in vocabulary.words]
