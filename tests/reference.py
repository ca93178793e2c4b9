"""The features once more, as plainly as can be: what the fast ones are held against."""

from __future__ import annotations

import functools
import math
from collections import Counter

from english_words import get_english_words_set

ALPHABET = set("abcdefghijklmnopqrstuvwxyz0123456789-")


@functools.cache
def web2() -> frozenset[str]:
    return frozenset(w for w in get_english_words_set(["web2"]) if len(w) > 1)


def entropy(label: str) -> float:
    counts = Counter(c if c in ALPHABET else "?" for c in label)
    shares = [n / len(label) for n in counts.values()]
    return -sum(p * math.log2(p) for p in shares)


def p_vowels(label: str) -> float:
    return sum(c in "aeiou" for c in label) / max(len(label), 1)


def num_words(label: str, words: frozenset[str]) -> int:
    n = len(label)
    return sum(label[i:j] in words for i in range(n) for j in range(i + 2, n + 1))
