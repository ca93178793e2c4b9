"""The inputs of the features for one label, by walks over its characters in plain Python."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

from ..names import encoding
from ..names.encoding import BASE_BIT, CODE_MASK, EDGE, IDNA, OTHER, SIZE, SYMBOL, SYMBOLS, WORD_BIT
from . import quantities
from .language_tables import Tables, require
from .quantities import C_LOG_C, COST_BIT, EXCESS, HEX_SCORES, NEIGHBOURS, ONE_SINGLE, ONE_WORD

_CUBE = SYMBOLS**3
_WORD_MASK = 1 << WORD_BIT


class LabelFeatures:
    """The inputs of the features for one label: numbers of Python, see BatchFeatures.

    >>> LabelFeatures("cafe42", Tables()).character_counts.vowels
    2
    """

    def __init__(self, label: str, tables: Tables) -> None:
        """Take a label and an artifact's tables; raises ValueError for a label over MAX_LENGTH."""
        [label] = tables.view_labels([label])
        self.label = label
        self.tables = tables
        self.lengths = n = len(label)
        self.safe_length = max(n, 1)
        self.bigram_count = max(n - 1, 1)
        encoding.check_length(n)
        self.codes = encoding.encode_label(label + "\0")  # with its terminator

    @cached_property
    def character_counts(self) -> quantities.CharacterCounts[int]:
        """Characters by kind, and changes between kinds."""
        packed, before = 0, OTHER
        for code in self.codes:
            packed += NEIGHBOURS[before * SIZE + code]
            before = code
        return quantities.CharacterCounts.unpack(packed)

    @cached_property
    def entropy_numerator(self) -> float:
        """Shannon entropy of the label times its n characters, see BatchFeatures."""
        codes = self.codes[:-1]
        surplus = sum(C_LOG_C[codes.count(code)] for code in set(codes))
        return C_LOG_C[self.lengths] - surplus

    @property
    def idna(self) -> int:
        """1 if the label begins with xn--, else 0."""
        return int(self.label.startswith(IDNA))

    @cached_property
    def surprisal(self) -> tuple[list[int], list[int]]:
        """Costs of each character and the end after two and after three characters before it."""
        model = require(self.tables.characters)
        trigrams, above = model.trigrams, model.above
        after_two, after_three = [], []
        index = (EDGE * SYMBOLS + EDGE) * SYMBOLS + EDGE
        for code in self.codes:
            index = index % _CUBE * SYMBOLS + SYMBOL[code]
            cost = trigrams[index % _CUBE]
            after_two.append(cost)
            after_three.append(cost + above[index] & 255)
        return after_two, after_three

    @property
    def trigram_sum(self) -> int:
        """Total cost after two characters."""
        return sum(self.surprisal[0])

    @property
    def fourgram_sum(self) -> int:
        """Total cost after three characters."""
        return sum(self.surprisal[1])

    @property
    def trigram_excess(self) -> int:
        """Highest sum over a substring of trigram costs above EXCESS."""
        return quantities.highest_segment([cost - EXCESS for cost in self.surprisal[0][:-1]])

    @property
    def fourgram_excess(self) -> int:
        """Highest sum over a substring of fourgram costs above EXCESS."""
        return quantities.highest_segment([cost - EXCESS for cost in self.surprisal[1][:-1]])

    @property
    def trigram_worst(self) -> int:
        """Highest sum of the trigram costs of WORST neighbours, the end of the label among them."""
        costs = self.surprisal[0]
        highest = here = sum(costs[: quantities.WORST])
        for first, following in zip(costs, costs[quantities.WORST :], strict=False):
            here += following - first
            highest = max(highest, here)
        return highest

    @property
    def cut_excess(self) -> int:
        """Highest sum over a substring of segmentation costs above EXCESS, see BatchFeatures."""
        costs = [value >> COST_BIT for value in self._paths[0]]
        rises = [after - before - EXCESS for before, after in pairwise(costs)]
        return quantities.highest_segment(rises)

    @property
    def hex_run(self) -> int:
        """Characters of the longest hexadecimal substring, less two for each other one in it."""
        return quantities.highest_segment([HEX_SCORES[code] for code in self.codes[:-1]])

    @property
    def word_matches(self) -> int:
        """Substrings of two characters or more that are words, see BatchFeatures."""
        if self.tables.words:
            return self._paths[2]
        cells = require(self.tables.lexicon).cells
        return sum(len(self._find_words(cells, start)) for start in range(self.lengths))

    @property
    def segmentation(self) -> quantities.Segmentation[int]:
        """The sums of the cheapest segmentation; raises ValueError without a vocabulary."""
        return quantities.Segmentation.unpack(self._paths[0][-1])

    def reason(self) -> tuple[str, str] | tuple[None, None]:
        """Return the cheapest segmentation and the least likely substring; None without tables."""
        if self.tables.words is None or self.tables.characters is None:
            return None, None
        return self.segmentation_text, self._find_unlikely()

    @property
    def segmentation_text(self) -> str:
        """The cheapest segmentation with bars between its parts, as "face|book|7x".

        Single characters join up. Raises ValueError without a vocabulary.
        """
        parts: list[str] = []
        backpointers, at, inside = self._paths[1], self.lengths, False
        while at:
            start = backpointers[at]
            single = at - start == 1
            if single and inside:
                parts[-1] = self.label[start] + parts[-1]
            else:
                parts.append(self.label[start:at])
            at, inside = start, single
        return "|".join(reversed(parts))

    @cached_property
    def _paths(self) -> tuple[list[int], list[int], int]:
        """The value of the cheapest path to each place, the backpointers, the number of words.

        A backpointer is where the last arc to a place begins, the shortest of equal paths.
        """
        words, count, n = require(self.tables.words), 0, self.lengths
        cells, costs, single = words.cells, words.costs, words.single
        best, backpointers = [0] + [quantities.UNREACHED] * n, [0] * (n + 1)
        for start, code in enumerate(self.codes[:n]):
            here, end = best[start], start + 1
            value = here + (single[code] << COST_BIT) + ONE_SINGLE
            if value <= best[end]:
                best[end], backpointers[end] = value, start
            for length, cell in self._find_words(cells, start):
                count += 1
                value = here + (costs[cell] << COST_BIT) + ONE_WORD + length * length
                end = start + length
                if value <= best[end]:
                    best[end], backpointers[end] = value, start
        return best, backpointers, count

    def _find_words(self, cells: memoryview, start: int) -> list[tuple[int, int]]:
        """Return length and cell of each word of two characters or more that begins at start."""
        words, base = [], cells[0]
        for length, code in enumerate(self.codes[start:], 1):
            at = base + code
            cell = cells[at]
            if not base or cell & CODE_MASK != code:
                break
            if cell & _WORD_MASK and length > 1:
                words.append((length, at))
            base = cell >> BASE_BIT
        return words

    def _find_unlikely(self) -> str:
        """Return the UNLIKELY_LENGTH characters of highest total cost, the first of equal ones."""
        costs = self.surprisal[0]
        starts = range(max(self.lengths - quantities.UNLIKELY_LENGTH + 1, 1))
        at = max(starts, key=lambda start: sum(costs[start : start + quantities.UNLIKELY_LENGTH]))
        return self.label[at : at + quantities.UNLIKELY_LENGTH]
