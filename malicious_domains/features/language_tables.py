"""An artifact's tables of words and characters, as views of its files.

`single` reads them without NumPy, number by number; `arrays` are a batch's views of them.

Words stand in an automaton laid out as a double array (Aoe, "An efficient digital search
algorithm by using a double-array structure", IEEE TSE 15(9), 1989), by hand because it is read
without NumPy and walked by NumPy. Cell ``base + code`` of a state holds its transition over that
character code, packed into 32 bits:

    bits 0-5   the character code, by which cells of other states are recognised
    bit  6     1 where a word ends here
    bits 7-30  base of the next state, 0 where it has no transitions

Bases are unique, so a cell with the right code belongs to the state. Cell 0 holds the root's base.
An empty cell holds OTHER, the terminator: no walk runs past the end of its label.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ..names import npy
from ..names.encoding import BASE_BIT, CODE_MASK, OTHER, SIZE, SYMBOLS, remove_hyphens

if TYPE_CHECKING:
    from array import array

    from ..names.npy import Numbers
    from .arrays import CharacterArrays, LexiconArrays, VocabularyArrays

_BYTES = 4  # of a cell
# Lowest bytes that a cell may have: with the code of a character, or that of an empty cell.
_WITHIN = bytes(x for x in range(256) if x & CODE_MASK < OTHER or x == OTHER)
_OF_EMPTY = bytes(255 * (x == OTHER) for x in range(256))  # translates OTHER to a mask

T = TypeVar("T")


class Tables(NamedTuple):
    """An artifact's tables; None for one that it does not have."""

    lexicon: Lexicon | None = None  # words that are counted
    characters: CharacterModel | None = None  # costs of characters after those before them
    words: Vocabulary | None = None  # words, with costs, that labels are cut into and counted
    hyphens: bool = True  # whether features see the hyphens of a label

    def view_labels(self, labels: Sequence[str]) -> Sequence[str]:
        """Return labels as features see them.

        >>> Tables(hyphens=False).view_labels(["xm-qj"])
        ['xmqj']
        """
        if self.hyphens:
            return labels
        return [remove_hyphens(label) if "-" in label else label for label in labels]


def require(table: T | None) -> T:
    """Return a table; raises ValueError if it is None."""
    if table is None:
        raise ValueError("a feature needs a table that the artifact does not have")
    return table


class Lexicon:
    """Words that are counted, an automaton, such as a minimal acyclic word graph; read-only.

    >>> from malicious_domains.model.artifact import LEXICON, PACKAGED
    >>> Lexicon.load(PACKAGED / "classic" / LEXICON).arrays.cells.dtype
    dtype('int32')
    """

    def __init__(self, cells: Numbers) -> None:
        """Take the packed cells, int32 (n,); raises ValueError if they cannot be."""
        self.cells = _check_automaton(cells)

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read an .npy file; raises OSError or ValueError if it is not one."""
        return cls(npy.read_numbers(path.read_bytes(), "cells", npy.INT32))

    @cached_property
    def arrays(self) -> LexiconArrays:
        """The same for batches; imports NumPy when the first one comes."""
        from .arrays import LexiconArrays

        return LexiconArrays(self.cells)

    def __reduce__(self) -> tuple[type[Lexicon], tuple[object, ...]]:
        return Lexicon, (_picklable(self.cells),)


class Vocabulary(Lexicon):
    """The words of segmentations, a tree; each ends in its own cell, with a cost; read-only."""

    def __init__(self, cells: Numbers, costs: Numbers) -> None:
        """Take the packed cells, int32 (n,), and costs, uint8 (SIZE + n,).

        The costs of the SIZE single characters come first, then one a cell. Raises ValueError for
        other types or shapes, or if a walk over the cells could leave them or its label.
        """
        super().__init__(cells)
        known = npy.view_numbers(costs, "costs", npy.UINT8)
        _check_size(known, SIZE + len(self.cells))
        self.single, self.costs = known[:SIZE], known[SIZE:]

    @cached_property
    def arrays(self) -> VocabularyArrays:
        """The same for batches; imports NumPy when the first one comes."""
        from .arrays import VocabularyArrays

        return VocabularyArrays(self.cells, self.single, self.costs)

    def __reduce__(self) -> tuple[type[Vocabulary], tuple[object, ...]]:
        return Vocabulary, (_picklable(self.cells), bytes(self.single) + bytes(self.costs))


class CharacterModel:
    """Costs of a character after two and after three others; read-only.

    A language model of legitimate labels with interpolated counts (Witten and Bell, IEEE Trans.
    Information Theory 37(4), 1991). A cost is a whole number, so that sums are exact in any order.
    Digits count as one symbol; the terminator is a symbol too, and stands before the start.
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
        """The same for batches; imports NumPy when the first one comes."""
        from .arrays import CharacterArrays

        return CharacterArrays(self.trigrams, self.above)

    def __reduce__(self) -> tuple[type[CharacterModel], tuple[object, object]]:
        return CharacterModel, (bytes(self.trigrams), bytes(self.above))


def _check_automaton(cells: Numbers) -> memoryview:
    """Return a view of cells, int32 (n,); raises ValueError if a walk may leave them or a label."""
    known = npy.view_numbers(cells, "cells", npy.INT32)
    if len(known) <= SIZE:
        raise ValueError(f"cells are int32 ({len(known)},), not more than {SIZE}")
    if max(known[0], max(known) >> BASE_BIT) > len(known) - SIZE:
        raise ValueError("a transition leads out of the automaton")
    if _is_damaged(known.tobytes()):
        raise ValueError("the automaton has a negative cell, or goes on behind the end of a label")
    return known


def _is_damaged(cells: bytes) -> bool:
    """Return whether a cell is negative, or any but the root's goes on with OTHER or above.

    It checks one byte of every cell at a time: a loop over cells would take most of the start.
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
