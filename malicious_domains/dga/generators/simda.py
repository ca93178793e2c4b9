"""Simda (backdoor, also Shiz): consonants and vowels in turn from divisions of a counter.

Source: http://johannesbader.ch/2015/03/the-dga-of-simda-shiz/
"""

from __future__ import annotations

from datetime import date

from .arithmetic import parse_decimal, parse_hexadecimal
from .family import Family, Hosts, Variant

COUNT = 1000
KEY = b"1676d5775e05c50b46baa5579d4fc7"
_LETTERS = ("qwrtpsdfghjklzxcvbnm", "eyuioa")


def _generate(_day: date, seed: str) -> Hosts:
    """Yield the names of a seed: a base in parse_hexadecimal, x, the label's length."""
    text, _, digits = seed.partition("x")
    base, length = parse_hexadecimal(text), parse_decimal(digits, 6)
    if not length:
        raise ValueError(f"{seed!r} gives empty labels")
    for _ in range(COUNT):
        base += sum(KEY)
        label = ""
        for i in range(length):
            letters = _LETTERS[i % 2]
            label += letters[base // (3 + 2 * i) % len(letters)]
        yield f"{label}.com"


FAMILY = Family(
    name="simda",
    kind="consonants and vowels",
    source='J. Bader, "The DGA of Simda/Shiz" (2015), johannesbader.ch',
    variants=(
        Variant(
            _generate,
            seeds=("45AE94B2x7",),
            draw=lambda random: f"{random.getrandbits(32):08X}x7",
        ),
    ),
)
