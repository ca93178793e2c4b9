"""What is computed of a label, as a number of Python for one and as arrays for a batch.

Here stands what both have in common, so that both give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log2
from typing import Generic, NamedTuple

from .array_types import Count
from .encoding import MAX_LENGTH

IDNA = "xn--"
STRETCH = 4  # characters, of the least likely ones that are shown
# c log2 c by the count c. Rounded to multiples of 2**-42: sums below 2**11 are then
# exact, so that a label's entropy does not depend on the order in which they are added.
C_LOG_C = [round(c * log2(max(c, 1)) * 2.0**42) / 2.0**42 for c in range(MAX_LENGTH + 1)]

# A cut of a label into words and single characters is a path from its start to its end.
# Where the sums of a path's value begin; squared lengths take the bits below the words.
COST_BIT, _SINGLES_BIT, _WORDS_BIT = 36, 24, 14
ONE_SINGLE, ONE_WORD = 1 << _SINGLES_BIT, 1 << _WORDS_BIT
UNREACHED = 1 << 62  # above every path's value; the sum of the two still fits


def pack_path_value(cost: Count, singles: int, words: int, squares: Count | int) -> Count:
    """The four sums of a path in one number: int, or int64 (n,).

    cost: in sixteenths of a nat; singles: characters in no word; squares: sum of the
    words' squared lengths. No sum runs into the next for a label of MAX_LENGTH
    characters and words of at most 63. The cost has the highest bits, so that one addition
    carries all four and one minimum compares them: first by cost, then by single characters,
    words, and squared lengths of words.
    """
    # Inner brackets: of arrays, one addition less.
    return (cost << COST_BIT) + ((singles << _SINGLES_BIT) + (words << _WORDS_BIT) + squares)


def unpack_path_value(value: Count) -> tuple[Count, Count, Count, Count]:
    """Cost, single characters, words and squared lengths of a path: int, or int64 (n,) each."""
    return (
        value >> COST_BIT,
        value >> _SINGLES_BIT & (1 << COST_BIT - _SINGLES_BIT) - 1,
        value >> _WORDS_BIT & (1 << _SINGLES_BIT - _WORDS_BIT) - 1,
        value & (1 << _WORDS_BIT) - 1,
    )


class Segmentation(NamedTuple, Generic[Count]):
    """What the cheapest segmentation of a label is made of: an int each, or int64 (labels,)."""

    cost: Count  # in sixteenths of a nat
    singles: Count  # characters in no word
    words: Count
    squares: Count  # sum of the words' squared lengths

    @classmethod
    def unpack(cls, value: Count) -> Segmentation[Count]:
        """Take apart the value of the cheapest path to a label's end: int, or int64 (labels,)."""
        return Segmentation(*unpack_path_value(value))


class Surprise(NamedTuple, Generic[Count]):
    """How unlikely a label's characters and its end are, each after those before it.

    Costs in sixteenths of a nat: an int each, or int64 (labels,).
    """

    total: Count  # over all characters and the end
    highest: Count  # of one character or the end, at most 255


class Reason(NamedTuple):
    """Why a label looks as it does to a model; None where the model has no such table."""

    segmentation: str | None  # words and the characters between them: "face|book"
    unlikely: str | None  # the stretch of characters that surprises most


def segmentation_text(label: str, backpointer: Callable[[int], int]) -> str:
    """A label with a bar between the parts of a segmentation; characters in no word stay together.

    backpointer(end): where the part begins that ends there, both from the label's start.
    """
    parts: list[str] = []
    at, inside = len(label), False
    while at:
        start = backpointer(at)
        single = at - start == 1
        if single and inside:
            parts[-1] = label[start] + parts[-1]
        else:
            parts.append(label[start:at])
        at, inside = start, single
    return "|".join(reversed(parts))
