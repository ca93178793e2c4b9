"""What features are computed from, the same for a whole batch and for one label.

Two classes fulfil `FeatureInputs`. `batch.BatchFeatures` takes all labels of a batch at
once and gives arrays; `single.LabelFeatures` takes one label and gives plain numbers of
Python, because NumPy pays for a call and not for a number. The features of `registry`
are written once for both, and tests hold both to the same bits.

A cost, wherever one is named here, is -ln P of a word or of a character, as a language
model of legitimate names gives it, in sixteenths of a nat, rounded to a whole number
from 0 to 255: 16 is a chance of 1 in e, 255 one of about 1 in 8,000,000 or less.
"""

from __future__ import annotations

from typing import Protocol

from .array_types import Floats, Ints
from .character_counts import CharacterCounts
from .quantities import Segmentation, Surprise


class FeatureInputs(Protocol):
    """What features are made of: of a batch arrays (labels,), of one label plain numbers."""

    @property
    def lengths(self) -> int | Ints:
        """Characters of the label: int, or int64 (labels,), from 0 to MAX_LENGTH."""

    @property
    def safe_length(self) -> int | Ints:
        """Characters of the label, but at least 1, to divide by: int, or int64 (labels,)."""

    @property
    def bigram_count(self) -> int | Ints:
        """Pairs of neighbouring characters, but at least 1: int, or int64 (labels,)."""

    @property
    def character_counts(self) -> CharacterCounts[int] | CharacterCounts[Ints]:
        """Characters by kind, and changes between kinds: int each, or int64 (labels,)."""

    @property
    def entropy_numerator(self) -> float | Floats:
        """Shannon entropy times the number n of characters: float, or float64 (labels,).

        n log2 n - sum(c log2 c) over the counts c of the distinct characters, in bits.
        """

    @property
    def distinct(self) -> int | Ints:
        """Distinct characters; all outside the alphabet are one: int, or int64 (labels,)."""

    @property
    def consonant_run(self) -> int | Ints:
        """Characters of the longest run of consonants: int, or int64 (labels,)."""

    @property
    def digit_run(self) -> int | Ints:
        """Characters of the longest run of digits: int, or int64 (labels,)."""

    @property
    def idna(self) -> int | Ints:
        """1 where the label begins with xn--, else 0: int, or int64 (labels,)."""

    @property
    def trigrams(self) -> Surprise[int] | Surprise[Ints]:
        """Costs of each character and the end after two characters: int, or int64 (labels,).

        Raises ValueError if the artifact has no language model of characters.
        """

    @property
    def fourgrams(self) -> Surprise[int] | Surprise[Ints]:
        """Costs of each character and the end after three characters: int, or int64 (labels,).

        Raises ValueError if the artifact has no language model of characters.
        """

    @property
    def word_matches(self) -> int | Ints:
        """Substrings of two characters or more that are words: int, or int64 (labels,).

        Of the vocabulary if the artifact has one, else of its lexicon; raises ValueError
        if it has neither.
        """

    @property
    def segmentation(self) -> Segmentation[int] | Segmentation[Ints]:
        """What the cheapest segmentation into words is made of: int each, or int64 (labels,).

        Raises ValueError if the artifact has no vocabulary.
        """
