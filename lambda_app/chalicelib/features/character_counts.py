"""Kinds of characters, and how often each stands in a label, all counted in one sum.

Every two neighbouring characters have a number whose fields of BITS bits say
what the second one is and whether it is of another kind than the first. Sums of
these numbers over a label count all fields at once; none runs into the next, as
a label has MAX_LENGTH characters at most.
"""

from __future__ import annotations

from typing import Generic, NamedTuple

import numpy as np

from .encoding import ALPHABET, SIZE
from .types import Bools, Count, Ints

BITS = 9


def _kind(characters: str) -> Bools:
    """Which character codes are of a kind, bool (SIZE,)."""
    return np.array([character in characters for character in ALPHABET] + [False])


VOWEL = _kind("aeiou")
CONSONANT = _kind("bcdfghjklmnpqrstvwxyz")
DIGIT = _kind("0123456789")
_RARE = _kind("jqxz")
_HYPHEN = _kind("-")


class CharacterCounts(NamedTuple, Generic[Count]):
    """Characters of each kind and changes between kinds: an int each, or int64 (labels,)."""

    vowels: Count  # a, e, i, o and u
    consonants: Count
    digits: Count
    rare: Count  # j, q, x and z
    hyphens: Count
    switches: Count  # a letter after a digit, or a digit after a letter
    alternations: Count  # a vowel after a consonant, or a consonant after a vowel

    @classmethod
    def unpack(cls, packed: Count) -> CharacterCounts[Count]:
        """Take apart the sum of PAIRS over the neighbours of a label: int, or int64 (labels,)."""
        fields = range(len(cls._fields))
        return CharacterCounts(*(packed >> BITS * i & (1 << BITS) - 1 for i in fields))


def _pairs() -> Ints:
    """The number with the fields of every two characters in a row, int64 (SIZE * SIZE,)."""
    shape = (SIZE, SIZE)
    fields = [np.broadcast_to(x, shape) for x in (VOWEL, CONSONANT, DIGIT, _RARE, _HYPHEN)]
    fields += [_changes(DIGIT, VOWEL | CONSONANT), _changes(VOWEL, CONSONANT)]
    bits = range(0, BITS * len(fields), BITS)
    table = sum(x.astype(np.int64) << bit for x, bit in zip(fields, bits, strict=True))
    return np.asarray(table).ravel()


def _changes(one: Bools, other: Bools) -> Bools:
    """Which two characters in a row are of one kind and the other, bool (SIZE, SIZE)."""
    return one[:, None] & other | other[:, None] & one


PAIRS = _pairs()  # int64 (SIZE * SIZE,), by the codes of the first and the second character
