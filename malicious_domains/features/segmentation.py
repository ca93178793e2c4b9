"""The cheapest way to cut a label into words and single characters.

Each word has a cost, -ln P in sixteenths of a nat, and so has each character
that stands in no word; the cost of a cut is their sum. Words and characters are
the arcs of a lattice over the positions of a label, and a cut is a path through
it. The cheapest is found by dynamic programming over the positions (Viterbi,
IEEE Trans. Information Theory 13(2), 1967), for all labels of a batch at once.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .array_types import Bytes, Ints, NDArray
from .arrays import SHORT, Matches, VocabularyArrays, Windows, size
from .encoding import Batch
from .quantities import UNREACHED


class Arcs(NamedTuple):
    """Words and single characters that cuts may be made of, (arcs,) each."""

    start: NDArray[np.signedinteger[Any]]  # the place of the first character
    end: NDArray[np.signedinteger[Any]]  # one past the last character
    value: Ints  # what the arc adds to a path's value


class PositionMajor:
    """A batch turned round: first characters, second ones and so on, longest labels first.

    What stands at one position of all labels is one slice, and what stands
    before it at the same places of the slice before: arcs need no look-up.
    """

    def __init__(self, batch: Batch) -> None:
        """Take an encoded batch; the mark that ends a label counts as its last position."""
        order = np.argsort((255 - batch.lengths).astype(np.uint8), kind="stable")
        reach = np.bincount(batch.lengths, minlength=1)[::-1].cumsum()[::-1]
        self.bounds = [0, *np.cumsum(reach).tolist()]  # of the slices, the ends' included
        starts = batch.starts[order]
        self.place = np.empty(self.bounds[-1], np.intp)  # in the batch, of each
        for position, (low, high) in enumerate(pairwise(self.bounds)):
            np.add(starts[: high - low], position, out=self.place[low:high])

    def inverse(self) -> NDArray[np.intp]:
        """Where each character of the batch stands here, intp (size,): the inverse of place."""
        inverse = np.empty_like(self.place)
        inverse[self.place] = np.arange(len(inverse))
        return inverse


def viterbi(batch: Batch, words: VocabularyArrays, windows: Windows, long: Matches) -> Ints:
    """The value of the cheapest path to every character and end of a batch, int64 (size,).

    windows and long are those of the batch and the words: Windows.of(batch) and
    words.long(batch, windows). For the value see quantities.pack_path_value.
    """
    turned = PositionMajor(batch)
    place, bounds = turned.place, turned.bounds
    best = np.full(len(place), UNREACHED)
    best[: len(batch.starts)] = 0
    keys: tuple[NDArray[Any], ...] = (batch.codes, windows.two, windows.three)
    short_arcs = [value.take(key[place]) for value, key in zip(words.values, keys, strict=True)]
    long_arcs = _long_arcs(turned, words, long)
    for position, (low, high) in enumerate(pairwise(bounds)):
        for length in range(1, min(position, SHORT) + 1):
            first = bounds[position - length]
            before = slice(first, first + high - low)
            here = best[low:high]
            np.minimum(here, best[before] + short_arcs[length - 1][before], out=here)
        if position < len(long_arcs):
            start, end, value = long_arcs[position]
            best[end] = np.minimum(best[end], best[start] + value)
    scores = np.empty_like(best)
    scores[place] = best
    return scores


def _long_arcs(turned: PositionMajor, words: VocabularyArrays, long: Matches) -> list[Arcs]:
    """The arcs of long words by the position that they start at, between places in turned.

    Those of one position are of different labels or lengths, so that no two of
    them lead to the same place.
    """
    inverse = turned.inverse()
    start = inverse[long.start]
    order = np.argsort(start, kind="stable")
    start = start[order]
    end = inverse[long.end][order]
    value = words.value(long.cell, long.end - long.start)[order]
    split = np.searchsorted(start, turned.bounds).tolist()
    return [Arcs(start[i:j], end[i:j], value[i:j]) for i, j in pairwise(split)]


def all_arcs(batch: Batch, words: VocabularyArrays, matches: Matches) -> Arcs:
    """The arcs of every character by itself and of all words found, in this order.

    matches: all words that the batch holds. Places are those in the batch.
    """
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
    """The place of each character and end of a batch within its label, from 0, uint8 (size,)."""
    place = np.arange(size(batch)) - np.repeat(batch.starts, batch.lengths + 1)
    return place.astype(np.uint8)
