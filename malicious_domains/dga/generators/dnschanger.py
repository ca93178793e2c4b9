"""DNSChanger (Alureon, 2007-2012): ten letters from C's rand(), seeded by the clock's ticks.

Source: https://johannesbader.ch/2016/01/the-dga-in-alureon-dnschanger/
"""

from __future__ import annotations

from datetime import date

from .arithmetic import draw_decimal, microsoft_rand, parse_decimal, spell
from .family import Family, Hosts, Variant

COUNT = 5  # names a seed


def _generate(_: date, seed: str) -> Hosts:
    numbers = microsoft_rand(parse_decimal(seed))
    for _index in range(COUNT):
        yield f"{spell(numbers, 10)}.com"


FAMILY = Family(
    name="dnschanger",
    kind="LCG",
    source='J. Bader, "The DGA in Alureon/DNSChanger" (2016), johannesbader.ch',
    variants=(Variant(_generate, seeds=("87373",), draw=draw_decimal),),
)
