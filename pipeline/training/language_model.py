"""Count the surprisal of characters and words in legitimate labels.

A label must not be scored by tables that counted it, or training would mistake memory for
likeness: `cross_fit` makes the tables for each label without its fold.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np

from malicious_domains.features.arrays import window
from malicious_domains.features.batch import BatchFeatures
from malicious_domains.features.language_tables import CharacterModel, Tables, Vocabulary
from malicious_domains.features.registry import CHUNK, compute_matrix
from malicious_domains.names.array_types import Bools, Bytes, Floats, Ints, Narrow
from malicious_domains.names.encoding import EDGE, OTHER, SIZE, SYMBOLS, UNIT, Batch, encode_labels

from ..corpus.labelled import assign_folds
from .automaton import compile_tree, select_usable
from .config import DEFAULTS, TrainConfig

WORD_LIST = "wordsegment 1.3.1 unigrams"

_HIGHEST = 255  # a surprisal is one byte, in units of 1 / UNIT nats


def read_word_counts(most: int) -> tuple[dict[str, float], str]:
    """Return the most frequent English words of the web, the first one first; the file's SHA-256.

    The package wordsegment has their counts in Google's Web Trillion Word Corpus (P. Norvig, in
    "Beautiful Data", 2009).

    >>> read_word_counts(2)[0]
    {'the': 23135851162.0, 'of': 13151942776.0}
    """
    data = (files("wordsegment") / "unigrams.txt").read_bytes()
    pairs = (line.split("\t") for line in islice(io.StringIO(data.decode()), most))
    return {word: float(count) for word, count in pairs}, hashlib.sha256(data).hexdigest()


class WordList(NamedTuple):
    """Words, their frequencies, and the automaton that finds them."""

    words: list[str]  # sorted
    frequency: Floats  # (words,), sums to 1
    cells: Narrow  # (cells,) of the automaton
    cell: Ints  # (words,) the cell in which each word ends
    sha256: str  # of the file that holds them


def load_word_list(config: TrainConfig = DEFAULTS) -> WordList:
    """Return the most frequent English words that can occur in a label.

    >>> load_word_list(TrainConfig(vocabulary_size=4)).words
    ['and', 'of', 'the', 'to']
    """
    counted, digest = read_word_counts(config.vocabulary_size)
    words = [word for word in select_usable(counted) if len(word) <= config.longest_word]
    frequency = np.array([counted[word] for word in words])
    return WordList(words, frequency / frequency.sum(), *compile_tree(words), digest)


def fit_tables(labels: Sequence[str], words: WordList, config: TrainConfig = DEFAULTS) -> Tables:
    """Return the tables of legitimate labels, all without hyphens.

    >>> tables = fit_tables(["freemail", "mymail"], load_word_list(TrainConfig(vocabulary_size=50)))
    >>> compute_matrix(["mailfree", "xqzjkv"], ["trigram_mean", "cut_mean"], tables).round(1)
    array([[23.2, 35.1],
           [65.4, 70. ]])
    """
    return Tables(
        characters=fit_characters(labels, config),
        words=fit_words(labels, words, config),
        hyphens=False,
    )


def fit_characters(labels: Sequence[str], config: TrainConfig = DEFAULTS) -> CharacterModel:
    """Return the surprisal of characters after two and three others, by interpolated counts.

    The probability of c after a context is (n(context, c) + T p) / (n(context) + T), where T is
    the number of different characters seen after the context, and p the probability after the
    context without its first character (Witten and Bell, 1991, method C).
    """
    counts = _count_fourgrams(labels)
    threes = counts.sum(axis=0)
    twos, ones = threes.sum(axis=0), threes.sum(axis=(0, 1))
    p = (ones + 0.5) / (ones + 0.5).sum()
    third = _surprisal(_interpolate(threes, _interpolate(twos, p)))
    counts[counts < config.fourgram_least] = 0
    totals, distinct = counts.sum(axis=-1), (counts > 0).sum(axis=-1)
    step = _surprisal(np.where(totals > 0, distinct / np.maximum(totals + distinct, 1), 1))
    seen = _surprisal(_interpolate(counts, np.exp(-third / UNIT)))
    # In whole numbers, so that all 4-grams not seen after a context differ equally from their
    # 3-grams: such a table compresses well.
    fourth = np.where(counts > 0, seen, third + step[..., None]).clip(0, _HIGHEST)
    third, fourth = _ignore_before_edge(third), _ignore_before_edge(fourth)
    arrays = (third, fourth - third)
    return CharacterModel(*((x.astype(np.int64) % 256).astype(np.uint8).ravel() for x in arrays))


def fit_words(labels: Sequence[str], words: WordList, config: TrainConfig = DEFAULTS) -> Vocabulary:
    """Return the surprisal of words and single characters, by segmenting legitimate labels.

    Each round counts the arcs of the most probable segmentations so far (Viterbi training, near EM:
    Juang and Rabiner, IEEE Trans. ASSP 38(9), 1990); the list's frequencies remain as a prior.
    """
    letters = np.full(SIZE, 0.5)
    for batch in _batches(labels):
        letters += np.bincount(batch.codes, minlength=SIZE)
    letters[OTHER] = 0.5
    letters = letters / letters.sum()
    frequency, singles = words.frequency, config.single_share
    for _ in range(config.viterbi_rounds):
        vocabulary = _make_vocabulary(words, frequency * (1 - singles), letters * singles)
        by_cell, alone = _count_arcs(vocabulary, labels)
        counts = by_cell[words.cell] + config.prior_words * words.frequency
        frequency = counts / counts.sum()
        singles = (alone + 1) / (alone + by_cell.sum() + 2)
    return _make_vocabulary(words, frequency * (1 - singles), letters * singles)


def _make_vocabulary(listed: WordList, frequency: Floats, letters: Floats) -> Vocabulary:
    """Turn the probabilities of words, (words,), and characters, (SIZE,), into surprisal."""
    costs = np.full(SIZE + len(listed.cells), _HIGHEST, np.uint8)
    costs[:SIZE] = _surprisal(letters).clip(0, _HIGHEST)
    costs[SIZE + listed.cell] = _surprisal(frequency).clip(0, _HIGHEST)
    return Vocabulary(listed.cells, costs)


def _batches(labels: Sequence[str]) -> Iterator[Batch]:
    return (encode_labels(labels[i : i + CHUNK]) for i in range(0, len(labels), CHUNK))


def _count_arcs(words: Vocabulary, labels: Sequence[str]) -> tuple[Ints, int]:
    """Count each cell's word, and all single characters, in the most probable segmentations."""
    by_cell, alone = np.zeros(len(words.cells), np.int64), 0
    for batch in _batches(labels):
        features = BatchFeatures(batch, Tables(words=words))
        taken = find_best_arcs(features)
        first_word = len(features.arcs.start) - len(features.matches.start)
        alone += int(taken[:first_word].sum())
        cells = features.matches.cell[taken[first_word:]]
        by_cell += np.bincount(cells, minlength=len(by_cell))
    return by_cell, alone


