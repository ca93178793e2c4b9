"""Mydoom (mail worm, also Novarg, 2004 on): the decimal digits of an LCG, as letters."""

from datetime import date

from .arithmetic import WORD, draw_hexadecimal, parse_hexadecimal, step_numerical_recipes
from .family import Hosts, Variant

COUNT = 99  # names a day
TLDS = ("com", "biz", "us", "net", "org", "ws", "info", "in", "in", "in")
_LETTERS = "asnhreqwpm"


def _generate(day: date, seed: str) -> Hosts:
    magic = parse_hexadecimal(seed)
    x = day.year + day.month + day.day + magic & WORD
    for index in range(COUNT):
        x = step_numerical_recipes(magic if index == 50 else x)  # the second half knows no date
        digits = [int(digit) for digit in reversed(f"{x:010}")]
        yield f"{''.join(_LETTERS[digit] for digit in digits)}.{TLDS[digits[0]]}"


KIND = "LCG"
# https://github.com/baderj/domain_generation_algorithms
SOURCE = 'J. Bader, "domain_generation_algorithms", github.com/baderj'
VARIANTS = (Variant(_generate, seeds=("FA8",), period="day", draw=draw_hexadecimal),)
