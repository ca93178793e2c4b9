"""Synthetic families: random labels that stand for generators which nobody knows yet.

They keep a model from learning the known families alone. A group shares what a generator's names
share: the same few letters, for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from string import ascii_lowercase, digits

from .generators.arithmetic import ALPHANUMERIC, CONSONANTS, VOWELS

MakeLabels = Callable[[Random], Iterator[str]]  # the labels of one group, without end

_GROUP = 40  # labels
_HEXADECIMAL = digits + "abcdef"
_BASE32 = ascii_lowercase + "234567"  # RFC 4648, 6


def sample_labels(family: str, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Yield `count` different labels of a synthetic family in groups; a key is seed and number."""
    random = Random(f"{family}-{seed}")
    seen: set[str] = set()
    for number, first in enumerate(range(0, count, _GROUP)):
        fresh = _skip_seen(SYNTHETIC_FAMILIES[family](random), seen)
        yield f"{seed}-{number}", list(islice(fresh, min(_GROUP, count - first)))


def _skip_seen(labels: Iterator[str], seen: set[str]) -> Iterator[str]:
    for label in labels:
        if label not in seen:
            seen.add(label)
            yield label


def _word(random: Random, alphabet: str, shortest: int, longest: int) -> str:
    return "".join(random.choices(alphabet, k=random.randint(shortest, longest)))


def _words(alphabet: str, shortest: int, longest: int) -> MakeLabels:
    def labels(random: Random) -> Iterator[str]:
        while True:
            yield _word(random, alphabet, shortest, longest)

    return labels


def _skewed(random: Random) -> Iterator[str]:
    """Yield labels in which some letters are frequent and some rare, as from a poor generator."""
    weights = [random.expovariate(1) for _ in ascii_lowercase]
    while True:
        yield "".join(random.choices(ascii_lowercase, weights, k=random.randint(8, 22)))


def _few_letters(random: Random) -> Iterator[str]:
    return _words("".join(random.sample(ascii_lowercase, random.randint(6, 16))), 8, 24)(random)


def _letter_first(random: Random) -> Iterator[str]:
    while True:
        yield random.choice(ascii_lowercase) + _word(random, ALPHANUMERIC, 8, 16)


def _consonants(random: Random) -> Iterator[str]:
    share = random.uniform(0.6, 0.95)
    while True:
        kinds = (random.random() < share for _ in range(random.randint(7, 20)))
        yield "".join(random.choice(CONSONANTS if kind else VOWELS) for kind in kinds)


def _digest(random: Random) -> Iterator[str]:
    """Yield hexadecimal labels of one length, as shortened digests are."""
    length = random.choice((8, 10, 12, 16, 20, 24, 32, 40))
    yield from _words(_HEXADECIMAL, length, length)(random)


def _separated(random: Random) -> Iterator[str]:
    """Yield labels of two to four parts of one alphabet with hyphens between them."""
    alphabet = random.choice((ascii_lowercase, ALPHANUMERIC, _HEXADECIMAL, _BASE32))
    while True:
        yield "-".join(_word(random, alphabet, 3, 8) for _ in range(random.randint(2, 4)))


def _numbered(random: Random) -> Iterator[str]:
    while True:
        yield _word(random, ascii_lowercase, 5, 12) + _word(random, digits, 1, 6)


SYNTHETIC_FAMILIES: dict[str, MakeLabels] = {
    "shape-letters": _words(ascii_lowercase, 7, 25),
    "shape-alphanumeric": _words(ALPHANUMERIC, 7, 32),
    "shape-hex": _words(_HEXADECIMAL, 8, 40),
    "shape-digest": _digest,
    "shape-base32": _words(_BASE32, 8, 40),
    "shape-separated": _separated,
    "shape-skewed": _skewed,
    "shape-few-letters": _few_letters,
    "shape-letter-first": _letter_first,
    "shape-consonants": _consonants,
    "shape-numbered": _numbered,
}
