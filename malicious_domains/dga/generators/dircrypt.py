"""Dircrypt (ransomware, 2014): letters from Park and Miller's generator.

Source: J. Bader, "The DGA of DirCrypt" (2015), http://johannesbader.ch/2015/03/the-dga-of-dircrypt/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .arithmetic import draw_hexadecimal, hexadecimal, letter, park_miller
from .family import Family, Variant

COUNT = 30  # names a seed


def _generate(_: date, seed: str) -> Iterator[str]:
    x = hexadecimal(seed)
    for _index in range(COUNT):
        x = park_miller(x)
        label = ""
        for _letter in range(8 + x % 13):
            x = park_miller(x)
            label += letter(x % 26)
        yield f"{label}.com"


FAMILY = Family(
    name="dircrypt",
    kind="LCG",
    source='J. Bader, "The DGA of DirCrypt" (2015), johannesbader.ch',
    variants=(Variant(_generate, seeds=("F2113C2A",), draw=draw_hexadecimal),),
)
