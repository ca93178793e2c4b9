"""An artifact's tables as NumPy arrays, with which batches look up costs and find words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..names import encoding
from ..names.array_types import Bytes, Ints, Narrow, NDArray
from ..names.encoding import BASE_BIT, CODE_MASK, OTHER, SIZE, WORD_BIT, Batch
from .quantities import UNREACHED, pack_path_value

SHORT = 3  # characters of the longest words that are looked up directly
_SYMBOL = np.array(encoding.SYMBOL, np.int32)


class Matches(NamedTuple):
    """Words in a batch, int32 (matches,) each: places in it, and cells of the automaton."""

    start: Narrow  # the first character
    end: Narrow  # one past the last character
    cell: Narrow  # in which the word ends


class Windows(NamedTuple):
    """Each character of a batch with the next one or two, as one number, intp (size,) each."""

    two: NDArray[np.intp]
    three: NDArray[np.intp]

    @classmethod
    def of(cls, batch: Batch) -> Windows:
        """Read two or three codes as the digits of a number to the base SIZE."""
        wide = batch.codes[: batch.size + 2].astype(np.intp)
        two = wide[:-2] * SIZE + wide[1:-1]
        return cls(two, two * SIZE + wide[2:])


class LexiconArrays:
    """The words of an automaton, and where they stand in a batch."""

    def __init__(self, cells: memoryview) -> None:
        """Take the cells of a Lexicon or a Vocabulary."""
        self.cells: Narrow = np.frombuffer(cells, np.int32)
        self._cell2, self._cell3, self.base3 = self._windows()
        # By three characters: how many of the first two and of all three are words.
        count3 = (self._cell2 != 0)[:, None] + (self._cell3 != 0).reshape(-1, SIZE).astype(np.int8)
        self.count3 = count3.ravel()

    def count(self, batch: Batch, windows: Windows, long: Matches) -> Ints:
        """Count the words of two characters or more in each label, overlapping ones too, (labels,).

        windows and long are Windows.of(batch) and long(batch, windows).
        """
        count = self.count3.take(windows.three).astype(np.uint8)
        count += np.bincount(long.start, minlength=len(count)).astype(np.uint8)
        return np.add.reduceat(count, batch.starts, dtype=np.int64)

    def long(self, batch: Batch, windows: Windows) -> Matches:
        """Find the words of more than SHORT characters in every label, shorter ones first.

        All starts inside a word after SHORT characters walk on, round by round.
        """
        base = self.base3.take(windows.three)
        where = np.flatnonzero(base != 0)
        base, matches = base[where], [_NONE]
        length = SHORT
        while where.size:
            code = batch.codes[where + length]
            at = base + code
            cell = self.cells[at]
            alive = np.flatnonzero((cell & CODE_MASK) == code)
            where, at, cell = where[alive], at[alive], cell[alive]
            length += 1
            word = np.flatnonzero(cell >> WORD_BIT & 1)
            matches.append(_match_words(where[word], length, at[word]))
            base = cell >> BASE_BIT
            deeper = np.flatnonzero(base)
            where, base = where[deeper], base[deeper]
        return Matches(*map(np.concatenate, zip(*matches, strict=True)))

    def _windows(self) -> tuple[Narrow, Narrow, Narrow]:
        """Return three tables int32, indexed by the numbers of Windows.

        The cell in which a word of two characters ends, (SIZE**2,), or 0 if they are none; the
        same for three characters, (SIZE**3,); and the base of the state after three characters,
        (SIZE**3,), or 0 if no word goes on.
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


class VocabularyArrays(LexiconArrays):
    """Words with their costs, and where they stand in a batch."""

    def __init__(self, cells: memoryview, single: memoryview, costs: memoryview) -> None:
        """Take the parts of a Vocabulary."""
        super().__init__(cells)
        self.costs: Bytes = np.frombuffer(costs, np.uint8)
        singles = np.frombuffer(single, np.uint8).astype(np.int64)
        # By one, two and three characters: the value of the arc over them.
        self.values = (
            pack_path_value(singles, 1, 0, 0),
            np.where(self._cell2, self.value(self._cell2, 2), UNREACHED),
            np.where(self._cell3, self.value(self._cell3, 3), UNREACHED),
        )

    def value(self, cells: Narrow, length: int | Narrow) -> Ints:
        """Return the path values of words by their cells (n,) and lengths, int64 (n,)."""
        squares: Ints = np.multiply(length, length, dtype=np.int64)
        return pack_path_value(self.costs[cells].astype(np.int64), 0, 1, squares)

    def short(self, windows: Windows) -> Matches:
        """Find the words of two and of three characters in every label, shorter ones first."""
        matches = []
        for length, cell in ((2, self._cell2[windows.two]), (3, self._cell3[windows.three])):
            start = np.flatnonzero(cell)
            matches.append(_match_words(start, length, cell[start]))
        return Matches(*map(np.concatenate, zip(*matches, strict=True)))


class CharacterArrays:
    """Costs of a character after two and after three others, and those of a batch."""

    def __init__(self, trigrams: memoryview, above: memoryview) -> None:
        """Take the parts of a CharacterModel."""
        self.trigrams: Bytes = np.frombuffer(trigrams, np.uint8)
        self.above: Bytes = np.frombuffer(above, np.uint8)
        self.fourgrams: Bytes = (self.above.reshape(encoding.SYMBOLS, -1) + self.trigrams).ravel()

    def costs(self, batch: Batch) -> tuple[Bytes, Bytes]:
        """Return the costs of every character after two and after three, uint8 (size,) each."""
        return self.trigrams[window(batch, 3)], self.fourgrams[window(batch, 4)]


def window(batch: Batch, order: int) -> Narrow:
    """Return the number of the last `order` symbols at each character of a batch, int32 (size,).

    It is their index in a CharacterModel's table of that order. Before a label's start stand
    characters of the label before: tables must hold one cost for all of them.
    """
    size = batch.size
    symbols = np.full(size + order - 1, encoding.EDGE, np.int32)
    symbols[order - 1 :] = _SYMBOL[batch.codes[:size]]
    index = symbols[:size]
    for back in range(1, order):
        index = index * encoding.SYMBOLS + symbols[back : size + back]
    return index


def _match_words(start: NDArray[np.intp], length: int, cell: Narrow) -> Matches:
    """Return words of one length, from where each starts and the cell it ends in."""
    narrow = start.astype(np.int32)
    return Matches(narrow, narrow + np.int32(length), cell)


_NONE = Matches(*np.empty((3, 0), np.int32))
