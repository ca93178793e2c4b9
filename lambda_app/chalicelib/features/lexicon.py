"""Counts dictionary words in names by walking an automaton held in one array.

The automaton is a minimal acyclic word graph laid out as a double array (Aoe,
"An efficient digital search algorithm by using a double-array structure", IEEE
TSE 15(9), 1989). Cell ``base + code`` of a state holds its transition over
that character code, packed into 32 bits:

    bits 0-5   the character code, so that a foreign cell is told apart
    bit  6     1 where a word ends here
    bits 7-30  base of the next state, 0 where it has no transitions

Bases are unique, hence a cell whose code fits belongs to the state that asks.
Cell 0 holds the base of the root; an empty cell holds OTHER, the code that ends
a label, and leads nowhere, so that no walk runs past the end of its label.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .encoding import OTHER, SIZE, Batch
from .types import Ints, Narrow, NDArray

CODE_MASK = 63
WORD_BIT = 6
BASE_BIT = 7


class Lexicon:
    """The words that `num_words` counts; read-only, safe to share by threads."""

    def __init__(self, cells: Narrow) -> None:
        """Take the packed cells, int32 (n,); raises ValueError if they cannot be."""
        check_cells(cells)
        self.cells = cells
        self.count3, self.base3 = self._windows()

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read an .npy file; raises OSError or ValueError if it is not one."""
        return cls(np.load(path, allow_pickle=False))

    def count(self, batch: Batch) -> Ints:
        """Words of two characters or more in each label, (labels,).

        Every occurrence counts, overlapping ones too. All start positions of
        the batch walk at once: the first three characters by a table, the rest
        one character a round, for the few that are still inside a word.
        """
        codes, starts, _ = batch
        wide = codes.astype(np.int32)
        at = (wide[:-2] * SIZE + wide[1:-1]) * SIZE + wide[2:]
        found = self.count3[at]
        base = self.base3[at]
        where = np.flatnonzero(base)
        base = base[where]
        step = 3
        while where.size:
            code = codes[where + step]
            cell = self.cells[base + code]
            alive = np.flatnonzero((cell & CODE_MASK) == code)
            where, cell = where[alive], cell[alive]
            found[where] += (cell >> WORD_BIT) & 1
            base = cell >> BASE_BIT
            deeper = np.flatnonzero(base)
            where, base = where[deeper], base[deeper]
            step += 1
        return np.add.reduceat(found, starts, dtype=np.int64)

    def _windows(self) -> tuple[NDArray[np.int8], Narrow]:
        """For each three characters: the words they begin with, the state after them."""
        codes = np.arange(SIZE, dtype=np.int32)
        base = np.full(1, self.cells[0], np.int32)
        found = np.zeros(1, np.int8)
        for depth in range(3):
            cell = self.cells[base[:, None] + codes]
            alive = ((cell & CODE_MASK) == codes) & (base != 0)[:, None] & (codes != OTHER)
            word = alive & ((cell >> WORD_BIT) & 1 == 1) & (depth > 0)
            base = np.where(alive, cell >> BASE_BIT, 0).ravel()
            found = (found[:, None] + word).astype(np.int8).ravel()
        return found, base


def check_cells(cells: Narrow) -> None:
    """Raise ValueError unless every walk stays inside the cells and inside its label."""
    if cells.dtype != np.int32 or cells.ndim != 1 or cells.size <= SIZE:
        raise ValueError(f"cells are {cells.dtype} {cells.shape}, not int32 (n,)")
    highest = max(int(cells[0]), int((cells >> BASE_BIT).max()))
    if cells.min() < 0 or highest > cells.size - SIZE:
        raise ValueError("a transition leads out of the automaton")
    if ((cells[1:] & CODE_MASK >= OTHER) & (cells[1:] != OTHER)).any():
        raise ValueError("a word goes on behind the end of a label")
