"""How often each kind of character stands in a label, all counted in one sum.

Every two neighbouring characters have a number whose fields of BITS bits say what the second is
and whether its kind differs from the first's. Their sum over a label counts all fields at once;
none runs into the next, as a label has at most MAX_LENGTH characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Generic, NamedTuple

from ..names.array_types import Count
from ..names.encoding import ALPHABET

BITS = 9


def _kind(characters: str) -> list[bool]:
    """Return whether each of the SIZE character codes is of a kind."""
    return [character in characters for character in ALPHABET] + [False]


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
        """Unpack the sum of PAIRS over the neighbours of a label: int, or int64 (labels,)."""
        fields = range(len(cls._fields))
        return CharacterCounts(*(packed >> BITS * i & (1 << BITS) - 1 for i in fields))


def _pack(fields: Iterable[bool]) -> int:
    return sum(field << BITS * i for i, field in enumerate(fields))


@cache
def _row(vowel: bool, consonant: bool, digit: bool) -> list[int]:
    """Return the numbers of every character code after a character of this kind."""
    row = []
    for kinds in zip(VOWEL, CONSONANT, DIGIT, _RARE, _HYPHEN, strict=True):
        letter = kinds[0] or kinds[1]
        switch = (digit and letter) or ((vowel or consonant) and kinds[2])
        alternation = (vowel and kinds[1]) or (consonant and kinds[0])
        row.append(_pack((*kinds, switch, alternation)))
    return row


# By the codes of the first and the second character, SIZE * SIZE.
PAIRS = [number for kinds in zip(VOWEL, CONSONANT, DIGIT, strict=True) for number in _row(*kinds)]
