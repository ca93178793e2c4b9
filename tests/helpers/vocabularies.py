"""Small vocabularies, drawn by Hypothesis and as the features take them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from malicious_domains.features.encoding import ALPHABET, BASE_BIT, SIZE
from malicious_domains.features.language_tables import Vocabulary
from pipeline.training.automaton import compile_tree
from tests.helpers import reference

LETTERS = "ab-7"
FEW = range(4)  # costs, so that many cuts are equally cheap


@st.composite
def vocabularies(
    draw: st.DrawFn, costs: range = range(256)
) -> tuple[reference.Cost, reference.Cost]:
    """Costs of words and of single characters."""
    cost = st.sampled_from(costs)
    words = draw(st.dictionaries(st.text(LETTERS, min_size=2, max_size=7), cost, min_size=1))
    return words, {c: draw(cost) for c in LETTERS}


def table(words: reference.Cost, singles: reference.Cost) -> Vocabulary:
    kept = sorted(words)
    cells = compile_tree(kept)[0]
    costs = np.full(SIZE + len(cells), 255, np.uint8)
    costs[[ALPHABET.index(c) for c in singles]] = list(singles.values())
    costs[[SIZE + cell_of(cells, x) for x in kept]] = [words[x] for x in kept]
    return Vocabulary(cells, costs)


def cell_of(cells: NDArray[np.int32], text: str) -> int:
    """Where the automaton ends up after a text."""
    base, at = int(cells[0]), 0
    for character in text:
        at = base + ALPHABET.index(character)
        base = int(cells[at]) >> BASE_BIT
    return at
