"""Vawtrak (banking trojan, also NeverQuest): an LCG, from version 2 on with a letter pattern.

Source: Threat Geek, "Vawtrak DGA round 2" (2016),
http://www.threatgeek.com/2016/11/vawtrak-dga-round-2.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from random import Random

from . import arithmetic
from .arithmetic import hexadecimal, letter
from .family import Family, Variant

COUNT_V1 = 96
COUNT = 150
_CONSONANTS = "cdfghlmnrstw"
_VOWELS = "aeiou"
_TESTS = ("DEADBEEF", "12345678")  # no seed of version 1 is known


def first(_day: date, seed: str) -> Iterator[str]:
    """The names of a seed in version 1."""
    state = hexadecimal(seed)
    for _ in range(COUNT_V1):
        state = arithmetic.vawtrak(state)
        label = ""
        for _ in range(7 + state % 5):
            state = arithmetic.vawtrak(state)
            label += letter(state % 26)
        yield f"{label}.top"


def later(_day: date, seed: str, *, delta: int) -> Iterator[str]:
    """The names of a seed in versions 2 and 3."""
    state = hexadecimal(seed)
    for _ in range(COUNT):
        state = arithmetic.vawtrak(state)
        length = 7 + state % 5
        state = arithmetic.vawtrak(state)
        consonants, label = state % 2, ""  # how many come before the next vowel
        for _ in range(length):
            state = value = arithmetic.vawtrak(state + delta)
            if consonants:
                label += _CONSONANTS[value % 12]
                consonants -= 1
            else:
                state = arithmetic.vawtrak(state)
                consonants = 1 + state % 2
                label += _VOWELS[value % 5]
        yield f"{label}.com"


def _draw(random: Random) -> str:
    return f"{random.getrandbits(32):08X}"


FAMILY = Family(
    name="vawtrak",
    kind="LCG",
    source='Threat Geek, "Vawtrak DGA round 2" (2016), www.threatgeek.com',
    variants=(
        Variant(first, "v1", seeds=_TESTS, unused=_TESTS, draw=_draw),
        Variant(partial(later, delta=2), "v2", seeds=("5884C3C4", "5542B2"), draw=_draw),
        Variant(partial(later, delta=0x1895120F), "v3", seeds=("874C49", "3CDCA1"), draw=_draw),
    ),
)
