"""Vawtrak (banking trojan, also NeverQuest): an LCG, from version 2 on with a letter pattern."""

from datetime import date
from functools import partial

from .arithmetic import VOWELS, draw_hexadecimal, iterate, parse_hexadecimal, spell
from .family import Hosts, Variant

COUNT_V1 = 96
COUNT = 150
_V3 = 0x1895120F  # what version 3 adds to a state
_CONSONANTS = "cdfghlmnrstw"
_TESTS = ("DEADBEEF", "12345678")  # no seed of version 1 is known


def first(_day: date, seed: str) -> Hosts:
    """Yield the names of a seed in version 1."""
    numbers = iterate(_step, parse_hexadecimal(seed))
    for _ in range(COUNT_V1):
        yield f"{spell(numbers, 7 + next(numbers) % 5)}.top"


def later(_day: date, seed: str, *, delta: int) -> Hosts:
    """Yield the names of a seed in versions 2 and 3."""
    state = parse_hexadecimal(seed)
    for _ in range(COUNT):
        state = _step(state)
        length = 7 + state % 5
        state = _step(state)
        consonants, label = state % 2, ""  # how many come before the next vowel
        for _ in range(length):
            state = value = _step(state + delta)
            if consonants:
                label += _CONSONANTS[value % 12]
                consonants -= 1
            else:
                state = _step(state)
                consonants = 1 + state % 2
                label += VOWELS[value % 5]
        yield f"{label}.com"


def _step(x: int) -> int:
    return (1103515245 * x + 12345) & 0x7FFFFFFF


KIND = "LCG"
# http://www.threatgeek.com/2016/11/vawtrak-dga-round-2.html
SOURCE = 'Threat Geek, "Vawtrak DGA round 2" (2016), www.threatgeek.com'
VARIANTS = (
    Variant(first, "v1", _TESTS, draw=draw_hexadecimal, unused=_TESTS),
    Variant(partial(later, delta=2), "v2", ("5884C3C4", "5542B2"), draw=draw_hexadecimal),
    Variant(partial(later, delta=_V3), "v3", ("874C49", "3CDCA1"), draw=draw_hexadecimal),
)
