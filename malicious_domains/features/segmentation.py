"""The cheapest segmentation of a label into words and single characters.

Each word has a cost, -ln P in sixteenths of a nat, and so has each character in no word; the cost
of a segmentation is their sum. Words and characters are arcs between the positions of a label, a
segmentation is a path, and the cheapest is found by dynamic programming (Viterbi, IEEE Trans.
Information Theory 13(2), 1967), for all labels of a batch at once.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..names.array_types import Ints, NDArray
from ..names.encoding import Batch
from .arrays import SHORT, Matches, VocabularyArrays, Windows
from .quantities import UNREACHED


class Arcs(NamedTuple):
    """Words and single characters as arcs, (arcs,) each."""

    start: NDArray[np.signedinteger[Any]]  # the place of the first character
    end: NDArray[np.signedinteger[Any]]  # one past the last character
    value: Ints  # added to the path's value


class PositionMajor:
    """A batch transposed: first characters, second ones and so on, longest labels first.

    The characters at one position are a slice, parallel to the one before: arcs need no look-up.
    """

    def __init__(self, batch: Batch) -> None:
        """Take an encoded batch; the terminator of a label is its last position."""
        order = np.argsort((255 - batch.lengths).astype(np.uint8), kind="stable")
        reach = np.bincount(batch.lengths, minlength=1)[::-1].cumsum()[::-1]
        self.bounds = [0, *np.cumsum(reach).tolist()]  # of the slices
        starts = batch.starts[order]
        self.place = np.empty(self.bounds[-1], np.intp)  # of each in the batch
        for position, (low, high) in enumerate(pairwise(self.bounds)):
            np.add(starts[: high - low], position, out=self.place[low:high])


def viterbi(batch: Batch, words: VocabularyArrays, windows: Windows, long: Matches) -> Ints:
    """Return the value of the cheapest path to every character and end, int64 (size,).

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
    """Return the arcs of long words by the position they start at, between places in turned.

    Those of one position differ in label or length: no two lead to the same place.
    """
    inverse = np.empty_like(turned.place)  # where each character of the batch stands in turned
    inverse[turned.place] = np.arange(len(inverse))
    start = inverse[long.start]
    order = np.argsort(start, kind="stable")
    start = start[order]
    end = inverse[long.end][order]
    value = words.value(long.cell, long.end - long.start)[order]
    split = np.searchsorted(start, turned.bounds).tolist()
    return [Arcs(start[i:j], end[i:j], value[i:j]) for i, j in pairwise(split)]


def all_arcs(batch: Batch, words: VocabularyArrays, matches: Matches) -> Arcs:
    """Return the arcs of every single character and of all words of a batch, in this order."""
    inside = np.ones(batch.size, np.bool_)
    inside[batch.starts + batch.lengths] = False  # terminators
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
