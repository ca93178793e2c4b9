"""Corebot (banking trojan, 2015): an LCG over letters and digits, under ddns.net.

Source: J. Bader, "The DGA of Corebot" (2015), https://johannesbader.ch/2015/09/the-dga-of-corebot/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .arithmetic import WORD, draw_hexadecimal, hexadecimal, numerical_recipes
from .family import Family, Variant

COUNT = 40  # names a day
_ALPHABET = "abcdefghijklmnopqrstuvwxy012345678"


def _generate(day: date, seed: str) -> Iterator[str]:
    x = hexadecimal(seed) + day.year + (65536 + 256 * day.month | day.day) & WORD
    for _ in range(COUNT):
        x = numerical_recipes(x)
        label = ""
        for _ in range(12 + x % 12):
            x = numerical_recipes(x)
            label += _ALPHABET[x % 34]
        yield f"{label}.ddns.net"


FAMILY = Family(
    name="corebot",
    kind="LCG",
    source='J. Bader, "The DGA of Corebot" (2015), johannesbader.ch',
    variants=(Variant(_generate, seeds=("1DBA8930",), period="day", draw=draw_hexadecimal),),
)
