"""One label as features see it: the FeatureInputs of a BatchFeatures, by a walk in plain Python.

NumPy pays for a call, not for a number: for one label, whose arrays would have a
dozen elements, the same tables are read character by character. Tests hold both
walks to the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from .batch import Tables, require
from .character_counts import CONSONANT, DIGIT, PAIRS, CharacterCounts
from .encoding import OTHER, SIZE, check_length, codes
from .explanation import STRETCH, Reason, segmentation_text
from .lexicon import BASE_BIT, CODE_MASK, WORD_BIT
from .ngrams import EDGE, SYMBOL, SYMBOLS
from .protocol import C_LOG_C, IDNA, Surprise
from .segmentation import Segmentation
from .vocabulary import COST_BIT, SHORT, UNREACHED, WORDS_BIT

_PAIRS = PAIRS.tolist()
_SYMBOL = SYMBOL.tolist()
_C_LOG_C = C_LOG_C.tolist()
_CONSONANTS = CONSONANT.tolist()
_DIGITS = DIGIT.tolist()


class LabelFeatures:
    """A label and the tables to look at it with."""

    def __init__(self, label: str, tables: Tables) -> None:
        """Raises ValueError for a label over MAX_LENGTH."""
        self.label = label
        self.tables = tables
        self.lengths = n = len(label)
        self.safe_length = max(n, 1)
        self.bigram_count = max(n - 1, 1)
        check_length(n)
        self._padded = codes(label + "\0\0\0")  # windows may start anywhere
        self.codes = self._padded[: n + 1]

    @cached_property
    def character_counts(self) -> CharacterCounts:
        """See FeatureInputs."""
        total, before = 0, OTHER
        for code in self.codes:
            total += _PAIRS[before * SIZE + code]
            before = code
        return CharacterCounts.of(total)

    @cached_property
    def entropy_numerator(self) -> float:
        """See FeatureInputs."""
        codes = self.codes[:-1]
        surplus = sum(_C_LOG_C[codes.count(code)] for code in set(codes))
        entropy_numerator: float = _C_LOG_C[self.lengths] - surplus
        return entropy_numerator

    @property
    def distinct(self) -> int:
        """See FeatureInputs."""
        return len(set(self.codes[:-1]))

    @property
    def consonant_run(self) -> int:
        """See FeatureInputs."""
        return self._longest(_CONSONANTS)

    @property
    def digit_run(self) -> int:
        """See FeatureInputs."""
        return self._longest(_DIGITS)

    @property
    def idna(self) -> int:
        """See FeatureInputs."""
        return int(self.label.startswith(IDNA))

    @cached_property
    def surprisal(self) -> tuple[list[int], list[int]]:
        """Cost of each character and the end, after two and after three before it."""
        known = require(self.tables.characters)
        thirds, fourths = known.trigrams.data, known.fourgrams.data
        three, four = [], []
        index = (EDGE * SYMBOLS + EDGE) * SYMBOLS + EDGE
        for code in self.codes:
            index = index % SYMBOLS**3 * SYMBOLS + _SYMBOL[code]
            three.append(thirds[index % SYMBOLS**3])
            four.append(fourths[index])
        return three, four

    @property
    def trigrams(self) -> Surprise:
        """See FeatureInputs."""
        costs = self.surprisal[0]
        return Surprise(sum(costs), max(costs))

    @property
    def fourgrams(self) -> Surprise:
        """See FeatureInputs."""
        costs = self.surprisal[1]
        return Surprise(sum(costs), max(costs))

    @property
    def word_matches(self) -> int:
        """See FeatureInputs."""
        if self.tables.words:
            return self._paths[2]
        lexicon, found = require(self.tables.lexicon), 0
        count, base, cells = lexicon.count3.data, lexicon.base3.data, lexicon.cells.data
        for start, (_, three) in enumerate(self._windows):
            found += count[three] + sum(1 for _ in self._long(cells, base[three], start))
        return found

    @property
    def segmentation(self) -> Segmentation:
        """See FeatureInputs."""
        return Segmentation.of(self._paths[0])

    def reason(self) -> Reason:
        """What reasons.explain says of it."""
        if self.tables.words is None or self.tables.characters is None:
            return Reason(None, None)
        return Reason(self.segmentation_text, self._unlikely())

    @property
    def segmentation_text(self) -> str:
        """What reasons.segmentations says of it."""
        return segmentation_text(self.label, self._paths[1].__getitem__)

    @cached_property
    def _windows(self) -> list[tuple[int, int]]:
        """Two and three characters from each on, as words.Windows numbers them."""
        after = zip(self.codes[:-1], self._padded[1:], self._padded[2:], strict=False)
        return [(x := a * SIZE + b, x * SIZE + c) for a, b, c in after]

    @cached_property
    def _paths(self) -> tuple[int, list[int], int]:
        """The value of the cheapest path, where the last step to each place began, words found.

        Of paths that are worth the same the one with the shortest last step is
        taken, as reasons.segmentations does.
        """
        words, found = require(self.tables.words), 0
        ones, twos, threes = (values.data for values in words.values)
        costs, cells = words.costs.data, words.cells.data
        base, short = words.base3.data, words.begun.data
        best, begun = [0] + [UNREACHED] * (self.lengths + SHORT), [0] * (self.lengths + SHORT + 1)
        for start, (two, three) in enumerate(self._windows):
            steps = [(1, ones[self.codes[start]]), (2, twos[two]), (3, threes[three])]
            for length, cell in self._long(cells, base[three], start):
                steps.append((length, (costs[cell] << COST_BIT) + (1 << WORDS_BIT) + length**2))
            for length, value in steps:
                if value < UNREACHED and best[start] + value <= best[start + length]:
                    best[start + length], begun[start + length] = best[start] + value, start
            found += short[three] + len(steps) - SHORT
        return best[self.lengths], begun, found

    def _long(self, cells: memoryview, base: int, start: int) -> Iterator[tuple[int, int]]:
        """The words of more than SHORT characters that start at one: their lengths and cells."""
        length = SHORT
        while base:
            code = self.codes[start + length]
            cell = cells[base + code]
            if cell & CODE_MASK != code:
                return
            length += 1
            if cell >> WORD_BIT & 1:
                yield length, base + code
            base = cell >> BASE_BIT

    def _longest(self, kind: list[bool]) -> int:
        longest = run = 0
        for code in self.codes:
            run = run + 1 if kind[code] else 0
            longest = max(longest, run)
        return longest

    def _unlikely(self) -> str:
        costs = self.surprisal[0]
        starts = range(max(self.lengths - STRETCH + 1, 1))
        at = max(starts, key=lambda start: sum(costs[start : start + STRETCH]))
        return self.label[at : at + STRETCH]
