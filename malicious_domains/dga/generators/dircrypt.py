"""Dircrypt (ransomware, 2014): letters from Park and Miller's generator.

Source: http://johannesbader.ch/2015/03/the-dga-of-dircrypt/
"""

from __future__ import annotations

from datetime import date

from .arithmetic import draw_hexadecimal, iterate, parse_hexadecimal, spell, step_park_miller
from .family import Family, Hosts, Variant

COUNT = 30  # names a seed


def _generate(_: date, seed: str) -> Hosts:
    numbers = iterate(step_park_miller, parse_hexadecimal(seed))
    for _index in range(COUNT):
        yield f"{spell(numbers, 8 + next(numbers) % 13)}.com"


FAMILY = Family(
    name="dircrypt",
    kind="LCG",
    source='J. Bader, "The DGA of DirCrypt" (2015), johannesbader.ch',
    variants=(Variant(_generate, seeds=("F2113C2A",), draw=draw_hexadecimal),),
)
