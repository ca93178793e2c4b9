"""Ramdo (click fraud, 2013-2014): multiplications of a seed with the index.

Source: Damballa, "Behind Ramdo's DGA",
https://www.damballa.com/behind-ramdo-dga-domain-generation-algorithm/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count

from .arithmetic import WORD, hexadecimal, letter
from .family import Family, Variant

LENGTH = 16
COUNT = 5000  # names that are kept; there is no end


def generate(_day: date, seed: str) -> Iterator[str]:
    """The names of a seed, without end."""
    key = hexadecimal(seed)
    for index in count():
        factor = 2 * key * (index + 1) & WORD
        state = factor ^ (26 * key * index & WORD)
        label = ""
        for i in range(LENGTH):
            label += letter(state % 26)
            state = state + (state ^ (26 * factor * i * i & WORD)) & WORD
        yield f"{label}.org"


FAMILY = Family(
    name="ramdo",
    kind="multiplications",
    source='Damballa, "Behind Ramdo\'s DGA", www.damballa.com',
    variants=(
        Variant(
            generate,
            seeds=("D5FFF", "DEADBEEF"),
            draw=lambda random: f"{random.getrandbits(32):08X}",
            count=COUNT,
        ),
    ),
)