def find_best_arcs(features: BatchFeatures) -> Bools:
    """Return whether each arc is part of a most probable segmentation, (arcs,).

    Walks back from the ends of the labels. Two segmentations of equal probability both count.
    """
    start, end, value = features.arcs
    score = features.viterbi_scores
    taken: Bools = score[start] + value == score[end]
    ends = np.zeros(features.size, np.bool_)
    ends[features.batch.starts + features.lengths] = True
    position = start - np.repeat(features.batch.starts, features.lengths + 1)[start]
    order = np.argsort(-position[taken].astype(np.int16), kind="stable")
    order = np.flatnonzero(taken)[order]
    bounds = np.cumsum(np.bincount(position[taken])[::-1]).tolist()
    for low, high in pairwise([0, *bounds]):
        arcs = order[low:high]
        used = ends[end[arcs]]
        taken[arcs] = used
        ends[start[arcs[used]]] = True
    return taken


def cross_fit(
    labels: Sequence[str], legitimate: Ints, words: WordList, config: TrainConfig = DEFAULTS
) -> tuple[Bytes, list[Tables]]:
    """Return the fold of each label, (labels,), and for each fold the tables made without it.

    legitimate holds the number of one row for each distinct legitimate label, which the tables
    count; malicious ones have folds too, so that both classes meet tables of one size.

    >>> config = TrainConfig(vocabulary_size=50, cross_fit_folds=2)
    >>> words, labels = load_word_list(config), ["google", "shop"]
    >>> fold, tables = cross_fit(labels, np.array([0, 1]), words, config)
    >>> fold.tolist(), compute_by_fold(labels, fold, ["trigram_mean"], tables).round(1).tolist()
    ([1, 0], [[57.6], [58.0]])
    """
    fold = assign_folds(labels, config.cross_fit_folds)
    parts = (legitimate[fold[legitimate] != k].tolist() for k in range(config.cross_fit_folds))
    return fold, [fit_tables([labels[i] for i in rows], words, config) for rows in parts]


def compute_by_fold(
    labels: Sequence[str], fold: Bytes, names: Sequence[str], tables: Sequence[Tables]
) -> Floats:
    """Return the named features of labels, (labels, names), each by the tables of its fold."""
    values = np.empty((len(labels), len(names)))
    for k, fold_tables in enumerate(tables):
        rows = np.flatnonzero(fold == k)
        values[rows] = compute_matrix([labels[i] for i in rows.tolist()], names, fold_tables)
    return values


def _count_fourgrams(labels: Sequence[str]) -> Floats:
    """Count four symbols in a row, (SYMBOLS,) * 4; three edges precede a label."""
    total = np.zeros(SYMBOLS**4)
    for i in range(0, len(labels), CHUNK):
        batch = encode_labels([x for label in labels[i : i + CHUNK] for x in ("", "", label)])
        total += np.bincount(window(batch, 4), minlength=total.size)
    counts = total.reshape((SYMBOLS,) * 4)
    counts[..., EDGE, EDGE] = 0  # of the empty labels between
    return counts


def _interpolate(counts: Floats, shorter: Floats) -> Floats:
    """Return P of the last symbol, given that after a context which is one shorter."""
    total = counts.sum(axis=-1, keepdims=True)
    distinct = (counts > 0).sum(axis=-1, keepdims=True)
    seen = (counts + distinct * shorter) / np.maximum(total + distinct, 1)
    return np.where(total > 0, seen, shorter)


def _surprisal(p: Floats) -> Floats:
    """Return -ln p in whole units, at most _HIGHEST."""
    return np.round(-np.log(p) * UNIT).clip(0, _HIGHEST)


def _ignore_before_edge(costs: Floats) -> Floats:
    """Make the surprisal behind an edge independent of the symbols before it: another label."""
    fixed = costs.copy()
    for place in range(costs.ndim - 2, 0, -1):
        at_edge: list[int | slice] = [slice(None)] * costs.ndim
        at_edge[place] = EDGE
        fixed[tuple(at_edge)] = fixed[(EDGE,) * (place + 1)]
    return fixed
