"""The features of a label, in one registry that training and serving share.

A feature's formula is written once and applied to BatchFeatures, whose values are arrays
(labels,), or to LabelFeatures, whose values are numbers of Python; tests hold both to the same
bits. In the formulas n is the label's length. A cost is a surprisal, -ln P of a word or of a
character by a language model of legitimate names, in sixteenths of a nat, rounded to a whole
number from 0 to 255: 16 is a probability of 1/e, 255 one of about 1 in 8,000,000 or less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..names.array_types import Floats
    from .batch import BatchFeatures
    from .language_tables import Tables
    from .single import LabelFeatures

CHUNK = 8192  # labels computed together: their intermediate arrays fit a cache

# The question that each feature answers: those of the H2O demo's four features.
GROUPS = {
    "length": "how long the label is",
    "entropy": "how mixed its characters are",
    "vowels": "how it can be pronounced",
    "words": "how it reads in words",
}

Column = Any  # int64 or float64 (labels,) for a batch; int or float for one label


class Feature(NamedTuple):
    """A column of the model's input; `compute` raises ValueError if the artifact lacks a table."""

    name: str
    group: str  # one of GROUPS
    meaning: str
    compute: Callable[[BatchFeatures | LabelFeatures], Column]


def _same(name: str, group: str, meaning: str) -> Feature:
    """Return the feature that is an input of its own name."""
    return Feature(name, group, meaning, attrgetter(name))


_FEATURES = (
    Feature("length", "length", "characters", lambda x: x.lengths),
    Feature(  # (n log2 n - sum(c log2 c)) / n over the counts c of the distinct characters
        *("entropy", "entropy", "Shannon entropy of the characters, in bits"),
        lambda x: x.entropy_numerator / x.safe_length,
    ),
    Feature(
        *("p_vowels", "vowels", "share of the vowels a, e, i, o, u"),
        lambda x: x.character_counts.vowels / x.safe_length,
    ),
    Feature(  # of the n - 1 pairs of neighbours
        *("alternation", "vowels", "share of vowel-consonant neighbours"),
        lambda x: x.character_counts.alternations / x.bigram_count,
    ),
    Feature(
        *("p_digits", "entropy", "share of digits"),
        lambda x: x.character_counts.digits / x.safe_length,
    ),
    Feature("num_digits", "entropy", "digits", lambda x: x.character_counts.digits),
    # One other character does not end the substring: it costs two.
    _same("hex_run", "entropy", "longest hexadecimal substring"),
    _same("idna", "entropy", "whether it is the ASCII form of other letters"),
    # Costs of the n characters and of the label's end, each after the two or three before it.
    Feature(
        *("trigram_mean", "vowels", "mean surprisal of a character after two"),
        lambda x: x.trigram_sum / (x.lengths + 1),
    ),
    # The worst substring: what is put beside it does not lower its costs.
    _same("trigram_excess", "vowels", "surprisal of the worst substring after two"),
    _same("trigram_worst", "vowels", "surprisal of the worst twelve characters"),
    Feature(
        *("fourgram_mean", "vowels", "mean surprisal of a character after three"),
        lambda x: x.fourgram_sum / (x.lengths + 1),
    ),
    _same("fourgram_sum", "vowels", "surprisal of all characters after three"),
    _same("fourgram_excess", "vowels", "surprisal of the worst substring after three"),
    # The cheapest segmentation into words and single characters, see segmentation.py.
    Feature(
        *("cut_cost", "words", "surprisal of the best segmentation into words"),
        lambda x: x.segmentation.cost,
    ),
    Feature(
        *("cut_mean", "words", "surprisal of the best segmentation, per character"),
        lambda x: x.segmentation.cost / x.safe_length,
    ),
    Feature("cut_words", "words", "words of the best segmentation", lambda x: x.segmentation.words),
    Feature(  # sum(l**2) / n over the lengths l of the words; a character in no word counts as 0
        *("cut_word_length", "words", "typical length of the words of the segmentation"),
        lambda x: x.segmentation.squares / x.safe_length,
    ),
    Feature(
        *("cut_word_share", "words", "typical length of those words, as a share of the label"),
        lambda x: x.segmentation.squares / x.safe_length / x.safe_length,
    ),
    _same("cut_excess", "words", "surprisal of the worst substring's segmentation"),
    Feature(  # of two characters or more, overlapping ones too
        *("num_words", "words", "substrings that are dictionary words"), lambda x: x.word_matches
    ),
)
REGISTRY = {feature.name: feature for feature in _FEATURES}
CLASSIC = ("length", "entropy", "p_vowels", "num_words")
# None of language's rises or falls much by one or two characters: see docs/evaluation.md.
SETS = {"classic": CLASSIC, "language": tuple(x for x in REGISTRY if x != "num_words")}


def compute_chunks(
    labels: Sequence[str], names: Sequence[str], tables: Tables, check: bool = False
) -> Iterator[list[Column]]:
    """Yield the named features of CHUNK labels at a time: columns (labels of the chunk,).

    Raises KeyError for an unknown name, and ValueError for a label over MAX_LENGTH, a feature whose
    table is None, and, if `check` is set, for a text that is not a DNS label in lower case.
    """
    from ..names.encoding import check_labels, encode_labels
    from .batch import BatchFeatures  # imports NumPy, which one label does not need

    for start in range(0, len(labels), CHUNK):
        chunk = labels[start : start + CHUNK]
        batch = encode_labels(tables.view_labels(chunk))
        if check:
            check_labels(chunk, batch)
        inputs = BatchFeatures(batch, tables)
        yield [REGISTRY[name].compute(inputs) for name in names]


def compute_matrix(labels: Sequence[str], names: Sequence[str], tables: Tables) -> Floats:
    """Return the named features of all labels, float64 (labels, names); raises as compute_chunks.

    >>> from malicious_domains.features.language_tables import Tables
    >>> compute_matrix(["google", "x9"], ["length", "p_vowels"], Tables()).tolist()
    [[6.0, 0.5], [2.0, 0.0]]
    """
    import numpy as np

    table = np.empty((len(labels), len(names)))
    for i, columns in enumerate(compute_chunks(labels, names, tables)):
        for j, column in enumerate(columns):
            table[i * CHUNK : (i + 1) * CHUNK, j] = column
    return table
