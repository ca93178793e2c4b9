"""The features by which a label's family is recognised: cheap numbers of the label alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import eq
from typing import TYPE_CHECKING

from ..names.encoding import ALPHABET, OTHER, SIZE, encode_labels
from ..names.errors import MAX_LABEL

if TYPE_CHECKING:
    from ..names.array_types import Floats

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
    _check_label(label)
    size, letters = len(label), set(label)
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


def compute_matrix(labels: Sequence[str]) -> Floats:
    """Return compute_features() of each label (labels, features), with the same bits.

    >>> compute_matrix(["abba", "x-1"]).tolist() == [compute_features(x) for x in ("abba", "x-1")]
    True
    """
    import numpy as np  # one label does not need it

    for label in labels:
        _check_label(label)
    codes, starts, sizes = encode_labels(labels)  # a label and its terminator, then the next one
    owner = np.repeat(np.arange(len(labels)), sizes + 1) * SIZE
    codes = codes[: len(owner)].astype(np.int64)
    kinds = np.array([*map(_KINDS.index, ALPHABET.translate(_KIND_OF)), len(_KINDS)])
    every, letter = np.arange(len(_KINDS)), np.arange(OTHER)
    width = len(every) + 1
    pairs = kinds[codes[:-1]] * width + kinds[codes[1:]]
    doubles = (codes[:-1] == codes[1:]).astype(np.int64)  # neither is a terminator
    counts, follows, doubled = (
        np.bincount(owner[: len(x)] + x, minlength=len(labels) * SIZE).reshape(-1, SIZE)
        for x in (codes, pairs, doubles)
    )
    letters, size, steps = counts[:, :OTHER], sizes[:, np.newaxis], np.maximum(sizes - 1, 1)
    of_kind = letters @ (kinds[:OTHER, np.newaxis] == every)
    inside = np.add.outer(every * width, every).ravel()  # pairs without a terminator
    other = [x not in _HEXADECIMAL for x in ALPHABET]
    columns = (
        *(size == np.arange(1, MAX_LABEL + 1), letters / size),
        *(codes[at, np.newaxis] == letter for at in (starts, starts + sizes - 1)),
        *(of_kind[:, [0, 2]] / size, follows[:, inside] / steps[:, np.newaxis]),
        np.stack([doubled[:, 1] / steps, np.count_nonzero(letters, axis=1) / sizes], axis=1),
        *(of_kind == 0, ~letters[:, other].any(axis=1, keepdims=True)),
    )
    return np.concatenate(columns, axis=1, dtype=np.float64)


def _check_label(label: str) -> None:
    if not 0 < len(label) <= MAX_LABEL or not _LETTERS.issuperset(label):
        raise ValueError(f"no label of lower-case letters, digits and hyphens: {label[:80]!r}")


def _one_hot(index: int, size: int) -> list[float]:
    """Return 1 at one place of a list, 0 at all others."""
    values = [0.0] * size
    values[index] = 1.0
    return values
