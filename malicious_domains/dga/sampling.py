"""Samples of a family's names over many dates and seeds, in groups by which a corpus is split.

Synthetic families are random labels that stand for unknown generators: they keep a model from
learning the known ones alone. A group shares what a generator's names do: few letters, for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice, repeat
from random import Random
from string import ascii_lowercase, digits

from ..names.parse import MAX_LABEL
from .generators.arithmetic import ALPHANUMERIC, CONSONANTS, VOWELS
from .generators.family import Family

FIRST, LAST = date(2010, 1, 1), date(2020, 12, 31)
_GROUP = 40  # names of one variant, date and seed, or of one synthetic group
_REACH = 1000  # a group is sampled from so many first names
_SHORT_REACH = {"necurs": 100, "tempedreve": 100}  # whose names take long to make
_PATIENCE = 50  # groups in a row without a new label


def sample_groups(family: Family, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Yield up to `count` hosts, each label once, in groups with a key of variant, date and seed.

    >>> from malicious_domains.dga.generators import FAMILIES
    >>> [(key, len(hosts)) for key, hosts in sample_groups(FAMILIES["dnschanger"], 10, 1)]
    [('87373', 5), ('4225784638', 5)]
    """
    random = Random(f"{family.name}-{seed}")
    seen: set[str] = set()
    missing, barren = count, 0
    while missing and barren < _PATIENCE:
        key, hosts = _sample_group(family, random)
        fresh = [*_skip_seen(hosts, seen)][:missing]
        missing -= len(fresh)
        barren = 0 if fresh else barren + 1
        if fresh:
            yield key, fresh


def _sample_group(family: Family, random: Random) -> tuple[str, list[str]]:
    variant = random.choice(family.sampled_variants)
    day = FIRST + timedelta(days=random.randint(0, (LAST - FIRST).days))
    draw = variant.draw if variant.draw and random.random() < 0.5 else None
    seed = draw(random) if draw else random.choice(variant.seeds)
    reach = _SHORT_REACH.get(family.name, _REACH)
    hosts = list(islice(variant.generate(day, seed), reach))
    positions = sorted(random.sample(range(len(hosts)), min(_GROUP, len(hosts))))
    parts = (variant.name, day.isoformat() if variant.period else "", seed)
    return " ".join(filter(None, parts)), [hosts[k] for k in positions]


def _skip_seen(hosts: Iterable[str], seen: set[str]) -> Iterator[str]:
    """Yield the first host, or bare label, of each label that was not seen before."""
    for host in hosts:
        label = host.partition(".")[0]
        if 0 < len(label) <= MAX_LABEL and ".." not in host and label not in seen:
            seen.add(label)
            yield host


# --- synthetic families ---

MakeLabels = Callable[[Random], Iterator[str]]  # the labels of one group, without end

_HEXADECIMAL = digits + "abcdef"
_BASE32 = ascii_lowercase + "234567"  # RFC 4648, 6


def sample_labels(family: str, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Yield `count` different labels of a synthetic family in groups; a key is seed and number.

    >>> [(key, len(labels)) for key, labels in sample_labels("shape-hex", 50, 1)]
    [('1-0', 40), ('1-1', 10)]
    """
    random = Random(f"{family}-{seed}")
    seen: set[str] = set()
    for number, first in enumerate(range(0, count, _GROUP)):
        fresh = _skip_seen(SYNTHETIC_FAMILIES[family](random), seen)
        yield f"{seed}-{number}", list(islice(fresh, min(_GROUP, count - first)))


def _word(random: Random, alphabet: str, shortest: int, longest: int) -> str:
    return "".join(random.choices(alphabet, k=random.randint(shortest, longest)))


def _endless(make: Callable[[Random], str]) -> MakeLabels:
    """Return what yields labels, each made by itself."""
    return lambda random: (make(random) for _ in repeat(None))


def _words(alphabet: str, shortest: int, longest: int) -> MakeLabels:
    return _endless(lambda random: _word(random, alphabet, shortest, longest))


def _skewed(random: Random) -> Iterator[str]:
    """Yield labels in which some letters are frequent and some rare, as from a poor generator."""
    weights = [random.expovariate(1) for _ in ascii_lowercase]
    while True:
        yield "".join(random.choices(ascii_lowercase, weights, k=random.randint(8, 22)))


def _few_letters(random: Random) -> Iterator[str]:
    return _words("".join(random.sample(ascii_lowercase, random.randint(6, 16))), 8, 24)(random)


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


SYNTHETIC_FAMILIES: dict[str, MakeLabels] = {
    "shape-letters": _words(ascii_lowercase, 7, 25),
    "shape-alphanumeric": _words(ALPHANUMERIC, 7, 32),
    "shape-hex": _words(_HEXADECIMAL, 8, 40),
    "shape-digest": _digest,
    "shape-base32": _words(_BASE32, 8, 40),
    "shape-separated": _separated,
    "shape-skewed": _skewed,
    "shape-few-letters": _few_letters,
    "shape-letter-first": _endless(
        lambda random: random.choice(ascii_lowercase) + _word(random, ALPHANUMERIC, 8, 16)
    ),
    "shape-consonants": _consonants,
    "shape-numbered": _endless(
        lambda random: _word(random, ascii_lowercase, 5, 12) + _word(random, digits, 1, 6)
    ),
}
