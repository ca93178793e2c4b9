"""The features of a label, in one registry that training and serving share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .encoding import ALPHABET, MAX_LENGTH, OTHER, SIZE, Batch, encode
from .lexicon import Lexicon

CHUNK = 8192  # labels computed together: their intermediate arrays fit a cache

Floats = NDArray[np.float64]


class Feature(NamedTuple):
    """A column: its name, what it means, and its values for a batch."""

    name: str
    meaning: str
    compute: Callable[[Batch, Lexicon], Floats | NDArray[np.int64]]


def length(batch: Batch, lexicon: Lexicon) -> NDArray[np.int64]:
    """Characters, (labels,)."""
    return batch.lengths


def entropy(batch: Batch, lexicon: Lexicon) -> Floats:
    """Shannon entropy of a label's characters in bits, (labels,).

    (n log2 n - sum(c log2 c)) / n over the counts c of its n characters, equal
    to -sum(p log2 p) (Shannon 1948). All characters outside the alphabet count
    as one symbol.
    """
    n = len(batch.lengths)
    owner = np.repeat(np.arange(0, n * SIZE, SIZE), batch.lengths + 1)
    counts = np.bincount(owner + batch.codes[: owner.size], minlength=n * SIZE)
    counts[OTHER::SIZE] -= 1  # the mark that ends each label
    repeated = np.flatnonzero(counts > 1)
    surplus = np.bincount(repeated // SIZE, _C_LOG_C[counts[repeated]], minlength=n)
    size = np.maximum(batch.lengths, 1)
    bits: Floats = (_C_LOG_C[size] - surplus) / size
    return bits


def p_vowels(batch: Batch, lexicon: Lexicon) -> Floats:
    """Share of a, e, i, o and u among the characters, (labels,)."""
    vowels = np.add.reduceat(_IS_VOWEL[batch.codes], batch.starts, dtype=np.int64)
    share: Floats = vowels / np.maximum(batch.lengths, 1)
    return share


def num_words(batch: Batch, lexicon: Lexicon) -> NDArray[np.int64]:
    """Substrings of two characters or more that are words, (labels,)."""
    return lexicon.count(batch)


REGISTRY = {
    feature.name: feature
    for feature in (
        Feature("length", "characters", length),
        Feature("entropy", "Shannon entropy of the characters, in bits", entropy),
        Feature("p_vowels", "share of the vowels a, e, i, o, u", p_vowels),
        Feature("num_words", "substrings that are dictionary words", num_words),
    )
}
SETS = {"classic": ("length", "entropy", "p_vowels", "num_words")}


def chunks(
    labels: Sequence[str], names: Sequence[str], lexicon: Lexicon
) -> Iterator[list[Floats | NDArray[np.int64]]]:
    """The named columns of CHUNK labels at a time; raises KeyError for an unknown name."""
    for start in range(0, len(labels), CHUNK):
        batch = encode(labels[start : start + CHUNK])
        yield [REGISTRY[name].compute(batch, lexicon) for name in names]


def matrix(labels: Sequence[str], names: Sequence[str], lexicon: Lexicon) -> Floats:
    """The named features of all labels, float64 (labels, names)."""
    table = np.empty((len(labels), len(names)))
    for i, columns in enumerate(chunks(labels, names, lexicon)):
        for j, column in enumerate(columns):
            table[i * CHUNK : (i + 1) * CHUNK, j] = column
    return table


_IS_VOWEL = np.array([character in "aeiou" for character in ALPHABET] + [False])
# Rounded to multiples of 2**-42: sums below 2**11 are then exact, so that a
# label's entropy does not depend on the order in which its terms are added.
_COUNT = np.arange(MAX_LENGTH + 1)
_C_LOG_C = np.round(_COUNT * np.log2(np.maximum(_COUNT, 1)) * 2.0**42) / 2.0**42
