"""DNSChanger (Alureon, 2007-2012): ten letters from C's rand(), seeded by the clock's ticks.

Source: J. Bader, "The DGA in Alureon/DNSChanger" (2016),
https://johannesbader.ch/2016/01/the-dga-in-alureon-dnschanger/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .arithmetic import decimal, draw_decimal, letter, microsoft, output
from .family import Family, Variant

COUNT = 5  # names a seed


def _generate(_: date, seed: str) -> Iterator[str]:
    x = decimal(seed)
    for _index in range(COUNT):
        label = ""
        for _letter in range(10):
            x = microsoft(x)
            label += letter(output(x) % 26)
        yield f"{label}.com"


FAMILY = Family(
    name="dnschanger",
    kind="LCG",
    source='J. Bader, "The DGA in Alureon/DNSChanger" (2016), johannesbader.ch',
    variants=(Variant(_generate, seeds=("87373",), draw=draw_decimal),),
)
