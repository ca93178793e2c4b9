"""What features are computed from: quantities of a whole batch, or of one label."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from .character_counts import CharacterCounts
from .encoding import MAX_LENGTH
from .segmentation import Segmentation

IDNA = "xn--"
# c log2 c by the count c. Rounded to multiples of 2**-42: sums below 2**11 are then
# exact, so that a label's entropy does not depend on the order in which they are added.
_COUNT = np.arange(MAX_LENGTH + 1)
C_LOG_C = np.round(_COUNT * np.log2(np.maximum(_COUNT, 1)) * 2.0**42) / 2.0**42


class Surprise(NamedTuple):
    """Costs of a label's characters and its end, sixteenths of a nat: numbers, or (labels,)."""

    total: Any
    highest: Any


class FeatureInputs(Protocol):
    """What features are made of: arrays (labels,) of a batch, or numbers of one label."""

    @property
    def lengths(self) -> Any:
        """Characters."""

    @property
    def safe_length(self) -> Any:
        """The same, but at least 1: what shares are shares of."""

    @property
    def bigram_count(self) -> Any:
        """Neighbours, at least 1."""

    @property
    def character_counts(self) -> CharacterCounts:
        """Characters by kind."""

    @property
    def entropy_numerator(self) -> Any:
        """n log2 n - sum(c log2 c) over the counts c of n characters."""

    @property
    def distinct(self) -> Any:
        """Distinct characters."""

    @property
    def consonant_run(self) -> Any:
        """The longest run of consonants."""

    @property
    def digit_run(self) -> Any:
        """The longest run of digits."""

    @property
    def idna(self) -> Any:
        """1 where the label begins with IDNA, else 0."""

    @property
    def trigrams(self) -> Surprise:
        """Costs after two characters."""

    @property
    def fourgrams(self) -> Surprise:
        """Costs after three characters."""

    @property
    def word_matches(self) -> Any:
        """Substrings that are words: of the word table, or of the lexicon."""

    @property
    def segmentation(self) -> Segmentation:
        """What the cheapest cut is made of."""
