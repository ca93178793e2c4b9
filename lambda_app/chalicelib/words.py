"""The cheapest way to cut a label into words and single characters.

Each word has a cost, -ln P in sixteenths of a nat, and so has each character
that stands in no word. The best cut is found by dynamic programming over the
positions of a label (Viterbi, IEEE Trans. Information Theory 13(2), 1967), for
all labels of a batch at once. The words stand in a double array as those of
`lexicon`, but as a tree: every word ends in a cell of its own, which has its cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .encoding import OTHER, SIZE, Batch
from .lexicon import BASE_BIT, CODE_MASK, WORD_BIT, check_cells

# A path's value holds four sums, so that one minimum compares and carries them all.
COST_BIT, SINGLE_BIT, WORDS_BIT = 36, 24, 14
_UNREACHED = np.int64(1) << 62

Ints = NDArray[np.int64]


class Cut(NamedTuple):
    """What the cheapest cut of each label is made of, int64 (labels,) each."""

    cost: Ints  # sixteenths of a nat
    singles: Ints  # characters in no word
    words: Ints
    squares: Ints  # sum of the words' squared lengths

    @classmethod
    def of(cls, value: Ints) -> Cut:
        """Take apart the value of a path."""
        return cls(
            value >> COST_BIT,
            value >> SINGLE_BIT & (1 << COST_BIT - SINGLE_BIT) - 1,
            value >> WORDS_BIT & (1 << SINGLE_BIT - WORDS_BIT) - 1,
            value & (1 << WORDS_BIT) - 1,
        )


class Matches(NamedTuple):
    """Words found in a batch: where they start and end in it, and their cells."""

    start: NDArray[np.int32]
    end: NDArray[np.int32]  # one past the last character
    cell: NDArray[np.int32]


class Steps(NamedTuple):
    """What a cut may be made of: from where to where in the batch, and the value added."""

    start: NDArray[np.int32]
    end: NDArray[np.int32]
    value: Ints


class Words:
    """Words and their costs; read-only, safe to share by threads."""

    def __init__(self, cells: NDArray[np.int32], costs: NDArray[np.uint8]) -> None:
        """Take the packed cells, int32 (n,), and costs, uint8 (SIZE + n,).

        The costs of the SIZE single characters come first, then one a cell.
        Raises ValueError if they cannot be.
        """
        check_cells(cells)
        if costs.dtype != np.uint8 or costs.shape != (SIZE + cells.size,):
            raise ValueError(f"costs are {costs.dtype} {costs.shape}, not ({SIZE + cells.size},)")
        self.cells = cells
        self.single = costs[:SIZE]
        self.costs = costs[SIZE:]

    def find(self, batch: Batch) -> Matches:
        """Every word in every label, overlapping ones too, shorter ones first."""
        codes = batch.codes
        where = np.flatnonzero(codes[: _size(batch)] != OTHER).astype(np.int32)
        base = np.full(where.size, self.cells[0], np.int32)
        found = []
        step = 0
        while where.size:
            code = codes[where + step]
            at = base + code
            cell = self.cells[at]
            alive = np.flatnonzero((cell & CODE_MASK) == code)
            where, at, cell = where[alive], at[alive], cell[alive]
            step += 1
            word = np.flatnonzero(cell >> WORD_BIT & 1)
            found.append(Matches(where[word], where[word] + step, at[word]))
            base = cell >> BASE_BIT
            deeper = np.flatnonzero(base)
            where, base = where[deeper], base[deeper]
        return Matches(*map(np.concatenate, zip(*found, strict=True))) if found else _NONE

    def steps(self, batch: Batch, matches: Matches) -> Steps:
        """All words found, and every character by itself."""
        inside = np.ones(_size(batch), np.bool_)
        inside[batch.starts + batch.lengths] = False  # the marks that end labels
        where = np.flatnonzero(inside).astype(np.int32)
        single = self.single[batch.codes[where]].astype(np.int64)
        length = (matches.end - matches.start).astype(np.int64)
        word = self.costs[matches.cell].astype(np.int64) << COST_BIT
        word += (1 << WORDS_BIT) + length * length
        return Steps(
            np.concatenate([where, matches.start]),
            np.concatenate([where + 1, matches.end]),
            np.concatenate([(single << COST_BIT) + (1 << SINGLE_BIT), word]),
        )


def cheapest(batch: Batch, steps: Steps) -> Ints:
    """The value of the cheapest path to every character and every end of a batch, (size,).

    Steps are taken in the order of the position that they start at. Those of
    one position are of different labels or lengths (words have two characters
    or more), so that no two of them lead to the same place.
    """
    at = positions(batch)[steps.start]
    order = np.argsort(at, kind="stable")
    start, end, value = (column[order] for column in steps)
    best = np.full(_size(batch), _UNREACHED)
    best[batch.starts] = 0
    low = 0
    for high in np.cumsum(np.bincount(at)).tolist():
        to = end[low:high]
        best[to] = np.minimum(best[to], best[start[low:high]] + value[low:high])
        low = high
    return best


def positions(batch: Batch) -> NDArray[np.uint8]:
    """Place of each character of a batch within its label, from 0, (size,)."""
    place = np.arange(_size(batch)) - np.repeat(batch.starts, batch.lengths + 1)
    return place.astype(np.uint8)


def _size(batch: Batch) -> int:
    return int((batch.lengths + 1).sum())


_NONE = Matches(*np.empty((3, 0), np.int32))
