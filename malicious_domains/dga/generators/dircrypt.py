"""Dircrypt (ransomware, 2014): letters from Park and Miller's generator."""

from datetime import date

from .arithmetic import draw_hexadecimal, iterate, parse_hexadecimal, spell, step_park_miller
from .family import Hosts, Variant

COUNT = 30  # names a seed


def _generate(_: date, seed: str) -> Hosts:
    numbers = iterate(step_park_miller, parse_hexadecimal(seed))
    for _index in range(COUNT):
        yield f"{spell(numbers, 8 + next(numbers) % 13)}.com"


KIND = "LCG"
# http://johannesbader.ch/2015/03/the-dga-of-dircrypt/
SOURCE = 'J. Bader, "The DGA of DirCrypt" (2015), johannesbader.ch'
VARIANTS = (Variant(_generate, seeds=("F2113C2A",), draw=draw_hexadecimal),)
