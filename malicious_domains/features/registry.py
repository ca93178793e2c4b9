"""The features of a label, in one registry that training and serving share.

Each is one function of FeatureInputs: given a BatchFeatures it returns an array
(labels,), given a LabelFeatures a number. A cost is -ln P in sixteenths of a nat, a
whole number from 0 to 255 for one word or one character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .array_types import Floats
    from .language_tables import Tables
    from .protocol import FeatureInputs

CHUNK = 8192  # labels computed together: their intermediate arrays fit a cache

# What a feature asks, the same four questions as the original's four features.
GROUPS = {
    "length": "how long the label is",
    "entropy": "how mixed its characters are",
    "vowels": "how it can be pronounced",
    "words": "how it reads in words",
}

Column = Any  # int64 or float64 (labels,) of a batch; int or float of one label


class Feature(NamedTuple):
    """A column: what it is called, asks and means; its values for a batch or for one label."""

    name: str
    group: str  # one of GROUPS
    meaning: str
    compute: Callable[[FeatureInputs], Column]


def length(inputs: FeatureInputs) -> Column:
    """Characters of the label: a whole number, 1 to 63 in DNS."""
    return inputs.lengths


def entropy(inputs: FeatureInputs) -> Column:
    """Shannon entropy of a label's characters in bits: from 0 to log2 of its length.

    (n log2 n - sum(c log2 c)) / n over the counts c of its n characters, equal
    to -sum(p log2 p) (Shannon 1948). All characters outside the alphabet count
    as one symbol.
    """
    return inputs.entropy_numerator / inputs.safe_length


def p_vowels(inputs: FeatureInputs) -> Column:
    """Share of a, e, i, o and u among the characters: from 0 to 1."""
    return inputs.character_counts.vowels / inputs.safe_length


def num_words(inputs: FeatureInputs) -> Column:
    """Substrings of two characters or more that are words: a whole number, at least 0.

    Overlapping ones count, too. Of the vocabulary if the artifact has one, else of its
    lexicon; raises ValueError if it has neither.
    """
    return inputs.word_matches


def p_distinct(inputs: FeatureInputs) -> Column:
    """Distinct characters divided by all characters: above 0, at most 1."""
    return inputs.distinct / inputs.safe_length


def p_digits(inputs: FeatureInputs) -> Column:
    """Share of digits among the characters: from 0 to 1."""
    return inputs.character_counts.digits / inputs.safe_length


def hyphens(inputs: FeatureInputs) -> Column:
    """Hyphens in the label: a whole number, at least 0."""
    return inputs.character_counts.hyphens


def consonant_run(inputs: FeatureInputs) -> Column:
    """Characters of the longest run of consonants: a whole number, at least 0.

    All letters but a, e, i, o and u are consonants, y too.
    """
    return inputs.consonant_run


def digit_run(inputs: FeatureInputs) -> Column:
    """Characters of the longest run of digits: a whole number, at least 0."""
    return inputs.digit_run


def switches(inputs: FeatureInputs) -> Column:
    """Places where a letter follows a digit or a digit a letter: a whole number, at least 0."""
    return inputs.character_counts.switches


def alternation(inputs: FeatureInputs) -> Column:
    """Share of neighbours of which one is a vowel and one a consonant: from 0 to 1.

    Of the n - 1 pairs of neighbours among n characters.
    """
    return inputs.character_counts.alternations / inputs.bigram_count


def p_rare(inputs: FeatureInputs) -> Column:
    """Share of j, q, x and z among the characters: from 0 to 1."""
    return inputs.character_counts.rare / inputs.safe_length


def idna(inputs: FeatureInputs) -> Column:
    """1 where the label is the ASCII form of a name in other letters (xn--), else 0."""
    return inputs.idna


def trigram_mean(inputs: FeatureInputs) -> Column:
    """Mean cost of a character after the two before it: from 0 to 255.

    The sum of -ln P(character | the two before it), in sixteenths of a nat, over the n
    characters and the end of the label, divided by n + 1. Raises ValueError if the artifact
    has no language model of characters.
    """
    return inputs.trigrams.total / (inputs.lengths + 1)


def trigram_max(inputs: FeatureInputs) -> Column:
    """Cost of the least likely character after the two before it: a whole number, 0 to 255.

    The highest -ln P(character | the two before it), in sixteenths of a nat, over the
    characters and the end of the label. Raises ValueError if the artifact has no language model
    of characters.
    """
    return inputs.trigrams.highest


def trigram_sum(inputs: FeatureInputs) -> Column:
    """Cost of all characters, each after the two before it: a whole number, at least 0.

    The sum of -ln P(character | the two before it), in sixteenths of a nat, over the
    characters and the end of the label. Raises ValueError if the artifact has no language model
    of characters.
    """
    return inputs.trigrams.total


def fourgram_mean(inputs: FeatureInputs) -> Column:
    """Mean cost of a character after the three before it: from 0 to 255.

    The sum of -ln P(character | the three before it), in sixteenths of a nat, over the n
    characters and the end of the label, divided by n + 1. Raises ValueError if the artifact
    has no language model of characters.
    """
    return inputs.fourgrams.total / (inputs.lengths + 1)


def fourgram_max(inputs: FeatureInputs) -> Column:
    """Cost of the least likely character after the three before it: a whole number, 0 to 255.

    The highest -ln P(character | the three before it), in sixteenths of a nat, over the
    characters and the end of the label. Raises ValueError if the artifact has no language model
    of characters.
    """
    return inputs.fourgrams.highest


def fourgram_sum(inputs: FeatureInputs) -> Column:
    """Cost of all characters, each after the three before it: a whole number, at least 0.

    The sum of -ln P(character | the three before it), in sixteenths of a nat, over the
    characters and the end of the label. Raises ValueError if the artifact has no language model
    of characters.
    """
    return inputs.fourgrams.total


def cut_cost(inputs: FeatureInputs) -> Column:
    """Cost of the cheapest segmentation into words and characters: a whole number, at least 0.

    The sum of -ln P, in sixteenths of a nat, over its words and the characters
    in no word; the segmentation is the one that makes it least. Raises ValueError if the artifact
    has no vocabulary.
    """
    return inputs.segmentation.cost


def cut_mean(inputs: FeatureInputs) -> Column:
    """Cost of the cheapest segmentation into words, per character of the label: from 0 to 255.

    cut_cost / n, in sixteenths of a nat, of a label of n characters. Raises ValueError if
    the artifact has no vocabulary.
    """
    return inputs.segmentation.cost / inputs.safe_length


def cut_words(inputs: FeatureInputs) -> Column:
    """Words in the cheapest segmentation: a whole number, at least 0.

    Characters in no word are not counted. Raises ValueError if the artifact has no vocabulary.
    """
    return inputs.segmentation.words


def cut_word_length(inputs: FeatureInputs) -> Column:
    """Length of the word around a character of the cheapest segmentation, on average: from 0 to n.

    sum(l**2) / n over the lengths l of its words, of a label of n characters; a
    character in no word counts as 0. Raises ValueError if the artifact has no vocabulary.
    """
    return inputs.segmentation.squares / inputs.safe_length


def cut_word_share(inputs: FeatureInputs) -> Column:
    """Share of the label that the word around a character takes, on average: from 0 to 1.

    cut_word_length / n of a label of n characters: 1 where the whole label is one word
    of the cheapest segmentation. Raises ValueError if the artifact has no vocabulary.
    """
    return cut_word_length(inputs) / inputs.safe_length


def p_singles(inputs: FeatureInputs) -> Column:
    """Share of the characters that stand in no word of the cheapest segmentation: from 0 to 1.

    Raises ValueError if the artifact has no vocabulary.
    """
    return inputs.segmentation.singles / inputs.safe_length


REGISTRY = {
    feature.name: feature
    for feature in (
        Feature("length", "length", "characters", length),
        Feature("entropy", "entropy", "Shannon entropy of the characters, in bits", entropy),
        Feature("p_vowels", "vowels", "share of the vowels a, e, i, o, u", p_vowels),
        Feature("num_words", "words", "substrings that are dictionary words", num_words),
        Feature("p_distinct", "entropy", "distinct characters, per character", p_distinct),
        Feature("p_digits", "entropy", "share of digits", p_digits),
        Feature("hyphens", "entropy", "hyphens", hyphens),
        Feature("consonant_run", "vowels", "longest run of consonants", consonant_run),
        Feature("digit_run", "entropy", "longest run of digits", digit_run),
        Feature("switches", "entropy", "changes between letters and digits", switches),
        Feature("alternation", "vowels", "share of vowel-consonant neighbours", alternation),
        Feature("p_rare", "entropy", "share of the rare letters j, q, x, z", p_rare),
        Feature("idna", "entropy", "whether it is the ASCII form of other letters", idna),
        Feature("trigram_mean", "vowels", "mean surprise of a character after two", trigram_mean),
        Feature("trigram_max", "vowels", "highest surprise of a character after two", trigram_max),
        Feature("trigram_sum", "vowels", "surprise of all characters after two", trigram_sum),
        Feature(
            "fourgram_mean", "vowels", "mean surprise of a character after three", fourgram_mean
        ),
        Feature(
            "fourgram_max", "vowels", "highest surprise of a character after three", fourgram_max
        ),
        Feature("fourgram_sum", "vowels", "surprise of all characters after three", fourgram_sum),
        Feature("cut_cost", "words", "cost of the best cut into words", cut_cost),
        Feature("cut_mean", "words", "cost of the best cut, per character", cut_mean),
        Feature("cut_words", "words", "words of the best cut", cut_words),
        Feature(
            "cut_word_length", "words", "typical length of the words of the cut", cut_word_length
        ),
        Feature(
            "cut_word_share",
            "words",
            "typical length of those words, as a share of the label",
            cut_word_share,
        ),
        Feature("p_singles", "words", "share of characters in no word of the cut", p_singles),
    )
}
CLASSIC = ("length", "entropy", "p_vowels", "num_words")
SETS = {"classic": CLASSIC, "language": tuple(REGISTRY)}


def compute_chunks(
    labels: Sequence[str], names: Sequence[str], tables: Tables, check: bool = False
) -> Iterator[list[Column]]:
    """The named features of CHUNK labels at a time: columns (labels of the chunk,), as named.

    Raises KeyError for an unknown name, and ValueError for a label over MAX_LENGTH or
    for a feature whose table is None; where labels are to be checked, for what is no label
    of DNS in lower case.
    """
    from .batch import BatchFeatures  # with NumPy: for those alone who ask for many
    from .encoding import check_labels, encode_labels

    for start in range(0, len(labels), CHUNK):
        some = labels[start : start + CHUNK]
        batch = encode_labels(some)
        if check:
            check_labels(some, batch)
        inputs = BatchFeatures(batch, tables)
        yield [REGISTRY[name].compute(inputs) for name in names]


def compute_matrix(labels: Sequence[str], names: Sequence[str], tables: Tables) -> Floats:
    """The named features of all labels, float64 (labels, names).

    Raises KeyError for an unknown name, and ValueError for a label over MAX_LENGTH or
    for a feature whose table is None.
    """
    import numpy as np

    table = np.empty((len(labels), len(names)))
    for i, columns in enumerate(compute_chunks(labels, names, tables)):
        for j, column in enumerate(columns):
            table[i * CHUNK : (i + 1) * CHUNK, j] = column
    return table
