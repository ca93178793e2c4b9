"""Symmi (downloader, also MewsSpy): an LCG that writes vowels and consonants in turn."""

from datetime import date

from .arithmetic import microsoft_rand, spell
from .family import Hosts, Variant

COUNT = 64  # names a half of the month
SEED = 42
_LETTERS = ("aeiou", "bcdfghklmnpqrstvwx")


def _generate(day: date, _seed: str) -> Hosts:
    """Yield the names of a half of the month."""
    state = 10000 * (100 * (day.day // 16) + day.month) + day.year + SEED
    numbers = microsoft_rand(state)
    for _ in range(COUNT):
        label, phase = "", 0
        for i in range(8 + next(numbers) % 8):
            if i % 2 == 0:  # each pair may swap its letters' kinds
                phase = next(numbers) >> 8 & 1
            label += spell(numbers, 1, _LETTERS[(phase + i) % 2])
        yield f"{label}.ddns.net"


KIND = "LCG, vowels and consonants"
# http://johannesbader.ch/2015/01/the-dga-of-symmi/
SOURCE = 'J. Bader, "The DGA of Symmi" (2015), johannesbader.ch'
VARIANTS = (Variant(_generate, period="half of the month"),)
