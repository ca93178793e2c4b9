"""Qadars (banking trojan, 2013-2016): an LCG over the week and a seed.

Source: J. Bader, "The DGA of Qadars" (2016),
https://www.johannesbader.ch/2016/04/the-dga-of-qadars/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from string import ascii_lowercase, digits

from .arithmetic import hexadecimal, unix
from .family import Family, Variant

COUNT = 200  # names a week
_COM = (0xE1F1, 0xE1F2, 0xE1F5)  # the seeds of the first list of TLDs
_CHARACTERS = ascii_lowercase + digits


def generate(day: date, seed: str) -> Iterator[str]:
    """The names of the week, from Monday on."""
    key = hexadecimal(seed, 16)
    tlds = ("com", "org", "net") if key in _COM else ("net", "org", "top")
    state = unix(day) - (unix(day) - 4 * 86400) % (7 * 86400)
    for _ in range(COUNT):
        label = ""
        for _ in range(12):
            state = _step(state, key)
            label += _CHARACTERS[state % 36]
        state = _step(state, key)
        yield f"{label}.{tlds[state % 3]}"


def _step(state: int, key: int) -> int:
    return (key - 1043968403 * state) & 0x7FFFFFFF


FAMILY = Family(
    name="qadars",
    kind="LCG",
    source='J. Bader, "The DGA of Qadars" (2016), johannesbader.ch',
    variants=(
        Variant(
            generate,
            seeds=("89F5", "4449", "E1F1", "E1F2", "E08A", "E1F5"),
            period="week from Monday",
            draw=lambda random: f"{random.getrandbits(16):04X}",
        ),
    ),
)
