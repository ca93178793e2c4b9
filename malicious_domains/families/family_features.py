"""The features by which a label's family is recognised: cheap numbers of the label alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import eq
from typing import TYPE_CHECKING

from ..names.encoding import ALPHABET
from ..names.errors import MAX_LABEL

if TYPE_CHECKING:
    from ..names.array_types import Floats, Ints

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


def _check_label(label: str) -> None:
    """Raise ValueError for a text that is not 1 to 63 lower-case letters, digits and hyphens."""
    if not 0 < len(label) <= MAX_LABEL or not _LETTERS.issuperset(label):
        raise ValueError(f"no label of lower-case letters, digits and hyphens: {label[:80]!r}")


def compute_features(label: str) -> list[float]:
    """Return the values of FAMILY_FEATURES: shares of characters or of pairs of them, else 0 or 1.

    Raises ValueError for a text that is not 1 to 63 lower-case letters, digits and hyphens.

    >>> features = dict(zip(FAMILY_FEATURES, compute_features("abba")))
    >>> features["length_4"], features["first_a"], features["share_b"], features["no_digits"]
    (1.0, 1.0, 0.5, 1.0)
    """
    _check_label(label)
    size = len(label)
    letters = set(label)
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

    Raises ValueError for a text that is no label, as it does.

    >>> compute_matrix(["abba", "x"]).tolist() == [compute_features(x) for x in ("abba", "x")]
    True
    """
    import numpy as np  # one label does not need it

    for label in labels:
        _check_label(label)
    count, width = len(labels), len(ALPHABET)
    size = np.fromiter(map(len, labels), np.int64, count)
    code_of = np.zeros(128, np.int64)
    code_of[[*ALPHABET.encode()]] = np.arange(width)
    code = code_of[np.frombuffer("".join(labels).encode(), np.uint8)]
    kind = np.array([_KINDS.index(x) for x in ALPHABET.translate(_KIND_OF)])[code]
    owner = np.repeat(np.arange(count), size)
    inside = owner[1:] == owner[:-1]
    end, steps = np.cumsum(size), np.maximum(size - 1, 1)

    def count_of(values: Ints, kinds: int, some: Ints = owner) -> Ints:
        return np.bincount(some * kinds + values, minlength=count * kinds).reshape(count, kinds)

    letters, kinds = count_of(code, width), count_of(kind, len(_KINDS))
    pairs = count_of((kind[:-1] * len(_KINDS) + kind[1:])[inside], len(_PAIRS), owner[1:][inside])
    doubled = np.bincount(owner[1:][inside & (code[1:] == code[:-1])], minlength=count)
    other = [i for i, x in enumerate(ALPHABET) if x not in _HEXADECIMAL]
    columns = (
        np.eye(MAX_LABEL)[size - 1],
        letters / size[:, np.newaxis],
        np.eye(width)[code[end - size]],
        np.eye(width)[code[end - 1]],
        kinds[:, [0, 2]] / size[:, np.newaxis],
        pairs / steps[:, np.newaxis],
        np.stack([doubled / steps, (letters > 0).sum(axis=1) / size], axis=1),
        kinds == 0,
        letters[:, other].sum(axis=1, keepdims=True) == 0,
    )
    return np.concatenate(columns, axis=1, dtype=np.float64)


def _one_hot(index: int, size: int) -> list[float]:
    """Return 1 at one place of a list, 0 at all others."""
    values = [0.0] * size
    values[index] = 1.0
    return values
