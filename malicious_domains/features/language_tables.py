"""What an artifact knows of words and characters: tables as they stand in its files.

They are views of memory, and no NumPy is needed to look into them: `single` does so number by
number. A batch makes arrays of the same memory, and what it derives from them, when the first
one comes: `arrays`.

Words stand in an automaton laid out as a double array (Aoe, "An efficient digital search
algorithm by using a double-array structure", IEEE TSE 15(9), 1989). Cell ``base + code`` of a
state holds its transition over that character code, packed into 32 bits:

    bits 0-5   the character code, so that a foreign cell is told apart
    bit  6     1 where a word ends here
    bits 7-30  base of the next state, 0 where it has no transitions

Bases are unique, hence a cell whose code fits belongs to the state that asks.
Cell 0 holds the base of the root; an empty cell holds OTHER, the code that ends
a label, and leads nowhere, so that no walk runs past the end of its label.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ..names import npy
from .encoding import BASE_BIT, CODE_MASK, OTHER, SIZE, SYMBOLS

if TYPE_CHECKING:
    from array import array

    from ..names.npy import Numbers
    from .array_types import Bytes, Ints
    from .arrays import CharacterArrays, LexiconArrays, VocabularyArrays
    from .encoding import Batch

_BYTES = 4  # of a cell
# Lowest bytes that a cell may have: with the code of a character, or that of an empty cell.
_WITHIN = bytes(x for x in range(256) if x & CODE_MASK < OTHER or x == OTHER)
_OF_EMPTY = bytes(255 * (x == OTHER) for x in range(256))  # translates OTHER to a mask

T = TypeVar("T")


class Tables(NamedTuple):
    """What an artifact knows of words and characters; None: it has no such table."""

    lexicon: Lexicon | None = None  # words that are counted
    characters: CharacterModel | None = None  # costs of characters after those before them
    words: Vocabulary | None = None  # words, with costs, that labels are cut into


def require(table: T | None) -> T:
    """The table; raises ValueError if it is None."""
    if table is None:
        raise ValueError("a feature needs a table that the artifact does not have")
    return table


class Lexicon:
    """The words that `num_words` counts; read-only, safe to share by threads.

    They stand in a minimal acyclic word graph.
    """

    def __init__(self, cells: Numbers) -> None:
        """Take the packed cells, int32 (n,); raises ValueError if they cannot be."""
        self.cells = automaton(cells)

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read an .npy file; raises OSError or ValueError if it is not one."""
        return cls(npy.read_numbers(path.read_bytes(), "cells", npy.INT32))

    @cached_property
    def arrays(self) -> LexiconArrays:
        """The same for batches; made once, and with it NumPy is imported."""
        from .arrays import LexiconArrays

        return LexiconArrays(self.cells)

    def count(self, batch: Batch) -> Ints:
        """Words of two characters or more in each label, overlapping ones too, int64 (labels,)."""
        return self.arrays.count(batch)

    def __reduce__(self) -> tuple[type[Lexicon], tuple[object]]:
        return Lexicon, (_picklable(self.cells),)


class Vocabulary:
    """The words that a label may be cut into, and their costs; read-only, safe to share by threads.

    They stand in a tree: every word ends in a cell of its own, which has its cost: -ln P in
    sixteenths of a nat.
    """

    def __init__(self, cells: Numbers, costs: Numbers) -> None:
        """Take the packed cells, int32 (n,), and costs, uint8 (SIZE + n,).

        The costs of the SIZE single characters come first, then one a cell.
        Raises ValueError for arrays of other types or shapes, or if a walk over
        the cells could leave them or its label.
        """
        self.cells = automaton(cells)
        known = npy.view_numbers(costs, "costs", npy.UINT8)
        _check_size(known, SIZE + len(self.cells))
        self.single, self.costs = known[:SIZE], known[SIZE:]

    @cached_property
    def arrays(self) -> VocabularyArrays:
        """The same for batches; made once, and with it NumPy is imported."""
        from .arrays import VocabularyArrays

        return VocabularyArrays(self.cells, self.single, self.costs)

    def __reduce__(self) -> tuple[type[Vocabulary], tuple[object, object]]:
        return Vocabulary, (_picklable(self.cells), bytes(self.single) + bytes(self.costs))


class CharacterModel:
    """Costs of a character after two and after three others; read-only, safe to share by threads.

    How surprising each character of a label is, by a language model of legitimate labels with
    interpolated counts (Witten and Bell, IEEE Trans. Information Theory 37(4), 1991). A cost is
    -ln P in sixteenths of a nat, from 0 to 255, a whole number, so that sums are exact in any
    order. Digits count as one symbol; the end of a label is a symbol too, and stands before its
    start.
    """

    def __init__(self, trigrams: Numbers, fourgrams: Numbers) -> None:
        """Take two tables, by the symbols as digits of a number to the base SYMBOLS.

        trigrams, uint8 (SYMBOLS**3,), holds the cost of the last of three symbols.
        fourgrams, uint8 (SYMBOLS**4,), holds how much the cost of the last of four is
        above that by the last three alone, modulo 256. Raises ValueError for other arrays.
        """
        self.trigrams = npy.view_numbers(trigrams, "costs", npy.UINT8)
        self.above = npy.view_numbers(fourgrams, "costs", npy.UINT8)
        _check_size(self.trigrams, SYMBOLS**3)
        _check_size(self.above, SYMBOLS**4)

    @cached_property
    def arrays(self) -> CharacterArrays:
        """The same for batches; made once, and with it NumPy is imported."""
        from .arrays import CharacterArrays

        return CharacterArrays(self.trigrams, self.above)

    def costs(self, batch: Batch) -> tuple[Bytes, Bytes]:
        """Costs of every character of a batch after two and after three before it.

        Two arrays uint8 (size,), as the labels stand in the batch, each with its end.
        """
        return self.arrays.costs(batch)

    def __reduce__(self) -> tuple[type[CharacterModel], tuple[object, object]]:
        return CharacterModel, (bytes(self.trigrams), bytes(self.above))


def automaton(cells: Numbers) -> memoryview:
    """The cells of an automaton, int32 (n,), as a view.

    Raises ValueError unless every walk stays inside the cells and inside its label.
    """
    known = npy.view_numbers(cells, "cells", npy.INT32)
    if len(known) <= SIZE:
        raise ValueError(f"cells are int32 ({len(known)},), not more than {SIZE}")
    if max(known[0], max(known) >> BASE_BIT) > len(known) - SIZE:
        raise ValueError("a transition leads out of the automaton")
    if _is_damaged(known.tobytes()):
        raise ValueError("the automaton has a negative cell, or goes on behind the end of a label")
    return known


def _is_damaged(cells: bytes) -> bool:
    """Whether a cell is negative, or one but the root's goes on with OTHER or a code above it.

    A loop over the cells would take longer than all else at start: what is looked at together
    is one byte of every cell, the bits of its code first.
    """
    lowest, *others = (cells[i::_BYTES] for i in range(_BYTES))
    if not others[-1].isascii() or lowest[1:].translate(None, _WITHIN):
        return True
    full = 0
    for column in others:
        full |= int.from_bytes(column[1:], "big")
    return full & int.from_bytes(lowest[1:].translate(_OF_EMPTY), "big") != 0


def _check_size(costs: memoryview, size: int) -> None:
    if len(costs) != size:
        raise ValueError(f"costs are uint8 ({len(costs)},), not ({size},)")


def _picklable(numbers: memoryview) -> array[int]:
    from array import array

    return array(numbers.format, numbers.tobytes())
