"""Corebot (banking trojan, 2015): an LCG over letters and digits, under ddns.net."""

from datetime import date

from .arithmetic import (
    WORD,
    draw_hexadecimal,
    iterate,
    parse_hexadecimal,
    spell,
    step_numerical_recipes,
)
from .family import Hosts, Variant

COUNT = 40  # names a day
_ALPHABET = "abcdefghijklmnopqrstuvwxy012345678"


def _generate(day: date, seed: str) -> Hosts:
    x = parse_hexadecimal(seed) + day.year + (65536 + 256 * day.month | day.day) & WORD
    numbers = iterate(step_numerical_recipes, x)
    for _ in range(COUNT):
        yield f"{spell(numbers, 12 + next(numbers) % 12, _ALPHABET)}.ddns.net"


KIND = "LCG"
# https://johannesbader.ch/2015/09/the-dga-of-corebot/
SOURCE = 'J. Bader, "The DGA of Corebot" (2015), johannesbader.ch'
VARIANTS = (Variant(_generate, seeds=("1DBA8930",), period="day", draw=draw_hexadecimal),)
