"""What is asked of a label to tell by whose generator it may have been made.

Cheap numbers of the label alone, without a table: its length, its characters' shares, the first
and the last one, and how vowels, consonants and digits follow one another.
"""

from __future__ import annotations

from itertools import pairwise

from ..names.parse import MAX_LABEL

_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
_VOWEL, _CONSONANT, _DIGIT = "v", "c", "d"
_KINDS = (_VOWEL, _CONSONANT, _DIGIT)
_KIND_OF = str.maketrans(
    {x: _VOWEL if x in "aeiou" else _DIGIT if x.isdigit() else _CONSONANT for x in _CHARACTERS}
)
_PAIRS = [one + other for one in _KINDS for other in _KINDS]

FAMILY_FEATURES = (
    *(f"length_{n}" for n in range(1, MAX_LABEL + 1)),
    *(f"share_{x}" for x in _CHARACTERS),
    *(f"first_{x}" for x in _CHARACTERS),
    *(f"last_{x}" for x in _CHARACTERS),
    *(f"share_{kind}" for kind in ("vowels", "digits")),
    *(f"follow_{pair}" for pair in _PAIRS),  # cv: a consonant, then a vowel
    *("doubled", "distinct"),
    *(f"no_{kind}" for kind in ("vowels", "consonants", "digits")),
    "hexadecimal",
)


def compute_features(label: str) -> list[float]:
    """The values of TRAITS: shares of its characters or of its pairs of them, else 0 or 1.

    Raises ValueError for what is no label: 1 to 63 lower-case letters, digits and hyphens.
    """
    size = len(label)
    if not 0 < size <= MAX_LABEL or not set(label) <= set(_CHARACTERS):
        raise ValueError(f"no label of lower-case letters, digits and hyphens: {label[:80]!r}")
    kinds = label.translate(_KIND_OF)
    counts = [kinds.count(kind) for kind in _KINDS]
    pairs = [kinds[i : i + 2] for i in range(size - 1)]
    steps = max(size - 1, 1)
    doubled = sum(x == y for x, y in pairwise(label))
    return [
        *_only(size - 1, MAX_LABEL),
        *(label.count(x) / size for x in _CHARACTERS),
        *_only(_CHARACTERS.index(label[0]), len(_CHARACTERS)),
        *_only(_CHARACTERS.index(label[-1]), len(_CHARACTERS)),
        *(counts[0] / size, counts[2] / size),
        *(pairs.count(pair) / steps for pair in _PAIRS),
        *(doubled / steps, len(set(label)) / size),
        *(float(not count) for count in counts),
        float(set(label) <= set("0123456789abcdef")),
    ]


def _only(one: int, of: int) -> list[float]:
    """1 at one place, 0 at all others."""
    found = [0.0] * of
    found[one] = 1.0
    return found
