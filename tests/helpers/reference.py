"""The features once more, as plainly as can be, and small vocabularies to compare them on."""

from __future__ import annotations

import functools
import math
from collections import Counter

import numpy as np
from english_words import get_english_words_set
from hypothesis import strategies as st
from numpy.typing import NDArray

from malicious_domains.features.language_tables import Vocabulary
from malicious_domains.names import encoding
from pipeline.training.automaton import compile_tree

ALPHABET = set("abcdefghijklmnopqrstuvwxyz0123456789-")


@functools.cache
def web2() -> frozenset[str]:
    return frozenset(w for w in get_english_words_set(["web2"]) if len(w) > 1)


def entropy(label: str) -> float:
    counts = Counter(c if c in ALPHABET else "?" for c in label)
    shares = [n / len(label) for n in counts.values()]
    return -sum(p * math.log2(p) for p in shares)


def p_vowels(label: str) -> float:
    return sum(c in "aeiou" for c in label) / max(len(label), 1)


def num_words(label: str, words: frozenset[str]) -> int:
    n = len(label)
    return sum(label[i:j] in words for i in range(n) for j in range(i + 2, n + 1))


def highest_segment(scores: list[int]) -> int:
    n = len(scores)
    return max([0, *(sum(scores[i:j]) for i in range(n) for j in range(i + 1, n + 1))])


# What a character model and a cut into words are, one label at a time.

SYMBOLS = "abcdefghijklmnopqrstuvwxyz0-$"  # a digit as 0; $ is the edge and all else
Cost = dict[str, int]  # of texts, in sixteenths of a nat
Path = tuple[int, int, int, int]  # of a cut: cost, singles, words, squared lengths of words


def symbols(label: str) -> str:
    return "".join("0" if c in "0123456789" else c if c in ALPHABET else "$" for c in label)


def index(text: str) -> int:
    """Where a table has the cost of the last of some symbols after those before it."""
    return functools.reduce(lambda at, c: at * len(SYMBOLS) + SYMBOLS.index(c), text, 0)


def grams(label: str, order: int) -> list[str]:
    """For each character and the end of a label: it, and the symbols right before it."""
    padded = "$" * (order - 1) + symbols(label) + "$"
    return [padded[i : i + order] for i in range(len(label) + 1)]


def forgets(gram: str) -> str:
    """Nothing that stands before an edge matters to what stands behind it."""
    edge = gram.rfind("$", 0, len(gram) - 1)
    return "$" * (edge + 1) + gram[edge + 1 :]


class WittenBell:
    """Costs of characters after others, counted in labels (method C of 1991)."""

    def __init__(self, labels: list[str]) -> None:
        fours = [gram for label in labels for gram in grams(label, 4)]
        self.counts = Counter(gram[4 - n :] for gram in fours for n in range(1, 5))
        self.after: dict[str, dict[str, int]] = {}
        for gram, n in self.counts.items():
            self.after.setdefault(gram[:-1], {})[gram[-1]] = n

    def probability(self, gram: str) -> float:
        """Return the cost of the last of up to three symbols."""
        after = self.after.get(gram[:-1], {})
        if len(gram) == 1:
            return (after.get(gram, 0) + 0.5) / (sum(after.values()) + 0.5 * len(SYMBOLS))
        return self.mixed(after, gram, self.probability(gram[1:]))

    @staticmethod
    def mixed(after: dict[str, int], gram: str, shorter: float) -> float:
        if not after:
            return shorter
        n, kinds = sum(after.values()), len(after)
        return (after.get(gram[-1], 0) + kinds * shorter) / (n + kinds)

    def three(self, gram: str) -> int:
        return cost(self.probability(forgets(gram)))

    def four(self, gram: str) -> int:
        """Count a single occurrence as none; an unseen one costs a step above three."""
        gram = forgets(gram)
        third = cost(self.probability(gram[1:]))
        after = {c: n for c, n in self.after.get(gram[:-1], {}).items() if n > 1}
        if gram[-1] in after:
            return cost(self.mixed(after, gram, math.exp(-third / 16)))
        step = cost(len(after) / (sum(after.values()) + len(after))) if after else 0
        return min(third + step, 255)


def cost(p: float) -> int:
    return 255 if p <= 0 else max(0, min(255, round(-math.log(p) * 16)))


def found(label: str, words: Cost) -> list[tuple[int, int]]:
    """Where words start and end in a label."""
    n = len(label)
    spans = [(i, j) for i in range(n) for j in range(i + 1, n + 1)]
    return [(i, j) for i, j in spans if label[i:j] in words]


def paths(label: str, words: Cost, singles: Cost) -> list[Path]:
    """Return the least cost of all segmentations up to each place of a label."""
    best: list[Path] = [(0, 0, 0, 0)]
    for end in range(1, len(label) + 1):
        ways = [added(best[end - 1], one_more(label[end - 1 : end], singles))]
        for start in range(end):
            if label[start:end] in words:
                ways.append(added(best[start], word(label[start:end], words)))
        best.append(min(ways))
    return best


def one_more(character: str, singles: Cost) -> Path:
    return (singles[character], 1, 0, 0)


def word(text: str, words: Cost) -> Path:
    return (words[text], 0, 1, len(text) ** 2)


def added(one: Path, other: Path) -> Path:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])


def on_cheapest(label: str, words: Cost, singles: Cost) -> Counter[str]:
    """Which words and single characters stand in any cheapest segmentation; a character as "+"."""
    best, used = paths(label, words, singles), {len(label)}
    arcs: Counter[str] = Counter()
    for end in range(len(label), 0, -1):
        for start in range(end):
            if end not in used:
                continue
            text = label[start:end]
            single = end - start == 1 and best[end] == added(best[start], one_more(text, singles))
            if single or (text in words and best[end] == added(best[start], word(text, words))):
                arcs["+" if single else text] += 1
                used.add(start)
    return arcs


LETTERS = "ab-7"
FEW = range(4)  # costs, so that many cuts are equally cheap


@st.composite
def vocabularies(draw: st.DrawFn, costs: range = range(256)) -> tuple[Cost, Cost]:
    """Costs of words and of single characters."""
    cost = st.sampled_from(costs)
    words = draw(st.dictionaries(st.text(LETTERS, min_size=2, max_size=7), cost, min_size=1))
    return words, {c: draw(cost) for c in LETTERS}


def table(words: Cost, singles: Cost) -> Vocabulary:
    kept = sorted(words)
    cells = compile_tree(kept)[0]
    costs = np.full(encoding.SIZE + len(cells), 255, np.uint8)
    costs[[encoding.ALPHABET.index(c) for c in singles]] = list(singles.values())
    costs[[encoding.SIZE + cell_of(cells, x) for x in kept]] = [words[x] for x in kept]
    return Vocabulary(cells, costs)


def cell_of(cells: NDArray[np.int32], text: str) -> int:
    """Where the automaton ends up after a text."""
    base, at = int(cells[0]), 0
    for character in text:
        at = base + encoding.ALPHABET.index(character)
        base = int(cells[at]) >> encoding.BASE_BIT
    return at
