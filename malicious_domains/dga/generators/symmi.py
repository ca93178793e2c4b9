"""Symmi (downloader, also MewsSpy): an LCG that writes vowels and consonants in turn.

Source: J. Bader, "The DGA of Symmi" (2015),
http://johannesbader.ch/2015/01/the-dga-of-symmi/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .arithmetic import microsoft, output
from .family import Family, Variant

COUNT = 64  # names a half of the month
SEED = 42
_LETTERS = ("aeiou", "bcdfghklmnpqrstvwx")


def generate(day: date, _seed: str) -> Iterator[str]:
    """The names of a half of the month."""
    state = 10000 * (100 * (day.day // 16) + day.month) + day.year + SEED
    for _ in range(COUNT):
        state = microsoft(state)
        label, phase = "", 0
        for i in range(8 + output(state) % 8):
            if i % 2 == 0:  # each pair may swap its letters' kinds
                state = microsoft(state)
                phase = output(state) >> 8 & 1
            state = microsoft(state)
            letters = _LETTERS[(phase + i) % 2]
            label += letters[output(state) % len(letters)]
        yield f"{label}.ddns.net"


FAMILY = Family(
    name="symmi",
    kind="LCG, vowels and consonants",
    source='J. Bader, "The DGA of Symmi" (2015), johannesbader.ch',
    variants=(Variant(generate, period="half of the month"),),
)
