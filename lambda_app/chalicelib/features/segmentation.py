"""The cheapest way to cut a label into words and single characters.

Each word has a cost, -ln P in sixteenths of a nat, and so has each character
that stands in no word. The best cut is found by dynamic programming over the
positions of a label (Viterbi, IEEE Trans. Information Theory 13(2), 1967), for
all labels of a batch at once.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .encoding import Batch
from .types import Bytes, Ints, NDArray
from .vocabulary import (
    COST_BIT,
    SHORT,
    SINGLE_BIT,
    UNREACHED,
    WORDS_BIT,
    Matches,
    Vocabulary,
    Windows,
    size,
)


class Segmentation(NamedTuple):
    """What the cheapest cut is made of: numbers of one label, or int64 (labels,)."""

    cost: Any  # sixteenths of a nat
    singles: Any  # characters in no word
    words: Any
    squares: Any  # sum of the words' squared lengths

    @classmethod
    def of(cls, value: Any) -> Segmentation:
        """Take apart the value of a path: an int, or int64 (labels,)."""
        return cls(
            value >> COST_BIT,
            value >> SINGLE_BIT & (1 << COST_BIT - SINGLE_BIT) - 1,
            value >> WORDS_BIT & (1 << SINGLE_BIT - WORDS_BIT) - 1,
            value & (1 << WORDS_BIT) - 1,
        )


class Arcs(NamedTuple):
    """What a cut may be made of: from where to where in the batch, and the value added."""

    start: NDArray[np.signedinteger[Any]]
    end: NDArray[np.signedinteger[Any]]
    value: Ints


class Columns:
    """A batch turned round: first characters, second ones and so on, longest labels first.

    What stands at one position of all labels is one slice, and what stands
    before it at the same places of the slice before: steps need no look-up.
    """

    def __init__(self, batch: Batch) -> None:
        order = np.argsort((255 - batch.lengths).astype(np.uint8), kind="stable")
        reach = np.bincount(batch.lengths, minlength=1)[::-1].cumsum()[::-1]
        self.bounds = [0, *np.cumsum(reach).tolist()]  # of the slices, the ends' included
        starts = batch.starts[order]
        self.place = np.empty(self.bounds[-1], np.intp)  # in the batch
        for position, (low, high) in enumerate(pairwise(self.bounds)):
            np.add(starts[: high - low], position, out=self.place[low:high])

    def back(self) -> NDArray[np.intp]:
        """Where each character of the batch is among the columns, intp (size,)."""
        back = np.empty_like(self.place)
        back[self.place] = np.arange(len(back))
        return back


def viterbi(batch: Batch, words: Vocabulary, windows: Windows, long: Matches) -> Ints:
    """The value of the cheapest path to every character and every end of a batch, (size,)."""
    columns = Columns(batch)
    place, bounds = columns.place, columns.bounds
    best = np.full(len(place), UNREACHED)
    best[: len(batch.starts)] = 0
    keys: tuple[NDArray[Any], ...] = (batch.codes, windows.two, windows.three)
    steps = [value.take(key[place]) for value, key in zip(words.values, keys, strict=True)]
    jump = _jumps(columns, words, long)
    for position, (low, high) in enumerate(pairwise(bounds)):
        for length in range(1, min(position, SHORT) + 1):
            before = bounds[position - length]
            there = slice(before, before + high - low)
            here = best[low:high]
            np.minimum(here, best[there] + steps[length - 1][there], out=here)
        if position < len(jump):
            start, end, value = jump[position]
            best[end] = np.minimum(best[end], best[start] + value)
    reached = np.empty_like(best)
    reached[place] = best
    return reached


def _jumps(columns: Columns, words: Vocabulary, long: Matches) -> list[Arcs]:
    """The steps of long words, of each position, between places in the columns.

    Those of one position are of different labels or lengths, so that no two of
    them lead to the same place.
    """
    back = columns.back()
    start = back[long.start]
    order = np.argsort(start, kind="stable")
    start = start[order]
    end = back[long.end][order]
    value = words.value(long.cell, long.end - long.start)[order]
    split = np.searchsorted(start, columns.bounds).tolist()
    return [Arcs(start[i:j], end[i:j], value[i:j]) for i, j in pairwise(split)]


def all_arcs(batch: Batch, words: Vocabulary, matches: Matches) -> Arcs:
    """Every character by itself and all words found, in this order."""
    inside = np.ones(size(batch), np.bool_)
    inside[batch.starts + batch.lengths] = False  # the marks that end labels
    where = np.flatnonzero(inside).astype(np.int32)
    return Arcs(
        np.concatenate([where, matches.start]),
        np.concatenate([where + 1, matches.end]),
        np.concatenate(
            [
                words.values[0][batch.codes[where]],
                words.value(matches.cell, matches.end - matches.start),
            ]
        ),
    )


def positions(batch: Batch) -> Bytes:
    """Place of each character of a batch within its label, from 0, (size,)."""
    place = np.arange(size(batch)) - np.repeat(batch.starts, batch.lengths + 1)
    return place.astype(np.uint8)
