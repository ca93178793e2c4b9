"""Fobber (banking trojan after Tinba, 2015): multiply, add and rotate.

Source: J. Bader, https://github.com/baderj/domain_generation_algorithms
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from .arithmetic import letter, ror
from .family import Family, Variant

COUNT = 300  # names, once and for all


def _version(
    start: int, addend: int, length: int, tld: str
) -> Callable[[date, str], Iterator[str]]:
    def generate(_: date, _seed: str) -> Iterator[str]:
        r = start
        for _index in range(COUNT):
            label = ""
            for _letter in range(length):
                r = ror(321167 * r + addend, 16)
                label += letter((r & 0x17FF) % 26)
            yield f"{label}.{tld}"

    return generate


FAMILY = Family(
    name="fobber",
    kind="multiply, add, rotate",
    source='J. Bader, "domain_generation_algorithms", github.com/baderj',
    variants=(
        Variant(_version(0xC87C8A78, -1719405398, 17, "net"), "v1"),
        Variant(_version(0x851A3E59, -1916503263, 10, "com"), "v2"),
    ),
)
