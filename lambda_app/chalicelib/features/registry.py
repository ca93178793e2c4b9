"""The features of a label, in one registry that training and serving share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .batch import Tables, View
from .encoding import encode
from .protocol import Facts
from .types import Floats

CHUNK = 8192  # labels computed together: their intermediate arrays fit a cache

Column = Any  # int64 or float64 (labels,) of a batch; int or float of one label


class Feature(NamedTuple):
    """A column: its name, what it means, and its values for a batch or its value for one label."""

    name: str
    meaning: str
    compute: Callable[[Facts], Column]


def length(facts: Facts) -> Column:
    """Characters."""
    return facts.lengths


def entropy(facts: Facts) -> Column:
    """Shannon entropy of a label's characters in bits.

    (n log2 n - sum(c log2 c)) / n over the counts c of its n characters, equal
    to -sum(p log2 p) (Shannon 1948). All characters outside the alphabet count
    as one symbol.
    """
    return facts.disorder / facts.sizes


def p_vowels(facts: Facts) -> Column:
    """Share of a, e, i, o and u among the characters."""
    return facts.tally.vowels / facts.sizes


def num_words(facts: Facts) -> Column:
    """Substrings of two characters or more that are words."""
    return facts.found


def p_distinct(facts: Facts) -> Column:
    """Distinct characters, per character."""
    return facts.distinct / facts.sizes


def p_digits(facts: Facts) -> Column:
    """Share of digits among the characters."""
    return facts.tally.digits / facts.sizes


def hyphens(facts: Facts) -> Column:
    """Hyphens."""
    return facts.tally.hyphens


def consonant_run(facts: Facts) -> Column:
    """The longest run of consonants."""
    return facts.consonant_run


def digit_run(facts: Facts) -> Column:
    """The longest run of digits."""
    return facts.digit_run


def switches(facts: Facts) -> Column:
    """Places where a letter follows a digit or a digit a letter."""
    return facts.tally.switches


def alternation(facts: Facts) -> Column:
    """Share of neighbours of which one is a vowel and one a consonant."""
    return facts.tally.alternations / facts.gaps


def p_rare(facts: Facts) -> Column:
    """Share of j, q, x and z among the characters."""
    return facts.tally.rare / facts.sizes


def idna(facts: Facts) -> Column:
    """1 where the label is the ASCII form of a name in other letters (xn--)."""
    return facts.idna


def trigram_mean(facts: Facts) -> Column:
    """Mean cost of a character after two before it, the end included."""
    return facts.trigrams.total / (facts.lengths + 1)


def trigram_max(facts: Facts) -> Column:
    """The cost of the least likely character after two before it."""
    return facts.trigrams.highest


def trigram_sum(facts: Facts) -> Column:
    """Cost of all characters after two before each, the end included."""
    return facts.trigrams.total


def fourgram_mean(facts: Facts) -> Column:
    """Mean cost of a character after three before it, the end included."""
    return facts.fourgrams.total / (facts.lengths + 1)


def fourgram_max(facts: Facts) -> Column:
    """The cost of the least likely character after three before it."""
    return facts.fourgrams.highest


def fourgram_sum(facts: Facts) -> Column:
    """Cost of all characters after three before each, the end included."""
    return facts.fourgrams.total


def cut_cost(facts: Facts) -> Column:
    """Cost of the cheapest cut into words."""
    return facts.cut.cost


def cut_mean(facts: Facts) -> Column:
    """Cost of the cheapest cut, per character."""
    return facts.cut.cost / facts.sizes


def cut_words(facts: Facts) -> Column:
    """Words in the cheapest cut."""
    return facts.cut.words


def cut_word_length(facts: Facts) -> Column:
    """Length of the word around a character of the cheapest cut, on average."""
    return facts.cut.squares / facts.sizes


def cut_word_share(facts: Facts) -> Column:
    """The same per character of the label: 1 where it is one word."""
    return cut_word_length(facts) / facts.sizes


def p_singles(facts: Facts) -> Column:
    """Share of the characters that stand in no word of the cheapest cut."""
    return facts.cut.singles / facts.sizes


REGISTRY = {
    feature.name: feature
    for feature in (
        Feature("length", "characters", length),
        Feature("entropy", "Shannon entropy of the characters, in bits", entropy),
        Feature("p_vowels", "share of the vowels a, e, i, o, u", p_vowels),
        Feature("num_words", "substrings that are dictionary words", num_words),
        Feature("p_distinct", "distinct characters, per character", p_distinct),
        Feature("p_digits", "share of digits", p_digits),
        Feature("hyphens", "hyphens", hyphens),
        Feature("consonant_run", "longest run of consonants", consonant_run),
        Feature("digit_run", "longest run of digits", digit_run),
        Feature("switches", "changes between letters and digits", switches),
        Feature("alternation", "share of vowel-consonant neighbours", alternation),
        Feature("p_rare", "share of the rare letters j, q, x, z", p_rare),
        Feature("idna", "whether it is the ASCII form of other letters", idna),
        Feature("trigram_mean", "mean surprise of a character after two", trigram_mean),
        Feature("trigram_max", "highest surprise of a character after two", trigram_max),
        Feature("trigram_sum", "surprise of all characters after two", trigram_sum),
        Feature("fourgram_mean", "mean surprise of a character after three", fourgram_mean),
        Feature("fourgram_max", "highest surprise of a character after three", fourgram_max),
        Feature("fourgram_sum", "surprise of all characters after three", fourgram_sum),
        Feature("cut_cost", "cost of the best cut into words", cut_cost),
        Feature("cut_mean", "cost of the best cut, per character", cut_mean),
        Feature("cut_words", "words of the best cut", cut_words),
        Feature("cut_word_length", "typical length of the words of the cut", cut_word_length),
        Feature("cut_word_share", "the same as a share of the label", cut_word_share),
        Feature("p_singles", "share of characters in no word of the cut", p_singles),
    )
}
CLASSIC = ("length", "entropy", "p_vowels", "num_words")
SETS = {"classic": CLASSIC, "language": tuple(REGISTRY)}


def chunks(labels: Sequence[str], names: Sequence[str], tables: Tables) -> Iterator[list[Column]]:
    """The named columns of CHUNK labels at a time; raises KeyError for an unknown name."""
    for start in range(0, len(labels), CHUNK):
        view = View(encode(labels[start : start + CHUNK]), tables)
        yield [REGISTRY[name].compute(view) for name in names]


def matrix(labels: Sequence[str], names: Sequence[str], tables: Tables) -> Floats:
    """The named features of all labels, float64 (labels, names)."""
    table = np.empty((len(labels), len(names)))
    for i, columns in enumerate(chunks(labels, names, tables)):
        for j, column in enumerate(columns):
            table[i * CHUNK : (i + 1) * CHUNK, j] = column
    return table
