"""Ramnit (worm and banking trojan, from 2010): an LCG that each name seeds anew.

Source: J. Bader, "The DGA of Ramnit" (2014),
https://johannesbader.ch/2014/12/the-dga-of-ramnit/ and https://bin.re/blog/the-dga-of-ramnit/
"""

from datetime import date
from functools import partial
from itertools import cycle
from random import Random
from string import ascii_lowercase

from .arithmetic import WORD, iterate, parse_hexadecimal, spell, step_park_miller
from .family import Hosts, Variant

_SEEDS = """
    79159C10 16647BB4 E7392D18 C129388E E706B455 DC485593 EF214BBF 28488EEA 4BFCBC6A 92F4BE35
    4302C04A 52278648 9753029A A6EAB21A 46CF1B28 1CCEC41C C5787AE2 FCFFD9E9 75EA95C2 8A0AEC7D
    1DF640A8 14DF29DD 8222270B 55536A85 5C39E467 D2B3C361 F318D47D 231D9480 13317EAC 89547381
    6C36D41D 123ABC12
"""
SEEDS = tuple(_SEEDS.split())
_UNUSED = ("123ABC12",)  # of training data that somebody published
COUNT = 5000  # names that are kept; there is no end


def _generate(
    _day: date, seed: str, *, shortest: int, longest: int, tlds: tuple[str, ...]
) -> Hosts:
    """Yield the names of a seed, without end."""
    state = parse_hexadecimal(seed)
    for tld in cycle(tlds):
        after = step_park_miller(state)
        length = shortest + after % (longest - shortest + 1)
        yield f"{spell(iterate(step_park_miller, after), length, ascii_lowercase[:25])}.{tld}"
        high, low = divmod(state * after, 1 << 32)
        state = high + low & WORD


def _draw(random: Random) -> str:
    return f"{random.randint(1, WORD):08X}"  # 0 would give the letter a alone


def _endless(name: str, shortest: int, longest: int, tlds: tuple[str, ...]) -> Variant:
    make = partial(_generate, shortest=shortest, longest=longest, tlds=tlds)
    return Variant(make, name, seeds=SEEDS, draw=_draw, unused=_UNUSED, count=COUNT)


KIND = "LCG"
SOURCE = 'J. Bader, "The DGA of Ramnit" (2014), johannesbader.ch'
VARIANTS = (
    _endless("com-8-19", 8, 19, ("com",)),
    _endless("multi-tld-9-25", 9, 25, ("click", "com", "eu", "bid")),
)
