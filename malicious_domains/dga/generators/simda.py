"""Simda (backdoor, also Shiz): consonants and vowels in turn from divisions of a counter."""

from datetime import date

from .arithmetic import parse_decimal, parse_hexadecimal
from .family import Hosts, Variant

COUNT = 1000
KEY = b"1676d5775e05c50b46baa5579d4fc7"
_LETTERS = ("qwrtpsdfghjklzxcvbnm", "eyuioa")


def _generate(_day: date, seed: str) -> Hosts:
    """Yield the names of a seed: a base in hexadecimal, "x" and the length of labels."""
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


KIND = "consonants and vowels"
# http://johannesbader.ch/2015/03/the-dga-of-simda-shiz/
SOURCE = 'J. Bader, "The DGA of Simda/Shiz" (2015), johannesbader.ch'
VARIANTS = (
    Variant(
        _generate,
        seeds=("45AE94B2x7",),
        draw=lambda random: f"{random.getrandbits(32):08X}x7",
    ),
)
