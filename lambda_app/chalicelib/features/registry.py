"""The features of a label, in one registry that training and serving share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .batch import BatchFeatures, Tables
from .encoding import encode
from .protocol import FeatureInputs
from .types import Floats

CHUNK = 8192  # labels computed together: their intermediate arrays fit a cache

Column = Any  # int64 or float64 (labels,) of a batch; int or float of one label


class Feature(NamedTuple):
    """A column: its name, what it means, and its values for a batch or its value for one label."""

    name: str
    meaning: str
    compute: Callable[[FeatureInputs], Column]


def length(facts: FeatureInputs) -> Column:
    """Characters."""
    return facts.lengths


def entropy(facts: FeatureInputs) -> Column:
    """Shannon entropy of a label's characters in bits.

    (n log2 n - sum(c log2 c)) / n over the counts c of its n characters, equal
    to -sum(p log2 p) (Shannon 1948). All characters outside the alphabet count
    as one symbol.
    """
    return facts.entropy_numerator / facts.safe_length


def p_vowels(facts: FeatureInputs) -> Column:
    """Share of a, e, i, o and u among the characters."""
    return facts.character_counts.vowels / facts.safe_length


def num_words(facts: FeatureInputs) -> Column:
    """Substrings of two characters or more that are words."""
    return facts.word_matches


def p_distinct(facts: FeatureInputs) -> Column:
    """Distinct characters, per character."""
    return facts.distinct / facts.safe_length


def p_digits(facts: FeatureInputs) -> Column:
    """Share of digits among the characters."""
    return facts.character_counts.digits / facts.safe_length


def hyphens(facts: FeatureInputs) -> Column:
    """Hyphens."""
    return facts.character_counts.hyphens


def consonant_run(facts: FeatureInputs) -> Column:
    """The longest run of consonants."""
    return facts.consonant_run


def digit_run(facts: FeatureInputs) -> Column:
    """The longest run of digits."""
    return facts.digit_run


def switches(facts: FeatureInputs) -> Column:
    """Places where a letter follows a digit or a digit a letter."""
    return facts.character_counts.switches


def alternation(facts: FeatureInputs) -> Column:
    """Share of neighbours of which one is a vowel and one a consonant."""
    return facts.character_counts.alternations / facts.bigram_count


def p_rare(facts: FeatureInputs) -> Column:
    """Share of j, q, x and z among the characters."""
    return facts.character_counts.rare / facts.safe_length


def idna(facts: FeatureInputs) -> Column:
    """1 where the label is the ASCII form of a name in other letters (xn--)."""
    return facts.idna


def trigram_mean(facts: FeatureInputs) -> Column:
    """Mean cost of a character after two before it, the end included."""
    return facts.trigrams.total / (facts.lengths + 1)


def trigram_max(facts: FeatureInputs) -> Column:
    """The cost of the least likely character after two before it."""
    return facts.trigrams.highest


def trigram_sum(facts: FeatureInputs) -> Column:
    """Cost of all characters after two before each, the end included."""
    return facts.trigrams.total


def fourgram_mean(facts: FeatureInputs) -> Column:
    """Mean cost of a character after three before it, the end included."""
    return facts.fourgrams.total / (facts.lengths + 1)


def fourgram_max(facts: FeatureInputs) -> Column:
    """The cost of the least likely character after three before it."""
    return facts.fourgrams.highest


def fourgram_sum(facts: FeatureInputs) -> Column:
    """Cost of all characters after three before each, the end included."""
    return facts.fourgrams.total


def cut_cost(facts: FeatureInputs) -> Column:
    """Cost of the cheapest cut into words."""
    return facts.segmentation.cost


def cut_mean(facts: FeatureInputs) -> Column:
    """Cost of the cheapest cut, per character."""
    return facts.segmentation.cost / facts.safe_length


def cut_words(facts: FeatureInputs) -> Column:
    """Words in the cheapest cut."""
    return facts.segmentation.words


def cut_word_length(facts: FeatureInputs) -> Column:
    """Length of the word around a character of the cheapest cut, on average."""
    return facts.segmentation.squares / facts.safe_length


def cut_word_share(facts: FeatureInputs) -> Column:
    """The same per character of the label: 1 where it is one word."""
    return cut_word_length(facts) / facts.safe_length


def p_singles(facts: FeatureInputs) -> Column:
    """Share of the characters that stand in no word of the cheapest cut."""
    return facts.segmentation.singles / facts.safe_length


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
        view = BatchFeatures(encode(labels[start : start + CHUNK]), tables)
        yield [REGISTRY[name].compute(view) for name in names]


def matrix(labels: Sequence[str], names: Sequence[str], tables: Tables) -> Floats:
    """The named features of all labels, float64 (labels, names)."""
    table = np.empty((len(labels), len(names)))
    for i, columns in enumerate(chunks(labels, names, tables)):
        for j, column in enumerate(columns):
            table[i * CHUNK : (i + 1) * CHUNK, j] = column
    return table
