"""The inputs of the features for a batch of labels; what several features need is kept."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..names.array_types import Bytes, Floats, Ints
from ..names.encoding import ALPHABET, IDNA, OTHER, SIZE, Batch
from . import quantities
from .arrays import Matches, Windows
from .language_tables import Tables, require
from .quantities import COST_BIT, EXCESS, HEX_SCORES, WORST, CharacterCounts, Segmentation
from .segmentation import Arcs, all_arcs, viterbi

_NEIGHBOURS = np.array(quantities.NEIGHBOURS, np.int64)
_C_LOG_C = np.array(quantities.C_LOG_C)
_HEX_SCORES = np.array(HEX_SCORES)
_APART = 1 << 20  # more than the scores of two labels together can be


class BatchFeatures:
    """The inputs of the features for all labels of a batch: arrays.

    A property is computed when it is first needed, then kept. LabelFeatures has the same for one
    label as numbers of Python, many times faster there: NumPy's cost is in calls, not in numbers.
    Costs are in sixteenths of a nat. Shape (size,): a place for each character and label's end.

    >>> from malicious_domains import Scorer
    >>> from malicious_domains.names.encoding import encode_labels
    >>> tables = Scorer.load().artifact.tables
    >>> features = BatchFeatures(encode_labels(["google", "xmqjtoevkbhrw"]), tables)
    >>> features.word_matches.tolist(), features.segmentation.words.tolist()
    ([7, 12], [1, 5])
    >>> len(features.arcs.start)
    38
    """

    def __init__(self, batch: Batch, tables: Tables) -> None:
        """Take a batch and tables; a property that needs one that is None raises ValueError."""
        self.batch = batch
        self.tables = tables
        self.lengths = batch.lengths
        self.safe_length = np.maximum(self.lengths, 1)  # to divide by, as the next one
        self.bigram_count = np.maximum(self.lengths - 1, 1)  # pairs of neighbouring characters
        self.size = batch.size
        self.codes = batch.codes[: self.size]  # each label with its terminator

    @cached_property
    def character_counts(self) -> CharacterCounts[Ints]:
        """Characters by kind, and changes between kinds, int64 (labels,) each."""
        before = np.empty(self.size, np.intp)
        before[:1] = OTHER * SIZE
        np.multiply(self.codes[:-1], SIZE, out=before[1:], dtype=np.intp)
        before += self.codes
        packed: Ints = np.add.reduceat(_NEIGHBOURS.take(before), self.batch.starts)
        return CharacterCounts.unpack(packed)

    @cached_property
    def entropy_numerator(self) -> Floats:
        """Shannon entropy of each label times its n characters, float64 (labels,).

        n log2 n - sum(c log2 c) over the counts c of the distinct characters, in bits.
        """
        n = len(self.lengths)
        owner = np.repeat(np.arange(0, n * SIZE, SIZE), self.lengths + 1)
        counts = np.bincount(owner + self.codes, minlength=n * SIZE)
        counts[OTHER::SIZE] -= 1  # each label's terminator
        repeated = np.flatnonzero(counts > 1)
        terms = _C_LOG_C[counts[repeated]]
        surplus = np.bincount(repeated // SIZE, terms, minlength=n)
        entropy_numerator: Floats = _C_LOG_C[self.lengths] - surplus
        return entropy_numerator

    @cached_property
    def idna(self) -> Ints:
        """1 where the label begins with xn--, else 0, int64 (labels,)."""
        prefix = [ALPHABET.index(c) for c in IDNA]
        starts_with = np.zeros(len(self.lengths), np.int64)
        where = np.flatnonzero(self.codes[self.batch.starts] == prefix[0])
        for place, code in enumerate(prefix):
            at = np.minimum(self.batch.starts[where] + place, self.size - 1)
            where = where[self.codes[at] == code]
        starts_with[where] = 1
        return starts_with

    @cached_property
    def surprisal(self) -> tuple[Bytes, Bytes]:
        """Costs of each character and end after two and after three before it, uint8 (size,) each.

        Raises ValueError without a character model, as all that is made of them.
        """
        return require(self.tables.characters).arrays.costs(self.batch)

    @cached_property
    def trigram_sum(self) -> Ints:
        """Total cost after two characters, int64 (labels,)."""
        return np.add.reduceat(self.surprisal[0], self.batch.starts, dtype=np.int64)

    @cached_property
    def fourgram_sum(self) -> Ints:
        """Total cost after three characters, int64 (labels,)."""
        return np.add.reduceat(self.surprisal[1], self.batch.starts, dtype=np.int64)

    @cached_property
    def trigram_excess(self) -> Ints:
        """Highest sum over a substring of trigram costs above EXCESS, int64 (labels,)."""
        return self._highest_segment(self.surprisal[0].astype(np.int64) - EXCESS)

    @cached_property
    def fourgram_excess(self) -> Ints:
        """Highest sum over a substring of fourgram costs above EXCESS, int64 (labels,)."""
        return self._highest_segment(self.surprisal[1].astype(np.int64) - EXCESS)

    @cached_property
    def trigram_worst(self) -> Ints:
        """Highest sum of the trigram costs of WORST neighbours, of which a label's end is one."""
        sums = np.zeros(self.size + 1, np.int64)
        np.cumsum(self.surprisal[0], out=sums[1:])
        first = np.repeat(self.batch.starts, self.lengths + 1)
        np.maximum(first, np.arange(1 - WORST, self.size + 1 - WORST), out=first)
        return np.maximum.reduceat(sums[1:] - sums[first], self.batch.starts)

    @cached_property
    def cut_excess(self) -> Ints:
        """Highest sum over a substring of segmentation costs above EXCESS, int64 (labels,).

        A character costs the difference between the cheapest segmentations up to it and up to the
        one before. Raises ValueError without a vocabulary.
        """
        costs = np.diff(self.viterbi_scores >> COST_BIT, append=0)
        return self._highest_segment(costs - EXCESS)

    @cached_property
    def hex_run(self) -> Ints:
        """Characters of the longest hexadecimal substring, less two for each other one in it."""
        return self._highest_segment(_HEX_SCORES[self.codes])

    @cached_property
    def windows(self) -> Windows:
        """Each character with the next one or two, as one number, intp (size,) each."""
        return Windows.of(self.batch)

    @cached_property
    def long(self) -> Matches:
        """All words of the vocabulary, else of the lexicon, with more than three characters."""
        words = require(self.tables.words or self.tables.lexicon)
        return words.arrays.long(self.batch, self.windows)

    @cached_property
    def matches(self) -> Matches:
        """All words of the vocabulary, shorter ones first."""
        short = require(self.tables.words).arrays.short(self.windows)
        return Matches(*map(np.concatenate, zip(short, self.long, strict=True)))

    @cached_property
    def arcs(self) -> Arcs:
        """The single characters, then the words, that a segmentation may be made of."""
        return all_arcs(self.batch, require(self.tables.words).arrays, self.matches)

    @cached_property
    def viterbi_scores(self) -> Ints:
        """The value of the cheapest path to each character and each end, int64 (size,)."""
        return viterbi(self.batch, require(self.tables.words).arrays, self.windows, self.long)

    @cached_property
    def segmentation(self) -> Segmentation[Ints]:
        """Sums of each label's cheapest segmentation; raises ValueError without a vocabulary."""
        return Segmentation.unpack(self.viterbi_scores[self.batch.starts + self.lengths])

    @cached_property
    def word_matches(self) -> Ints:
        """Substrings of two characters or more that are words, int64 (labels,).

        Those of the vocabulary, or else of the lexicon; raises ValueError if there is neither.
        """
        words = require(self.tables.words or self.tables.lexicon)
        return words.arrays.count(self.batch, self.windows, self.long)

    def _highest_segment(self, scores: Ints) -> Ints:
        """Return quantities.highest_segment() of each label, int64 (labels,).

        scores (size,) are changed: those of terminators become so low that no sum of a label
        reaches into the next one.
        """
        scores[self.batch.starts + self.lengths] = -_APART
        sums = np.cumsum(scores)
        before = np.minimum.accumulate(sums - scores)
        return np.maximum.reduceat(sums - before, self.batch.starts).clip(min=0)
