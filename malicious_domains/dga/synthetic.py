"""Names of random shapes: no malware's, but alike what generators not yet known may make.

They keep a model from taking the families of the registry for all there are, and
stand outside of it. A group is drawn alike: from the same few letters, for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from string import ascii_lowercase, digits

Shape = Callable[[Random], Iterator[str]]  # labels of one group, without end

_GROUP = 40  # names
_ALPHANUMERIC = ascii_lowercase + digits
_HEXADECIMAL = digits + "abcdef"
_HEXADECIMAL_LENGTHS = (8, 10, 12, 16, 20, 24, 32, 34, 40)
_VOWELS = "aeiou"
_CONSONANTS = "bcdfghjklmnpqrstvwxyz"


def batches(shape: str, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """So many labels of a shape, each once, group by group; a key is seed and number."""
    random = Random(f"{shape}-{seed}")
    seen: set[str] = set()
    for number, first in enumerate(range(0, count, _GROUP)):
        fresh = _unseen(SHAPES[shape](random), seen)
        yield f"{seed}-{number}", list(islice(fresh, min(_GROUP, count - first)))


def _unseen(labels: Iterator[str], seen: set[str]) -> Iterator[str]:
    for label in labels:
        if label not in seen:
            seen.add(label)
            yield label


def _word(random: Random, alphabet: str, shortest: int, longest: int) -> str:
    return "".join(random.choices(alphabet, k=random.randint(shortest, longest)))


def _words(alphabet: str, shortest: int, longest: int) -> Shape:
    def labels(random: Random) -> Iterator[str]:
        while True:
            yield _word(random, alphabet, shortest, longest)

    return labels


def _hexadecimal(random: Random) -> Iterator[str]:
    while True:
        yield "".join(random.choices(_HEXADECIMAL, k=random.choice(_HEXADECIMAL_LENGTHS)))


def _skewed(random: Random) -> Iterator[str]:
    """Some letters often, some hardly ever, as generators with a poor random number have it."""
    weights = [random.expovariate(1) for _ in ascii_lowercase]
    while True:
        yield "".join(random.choices(ascii_lowercase, weights, k=random.randint(8, 22)))


def _few(random: Random) -> Iterator[str]:
    return _words("".join(random.sample(ascii_lowercase, random.randint(6, 16))), 8, 24)(random)


def _letter_first(random: Random) -> Iterator[str]:
    """A letter, then letters and digits."""
    while True:
        yield random.choice(ascii_lowercase) + _word(random, _ALPHANUMERIC, 8, 16)


def _consonants(random: Random) -> Iterator[str]:
    share = random.uniform(0.6, 0.95)
    while True:
        kinds = (random.random() < share for _ in range(random.randint(7, 20)))
        yield "".join(random.choice(_CONSONANTS if kind else _VOWELS) for kind in kinds)


def _numbered(random: Random) -> Iterator[str]:
    while True:
        yield _word(random, ascii_lowercase, 5, 12) + _word(random, digits, 1, 6)


SHAPES: dict[str, Shape] = {
    "shape-letters": _words(ascii_lowercase, 7, 25),
    "shape-alphanumeric": _words(_ALPHANUMERIC, 7, 32),
    "shape-hex": _hexadecimal,
    "shape-skewed": _skewed,
    "shape-few-letters": _few,
    "shape-letter-first": _letter_first,
    "shape-consonants": _consonants,
    "shape-numbered": _numbered,
}
