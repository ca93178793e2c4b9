"""Ramnit (worm and banking trojan, from 2010): an LCG that each name seeds anew.

Source: J. Bader, "The DGA of Ramnit" (2014),
https://johannesbader.ch/2014/12/the-dga-of-ramnit/ and https://bin.re/blog/the-dga-of-ramnit/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import cycle
from random import Random

from .arithmetic import WORD, hexadecimal, letter, park_miller
from .family import Family, Variant

_SEEDS = """
    79159C10 16647BB4 E7392D18 C129388E E706B455 DC485593 EF214BBF 28488EEA 4BFCBC6A 92F4BE35
    4302C04A 52278648 9753029A A6EAB21A 46CF1B28 1CCEC41C C5787AE2 FCFFD9E9 75EA95C2 8A0AEC7D
    1DF640A8 14DF29DD 8222270B 55536A85 5C39E467 D2B3C361 F318D47D 231D9480 13317EAC 89547381
    6C36D41D 123ABC12
"""
SEEDS = tuple(_SEEDS.split())
_UNUSED = ("123ABC12",)  # of training data that somebody published
COUNT = 5000  # names that are kept; there is no end


def generate(
    _day: date, seed: str, *, shortest: int, longest: int, tlds: tuple[str, ...]
) -> Iterator[str]:
    """The names of a seed, without end."""
    state = hexadecimal(seed)
    for tld in cycle(tlds):
        before = state
        state = after = park_miller(state)
        label = ""
        for _ in range(shortest + after % (longest - shortest + 1)):
            state = park_miller(state)
            label += letter(state % 25)
        yield f"{label}.{tld}"
        high, low = divmod(before * after, 1 << 32)
        state = high + low & WORD


def _draw(random: Random) -> str:
    return f"{random.randint(1, WORD):08X}"  # 0 would give the letter a alone


FAMILY = Family(
    name="ramnit",
    kind="LCG",
    source='J. Bader, "The DGA of Ramnit" (2014), johannesbader.ch',
    variants=(
        Variant(
            partial(generate, shortest=8, longest=19, tlds=("com",)),
            "com-8-19",
            seeds=SEEDS,
            draw=_draw,
            unused=_UNUSED,
            count=COUNT,
        ),
        Variant(
            partial(generate, shortest=9, longest=25, tlds=("click", "com", "eu", "bid")),
            "multi-tld-9-25",
            seeds=SEEDS,
            draw=_draw,
            unused=_UNUSED,
            count=COUNT,
        ),
    ),
)
