"""The words that a label may be cut into, each with a cost, and where they stand in a batch.

The words stand in a double array as those of `lexicon`, but as a tree: every
word ends in a cell of its own, which has its cost: -ln P in sixteenths of a nat.

A cut of a label into words and single characters is a path from its start to its
end. The value of a path packs four sums into one whole number, with the cost in the
highest bits, so that one addition carries all four and one minimum compares them:
first by cost, then by single characters, words, and squared lengths of words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .encoding import OTHER, SIZE, Batch
from .lexicon import BASE_BIT, CODE_MASK, WORD_BIT, check_cells
from .types import Bytes, Count, Ints, Narrow, NDArray

# Where the sums of a path's value begin; squared lengths take the bits below the words.
_COST_BIT, _SINGLES_BIT, _WORDS_BIT = 36, 24, 14
UNREACHED = 1 << 62  # above every path's value; the sum of the two still fits
SHORT = 3  # characters of the words that tables by their characters find


class Matches(NamedTuple):
    """Words found in a batch, int32 (matches,) each: places in it, and cells of a Vocabulary."""

    start: Narrow  # the first character
    end: Narrow  # one past the last character
    cell: Narrow  # in which the word ends


class Windows(NamedTuple):
    """Each character of a batch with the next one or two, as one number, intp (size,) each."""

    two: NDArray[np.intp]
    three: NDArray[np.intp]

    @classmethod
    def of(cls, batch: Batch) -> Windows:
        """Read the two or three codes as the digits of a number to the base SIZE."""
        wide = batch.codes[: size(batch) + 2].astype(np.intp)
        two = wide[:-2] * SIZE + wide[1:-1]
        return cls(two, two * SIZE + wide[2:])


def pack_path_value(cost: Count, singles: int, words: int, squares: Count | int) -> Count:
    """The four sums of a path in one number: int, or int64 (n,).

    cost: in sixteenths of a nat; singles: characters in no word; squares: sum of the
    words' squared lengths. No sum runs into the next for a label of MAX_LENGTH
    characters and words of at most 63.
    """
    # Inner brackets: of arrays, one addition less.
    return (cost << _COST_BIT) + ((singles << _SINGLES_BIT) + (words << _WORDS_BIT) + squares)


def unpack_path_value(value: Count) -> tuple[Count, Count, Count, Count]:
    """Cost, single characters, words and squared lengths of a path: int, or int64 (n,) each."""
    return (
        value >> _COST_BIT,
        value >> _SINGLES_BIT & (1 << _COST_BIT - _SINGLES_BIT) - 1,
        value >> _WORDS_BIT & (1 << _SINGLES_BIT - _WORDS_BIT) - 1,
        value & (1 << _WORDS_BIT) - 1,
    )


class Vocabulary:
    """Words and their costs; read-only, safe to share by threads."""

    def __init__(self, cells: Narrow, costs: Bytes) -> None:
        """Take the packed cells, int32 (n,), and costs, uint8 (SIZE + n,).

        The costs of the SIZE single characters come first, then one a cell.
        Raises ValueError for arrays of other types or shapes, or if a walk over
        the cells could leave them or its label.
        """
        check_cells(cells)
        if costs.dtype != np.uint8 or costs.shape != (SIZE + cells.size,):
            raise ValueError(f"costs are {costs.dtype} {costs.shape}, not ({SIZE + cells.size},)")
        self.cells = cells
        self.single = costs[:SIZE]
        self.costs = costs[SIZE:]
        self._cell2, self._cell3, self.base3 = self._windows()
        # By one, two and three characters: what the arc over them adds to a path's value.
        self.values = (
            pack_path_value(self.single.astype(np.int64), 1, 0, 0),
            np.where(self._cell2, self.value(self._cell2, 2), UNREACHED),
            np.where(self._cell3, self.value(self._cell3, 3), UNREACHED),
        )
        # By three characters: of the first two and of all three, how many are words.
        count3 = (self._cell2 != 0)[:, None] + (self._cell3 != 0).reshape(-1, SIZE).astype(np.int8)
        self.count3 = count3.ravel()

    def value(self, cells: Narrow, length: int | Narrow) -> Ints:
        """What words of these cells, (n,), and lengths add to a path's value, int64 (n,)."""
        squares: Ints = np.multiply(length, length, dtype=np.int64)
        return pack_path_value(self.costs[cells].astype(np.int64), 0, 1, squares)

    def count(self, batch: Batch, windows: Windows, long: Matches) -> Ints:
        """Words in each label, overlapping ones too, int64 (labels,).

        windows and long are those of the batch: Windows.of(batch), and what long() finds.
        """
        found = self.count3.take(windows.three).astype(np.uint8)
        found += np.bincount(long.start, minlength=len(found)).astype(np.uint8)
        return np.add.reduceat(found, batch.starts, dtype=np.int64)

    def long(self, batch: Batch, windows: Windows) -> Matches:
        """The words of more than SHORT characters in every label, shorter ones first.

        Words may overlap. All start positions of the batch walk at once, those that are still
        inside a word after SHORT characters, one character a round.
        """
        base = self.base3.take(windows.three)
        where = np.flatnonzero(base != 0)
        base, found = base[where], [_NONE]
        length = SHORT
        while where.size:
            code = batch.codes[where + length]
            at = base + code
            cell = self.cells[at]
            alive = np.flatnonzero((cell & CODE_MASK) == code)
            where, at, cell = where[alive], at[alive], cell[alive]
            length += 1
            word = np.flatnonzero(cell >> WORD_BIT & 1)
            found.append(_matches(where[word], length, at[word]))
            base = cell >> BASE_BIT
            deeper = np.flatnonzero(base)
            where, base = where[deeper], base[deeper]
        return Matches(*map(np.concatenate, zip(*found, strict=True)))

    def short(self, windows: Windows) -> Matches:
        """The words of two and of three characters in every label, shorter ones first.

        Words may overlap.
        """
        found = []
        for length, cell in ((2, self._cell2[windows.two]), (3, self._cell3[windows.three])):
            start = np.flatnonzero(cell)
            found.append(_matches(start, length, cell[start]))
        return Matches(*map(np.concatenate, zip(*found, strict=True)))

    def _windows(self) -> tuple[Narrow, Narrow, Narrow]:
        """What the root leads to, in three tables int32, indexed as Windows numbers characters.

        The cell in which a word of two characters ends, (SIZE**2,), or 0 where they are
        none; the same of three characters, (SIZE**3,); and the base of the state after
        three characters, (SIZE**3,), or 0 where no word goes on.
        """
        codes = np.arange(SIZE, dtype=np.int32)
        base, words = self.cells[:1], []
        for _ in range(SHORT):
            at = base[:, None] + codes
            cell = self.cells[at]
            alive = ((cell & CODE_MASK) == codes) & (base != 0)[:, None] & (codes != OTHER)
            words.append(np.where(alive & (cell >> WORD_BIT & 1 == 1), at, 0).ravel())
            base = np.where(alive, cell >> BASE_BIT, 0).ravel()
        return words[1], words[2], base


def size(batch: Batch) -> int:
    """Characters of a batch, the marks that end its labels included."""
    return int((batch.lengths + 1).sum())


def _matches(start: NDArray[np.intp], length: int, cell: Narrow) -> Matches:
    """Words of one length, from where each starts and the cell that it ends in."""
    narrow = start.astype(np.int32)
    return Matches(narrow, narrow + np.int32(length), cell)


_NONE = Matches(*np.empty((3, 0), np.int32))
