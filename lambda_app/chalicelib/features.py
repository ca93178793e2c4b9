"""The features of a label, in one registry that training and serving share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .encoding import ALPHABET, MAX_LENGTH, encode
from .view import Tables, View

CHUNK = 8192  # labels computed together: their intermediate arrays fit a cache

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Feature(NamedTuple):
    """A column: its name, what it means, and its values for a batch."""

    name: str
    meaning: str
    compute: Callable[[View], Floats | Ints]


def length(view: View) -> Ints:
    """Characters, (labels,)."""
    return view.lengths


def entropy(view: View) -> Floats:
    """Shannon entropy of a label's characters in bits, (labels,).

    (n log2 n - sum(c log2 c)) / n over the counts c of its n characters, equal
    to -sum(p log2 p) (Shannon 1948). All characters outside the alphabet count
    as one symbol.
    """
    owner, code = np.nonzero(view.counts > 1)
    repeated = _C_LOG_C[view.counts[owner, code]]
    surplus = np.bincount(owner, repeated, minlength=len(view.lengths))
    size = np.maximum(view.lengths, 1)
    bits: Floats = (_C_LOG_C[size] - surplus) / size
    return bits


def p_vowels(view: View) -> Floats:
    """Share of a, e, i, o and u among the characters, (labels,)."""
    return _share(view, view.sum(_VOWEL[view.codes]))


def num_words(view: View) -> Ints:
    """Substrings of two characters or more that are words, (labels,)."""
    return view.found


def p_distinct(view: View) -> Floats:
    """Distinct characters, per character, (labels,)."""
    return _share(view, (view.counts > 0).sum(axis=1))


def p_digits(view: View) -> Floats:
    """Share of digits among the characters, (labels,)."""
    return _share(view, view.sum(_DIGIT[view.codes]))


def hyphens(view: View) -> Ints:
    """Hyphens, (labels,)."""
    return view.counts[:, ALPHABET.index("-")]


def consonant_run(view: View) -> Ints:
    """The longest run of consonants, (labels,)."""
    return view.longest(_CONSONANT[view.codes])


def digit_run(view: View) -> Ints:
    """The longest run of digits, (labels,)."""
    return view.longest(_DIGIT[view.codes])


def switches(view: View) -> Ints:
    """Places where a letter follows a digit or a digit a letter, (labels,)."""
    return view.sum(_changes(_DIGIT[view.codes], _LETTER[view.codes]))


def alternation(view: View) -> Floats:
    """Share of neighbours of which one is a vowel and one a consonant, (labels,)."""
    pairs = view.sum(_changes(_VOWEL[view.codes], _CONSONANT[view.codes]))
    share: Floats = pairs / np.maximum(view.lengths - 1, 1)
    return share


def p_rare(view: View) -> Floats:
    """Share of j, q, x and z among the characters, (labels,)."""
    return _share(view, view.sum(_RARE[view.codes]))


def idna(view: View) -> Ints:
    """1 where the label is the ASCII form of a name in other letters (xn--), (labels,)."""
    prefix = np.array([ALPHABET.index(c) for c in "xn--"])
    places = view.batch.starts[:, None] + np.arange(len(prefix))
    found: Ints = (view.codes[np.minimum(places, view.size - 1)] == prefix).all(axis=1).astype(int)
    return found


def trigram_mean(view: View) -> Floats:
    """Mean cost of a character after two before it, the end included, (labels,)."""
    mean: Floats = trigram_sum(view) / (view.lengths + 1)
    return mean


def trigram_max(view: View) -> Ints:
    """The cost of the least likely character after two before it, (labels,)."""
    return np.maximum.reduceat(view.surprisal[0], view.batch.starts).astype(np.int64)


def trigram_sum(view: View) -> Ints:
    """Cost of all characters after two before each, the end included, (labels,)."""
    return view.sum(view.surprisal[0])


def fourgram_mean(view: View) -> Floats:
    """Mean cost of a character after three before it, the end included, (labels,)."""
    mean: Floats = fourgram_sum(view) / (view.lengths + 1)
    return mean


def fourgram_max(view: View) -> Ints:
    """The cost of the least likely character after three before it, (labels,)."""
    return np.maximum.reduceat(view.surprisal[1], view.batch.starts).astype(np.int64)


def fourgram_sum(view: View) -> Ints:
    """Cost of all characters after three before each, the end included, (labels,)."""
    return view.sum(view.surprisal[1])


def cut_cost(view: View) -> Ints:
    """Cost of the cheapest cut into words, (labels,)."""
    return view.cut.cost


def cut_mean(view: View) -> Floats:
    """Cost of the cheapest cut, per character, (labels,)."""
    return _share(view, view.cut.cost)


def cut_words(view: View) -> Ints:
    """Words in the cheapest cut, (labels,)."""
    return view.cut.words


def cut_word_length(view: View) -> Floats:
    """Length of the word around a character of the cheapest cut, on average, (labels,)."""
    return _share(view, view.cut.squares)


def cut_word_share(view: View) -> Floats:
    """The same per character of the label: 1 where it is one word, (labels,)."""
    return _share(view, cut_word_length(view))


def p_singles(view: View) -> Floats:
    """Share of the characters that stand in no word of the cheapest cut, (labels,)."""
    return _share(view, view.cut.singles)


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


def chunks(
    labels: Sequence[str], names: Sequence[str], tables: Tables
) -> Iterator[list[Floats | Ints]]:
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


def _share(view: View, count: Ints | Floats) -> Floats:
    share: Floats = count / np.maximum(view.lengths, 1)
    return share


def _changes(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which characters are of one kind right after one of the other."""
    changes = np.zeros(len(one), np.bool_)
    changes[1:] = one[1:] & other[:-1] | other[1:] & one[:-1]
    return changes


def _kind(characters: str) -> NDArray[np.bool_]:
    return np.array([character in characters for character in ALPHABET] + [False])


_VOWEL = _kind("aeiou")
_CONSONANT = _kind("bcdfghjklmnpqrstvwxyz")
_LETTER = _VOWEL | _CONSONANT
_DIGIT = _kind("0123456789")
_RARE = _kind("jqxz")
# Rounded to multiples of 2**-42: sums below 2**11 are then exact, so that a
# label's entropy does not depend on the order in which its terms are added.
_COUNT = np.arange(MAX_LENGTH + 1)
_C_LOG_C = np.round(_COUNT * np.log2(np.maximum(_COUNT, 1)) * 2.0**42) / 2.0**42
