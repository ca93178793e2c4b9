"""How surprising each character of a label is after the two or three before it.

A language model of legitimate labels with interpolated counts (Witten and Bell,
IEEE Trans. Information Theory 37(4), 1991), kept as costs: -ln P in sixteenths
of a nat, in whole numbers, so that sums are exact in any order. Digits count
as one symbol; the end of a label is a symbol too, and stands before its start.
"""

from __future__ import annotations

import numpy as np

from .encoding import ALPHABET, Batch
from .types import Bytes, Narrow

UNIT = 16  # of costs in a nat
SYMBOLS = 29  # a-z, a digit, the hyphen, and everything else with the end of a label
EDGE = SYMBOLS - 1
SYMBOL = np.array([26 if c.isdigit() else 27 if c == "-" else ord(c) - 97 for c in ALPHABET])
SYMBOL = np.append(SYMBOL, EDGE).astype(np.int32)  # of each character code


class CharacterModel:
    """Costs of a character after two and after three others; read-only, safe to share by threads.

    A cost is -ln P in sixteenths of a nat, from 0 to 255.
    """

    def __init__(self, trigrams: Bytes, fourgrams: Bytes) -> None:
        """Take two tables, by the symbols as digits of a number to the base SYMBOLS.

        trigrams, uint8 (SYMBOLS**3,), holds the cost of the last of three symbols.
        fourgrams, uint8 (SYMBOLS**4,), holds how much the cost of the last of four is
        above that by the last three alone, modulo 256. Raises ValueError for other arrays.
        """
        for costs, order in ((trigrams, 3), (fourgrams, 4)):
            if costs.dtype != np.uint8 or costs.shape != (SYMBOLS**order,):
                raise ValueError(f"costs are {costs.dtype} {costs.shape}, not ({SYMBOLS**order},)")
        self.trigrams = trigrams
        self.above = fourgrams
        self.fourgrams: Bytes = (fourgrams.reshape(SYMBOLS, -1) + trigrams).ravel()

    def costs(self, batch: Batch) -> tuple[Bytes, Bytes]:
        """Costs of every character of a batch after two and after three before it.

        Two arrays uint8 (size,), as the labels stand in the batch, each with its end.
        """
        return self.trigrams[window(batch, 3)], self.fourgrams[window(batch, 4)]


def window(batch: Batch, order: int) -> Narrow:
    """The number of the last `order` symbols at each character of a batch, int32 (size,).

    It is the index of those symbols in a CharacterModel's table of that order. What stands
    before a label's start is of the label before: tables must hold one cost for all of it.
    """
    size = int((batch.lengths + 1).sum())
    symbols = np.full(size + order - 1, EDGE, np.int32)
    symbols[order - 1 :] = SYMBOL[batch.codes[:size]]
    index = symbols[:size]
    for back in range(1, order):
        index = index * SYMBOLS + symbols[back : size + back]
    return index
