"""The features by which a label's family is recognised: cheap numbers of the label alone."""

from __future__ import annotations

from itertools import pairwise
from operator import eq

from ..names.encoding import ALPHABET
from ..names.errors import MAX_LABEL

_LETTERS, _HEXADECIMAL = frozenset(ALPHABET), frozenset("0123456789abcdef")
_VOWEL, _CONSONANT, _DIGIT = _KINDS = ("v", "c", "d")
_KIND_OF = str.maketrans(
    {x: _VOWEL if x in "aeiou" else _DIGIT if x.isdigit() else _CONSONANT for x in ALPHABET}
)
_PAIRS = [one + other for one in _KINDS for other in _KINDS]

FAMILY_FEATURES = (
    *(f"length_{n}" for n in range(1, MAX_LABEL + 1)),
    *(f"{kind}_{x}" for kind in ("share", "first", "last") for x in ALPHABET),
    *(f"share_{kind}" for kind in ("vowels", "digits")),
    *(f"follow_{pair}" for pair in _PAIRS),  # cv: a consonant, then a vowel
    *("doubled", "distinct"),
    *(f"no_{kind}" for kind in ("vowels", "consonants", "digits")),
    "hexadecimal",
)


def compute_features(label: str) -> list[float]:
    """Return the values of FAMILY_FEATURES: shares of characters or of pairs of them, else 0 or 1.

    Raises ValueError for a text that is not 1 to 63 lower-case letters, digits and hyphens.

    >>> features = dict(zip(FAMILY_FEATURES, compute_features("abba")))
    >>> features["length_4"], features["first_a"], features["share_b"], features["no_digits"]
    (1.0, 1.0, 0.5, 1.0)
    """
    size = len(label)
    letters = set(label)
    if not 0 < size <= MAX_LABEL or not letters <= _LETTERS:
        raise ValueError(f"no label of lower-case letters, digits and hyphens: {label[:80]!r}")
    kinds = label.translate(_KIND_OF)
    counts = [kinds.count(kind) for kind in _KINDS]
    pairs = " ".join(map("".join, pairwise(kinds)))
    steps = max(size - 1, 1)
    doubled = sum(map(eq, label, label[1:]))
    return [
        *_one_hot(size - 1, MAX_LABEL),
        *[label.count(x) / size if x in letters else 0.0 for x in ALPHABET],
        *_one_hot(ALPHABET.index(label[0]), len(ALPHABET)),
        *_one_hot(ALPHABET.index(label[-1]), len(ALPHABET)),
        *(counts[0] / size, counts[2] / size),
        *[pairs.count(pair) / steps for pair in _PAIRS],
        *(doubled / steps, len(letters) / size),
        *(float(not count) for count in counts),
        float(letters <= _HEXADECIMAL),
    ]


def _one_hot(index: int, size: int) -> list[float]:
    """Return 1 at one place of a list, 0 at all others."""
    values = [0.0] * size
    values[index] = 1.0
    return values
