"""A batch of labels as features see it, with what several of them need computed once."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from .character_counts import CONSONANT, DIGIT, PAIRS, CharacterCounts
from .encoding import ALPHABET, OTHER, SIZE, Batch
from .lexicon import Lexicon
from .ngrams import CharacterModel
from .protocol import C_LOG_C, IDNA, Surprise
from .segmentation import Arcs, Segmentation, all_arcs, viterbi
from .types import Bools, Bytes, Floats, Ints, NDArray
from .vocabulary import Matches, Vocabulary, Windows

T = TypeVar("T")


class Tables(NamedTuple):
    """What an artifact knows of words and characters; None: it has no such table."""

    lexicon: Lexicon | None = None
    characters: CharacterModel | None = None
    words: Vocabulary | None = None


class BatchFeatures:
    """An encoded batch and the tables to look at it with: the FeatureInputs of many labels."""

    def __init__(self, batch: Batch, tables: Tables) -> None:
        self.batch = batch
        self.tables = tables
        self.lengths = batch.lengths
        self.size = int((batch.lengths + 1).sum())
        self.codes = batch.codes[: self.size]  # each label with the mark that ends it

    @cached_property
    def safe_length(self) -> Ints:
        """See FeatureInputs."""
        return np.maximum(self.lengths, 1)

    @cached_property
    def bigram_count(self) -> Ints:
        """See FeatureInputs."""
        return np.maximum(self.lengths - 1, 1)

    @cached_property
    def character_counts(self) -> CharacterCounts:
        """See FeatureInputs."""
        before = np.empty(self.size, np.intp)
        before[:1] = OTHER * SIZE
        np.multiply(self.codes[:-1], SIZE, out=before[1:], dtype=np.intp)
        before += self.codes
        return CharacterCounts.of(np.add.reduceat(PAIRS.take(before), self.batch.starts))

    @cached_property
    def counts(self) -> Ints:
        """How often each character code stands in each label, int64 (labels, SIZE)."""
        n = len(self.lengths)
        owner = np.repeat(np.arange(0, n * SIZE, SIZE), self.lengths + 1)
        counts = np.bincount(owner + self.codes, minlength=n * SIZE).reshape(n, SIZE)
        counts[:, -1] -= 1  # the mark that ends each label
        return counts

    @cached_property
    def entropy_numerator(self) -> Floats:
        """See FeatureInputs."""
        counts = self.counts.ravel()
        repeated = np.flatnonzero(counts > 1)
        terms = C_LOG_C[counts[repeated]]
        surplus = np.bincount(repeated // SIZE, terms, minlength=len(self.lengths))
        entropy_numerator: Floats = C_LOG_C[self.lengths] - surplus
        return entropy_numerator

    @cached_property
    def distinct(self) -> Ints:
        """See FeatureInputs."""
        distinct: Ints = np.count_nonzero(self.counts, axis=1)
        return distinct

    @cached_property
    def consonant_run(self) -> Ints:
        """See FeatureInputs."""
        return self._longest(CONSONANT, self.character_counts.consonants)

    @cached_property
    def digit_run(self) -> Ints:
        """See FeatureInputs."""
        return self._longest(DIGIT, self.character_counts.digits)

    @cached_property
    def idna(self) -> Ints:
        """See FeatureInputs."""
        prefix = [ALPHABET.index(c) for c in IDNA]
        found = np.zeros(len(self.lengths), np.int64)
        where = np.flatnonzero(self.codes[self.batch.starts] == prefix[0])
        for place, code in enumerate(prefix):
            at = np.minimum(self.batch.starts[where] + place, self.size - 1)
            where = where[self.codes[at] == code]
        found[where] = 1
        return found

    @cached_property
    def surprisal(self) -> tuple[Bytes, Bytes]:
        """Cost of each character after two and after three before it, uint8 (size,) each."""
        return require(self.tables.characters).costs(self.batch)

    @cached_property
    def trigrams(self) -> Surprise:
        """See FeatureInputs."""
        return self._surprise(self.surprisal[0])

    @cached_property
    def fourgrams(self) -> Surprise:
        """See FeatureInputs."""
        return self._surprise(self.surprisal[1])

    @cached_property
    def windows(self) -> Windows:
        """Two and three characters from each on."""
        return Windows.of(self.batch)

    @cached_property
    def long(self) -> Matches:
        """The longer words of the word table in the batch."""
        return require(self.tables.words).long(self.batch, self.windows)

    @cached_property
    def matches(self) -> Matches:
        """All words of the word table in the batch, shorter ones first."""
        short = require(self.tables.words).short(self.windows)
        return Matches(*map(np.concatenate, zip(short, self.long, strict=True)))

    @cached_property
    def arcs(self) -> Arcs:
        """Words and single characters that a cut may be made of."""
        return all_arcs(self.batch, require(self.tables.words), self.matches)

    @cached_property
    def viterbi_scores(self) -> Ints:
        """The value of the cheapest path to each character and each end, (size,)."""
        return viterbi(self.batch, require(self.tables.words), self.windows, self.long)

    @cached_property
    def segmentation(self) -> Segmentation:
        """See FeatureInputs."""
        return Segmentation.of(self.viterbi_scores[self.batch.starts + self.lengths])

    @cached_property
    def word_matches(self) -> Ints:
        """See FeatureInputs."""
        if self.tables.words is None:
            return require(self.tables.lexicon).count(self.batch)
        return self.tables.words.count(self.batch, self.windows, self.long)

    def _sum(self, values: NDArray[np.generic]) -> Ints:
        """Sums of one value a character over each label, int64 (labels,)."""
        return np.add.reduceat(values, self.batch.starts, dtype=np.int64)

    def _surprise(self, costs: Bytes) -> Surprise:
        highest = np.maximum.reduceat(costs, self.batch.starts)
        return Surprise(self._sum(costs), highest.astype(np.int64))

    def _longest(self, kind: Bools, number: Ints) -> Ints:
        """The longest run of a kind in each label, of which number are there, int64 (labels,)."""
        stops = np.flatnonzero(~kind[self.codes])  # the mark that ends a label is one
        runs = np.diff(stops, prepend=-1) - 1
        each = self.lengths + 1 - number
        return np.maximum.reduceat(runs, np.cumsum(each) - each)


def require(table: T | None) -> T:
    """The table; raises ValueError if it is None."""
    if table is None:
        raise ValueError("a feature needs a table that the artifact does not have")
    return table
