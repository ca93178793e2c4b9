"""Quantities that one label and a batch share, so that both give the same bits."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import log2
from typing import Generic, NamedTuple

from ..names.array_types import Count
from ..names.encoding import ALPHABET, MAX_LENGTH

UNLIKELY_LENGTH = 4  # characters of the least likely substring that is shown
EXCESS = 40  # cost of a character from which on it counts against a substring: 2.5 nats
WORST = 12  # characters of the substring whose costs are summed
HEX_SCORES = [1 if c in "0123456789abcdef" else -2 for c in ALPHABET] + [-2]
# c log2 c by the count c, in multiples of 2**-42: sums below 2**11 are exact in any order.
C_LOG_C = [round(c * log2(max(c, 1)) * 2.0**42) / 2.0**42 for c in range(MAX_LENGTH + 1)]

# Every two neighbouring characters have a number whose fields of FIELD_BITS bits say what the
# second is and whether its kind differs from the first's. Their sum over a label counts all fields
# at once; none runs into the next, as a label has at most MAX_LENGTH characters.
FIELD_BITS = 9


class CharacterCounts(NamedTuple, Generic[Count]):
    """Characters of a kind and changes between kinds: an int each, or int64 (labels,)."""

    vowels: Count  # a, e, i, o and u
    digits: Count
    alternations: Count  # a vowel after a consonant, or a consonant after a vowel

    @classmethod
    def unpack(cls, packed: Count) -> CharacterCounts[Count]:
        """Unpack the sum of NEIGHBOURS over the neighbours of a label: int, or int64 (labels,)."""
        fields = range(len(cls._fields))
        return CharacterCounts(*(packed >> FIELD_BITS * i & (1 << FIELD_BITS) - 1 for i in fields))


def _find_kind(character: str) -> str:
    if character.isalpha():
        return "vowel" if character in "aeiou" else "consonant"
    return "digit" if character.isdigit() else ""


@cache
def _pack_neighbours(before: str, kind: str) -> int:
    """Return the number of a character of a kind after one of another."""
    kinds = {before, kind}
    fields = (kind == "vowel", kind == "digit", kinds == {"vowel", "consonant"})
    return sum(field << FIELD_BITS * i for i, field in enumerate(fields))


_KINDS = [*map(_find_kind, ALPHABET), ""]  # by character code
# By the codes of the first and the second character, SIZE * SIZE.
NEIGHBOURS = [_pack_neighbours(before, kind) for before in _KINDS for kind in _KINDS]

# A segmentation into words and single characters is a path from a label's start to its end. These
# are the lowest bits of the sums in a path's value; squared lengths are below the words.
COST_BIT, _SINGLES_BIT, _WORDS_BIT = 36, 24, 14
ONE_SINGLE, ONE_WORD = 1 << _SINGLES_BIT, 1 << _WORDS_BIT
UNREACHED = 1 << 62  # above every path's value; their sum still fits


def pack_path_value(cost: Count, singles: int, words: int, squares: Count | int) -> Count:
    """Pack the four sums of a path, see Segmentation, into one number: int, or int64 (n,).

    No sum runs into the next for a label of MAX_LENGTH characters. The cost has the highest bits,
    so that one addition carries all four and one minimum compares them, first by cost.

    >>> Segmentation.unpack(pack_path_value(100, 2, 1, 16) + pack_path_value(20, 1, 0, 0))
    Segmentation(cost=120, singles=3, words=1, squares=16)
    """
    # The inner brackets save arrays one addition.
    return (cost << COST_BIT) + ((singles << _SINGLES_BIT) + (words << _WORDS_BIT) + squares)


class Segmentation(NamedTuple, Generic[Count]):
    """The sums of a label's cheapest segmentation: int each, or int64 (labels,)."""

    cost: Count  # in sixteenths of a nat
    singles: Count  # characters in no word
    words: Count
    squares: Count  # sum of the words' squared lengths

    @classmethod
    def unpack(cls, value: Count) -> Segmentation[Count]:
        """Unpack the value of a path, see pack_path_value()."""
        return Segmentation(
            value >> COST_BIT,
            value >> _SINGLES_BIT & (1 << COST_BIT - _SINGLES_BIT) - 1,
            value >> _WORDS_BIT & (1 << _SINGLES_BIT - _WORDS_BIT) - 1,
            value & (1 << _WORDS_BIT) - 1,
        )


def highest_segment(scores: Iterable[int]) -> int:
    """Return the highest sum of neighbouring scores, 0 if none is positive.

    The maximal scoring segment (Karlin and Altschul, PNAS 87, 1990), by Kadane (CACM 27(9), 1984).

    >>> highest_segment([1, -5, 2, -1, 3, -9])
    4
    """
    highest = here = 0
    for score in scores:
        here = max(here + score, 0)
        highest = max(highest, here)
    return highest
