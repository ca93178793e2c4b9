"""Proslikefan (JavaScript worm): the string hash of JavaScript over the date and a word.

Source: J. Bader, "The DGA of Proslikefan" (2016),
https://johannesbader.ch/2016/06/proslikefan/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from .arithmetic import hash31, letter
from .family import Family, Variant

ROUNDS = 10  # each gives a name for every TLD
TLDS = ("eu", "biz", "se", "info", "com", "net", "org", "ru", "in", "name")


def generate(day: date, seed: str) -> Iterator[str]:
    """The names of a day."""
    for index in range(ROUNDS):
        for tld in TLDS:
            text = f"{seed}.{day.month}.{day.day}.{day.year}.{tld}"
            yield f"{_label(abs(hash31(text)) + index)}.{tld}"


def _label(value: int) -> str:
    label = ""
    while len(label) < value % 7 + 6:  # the wanted length changes on the way
        value = abs(hash31(f"{label}{value}"))
        label += letter(value % 26)
    return label


def _draw(random: Random) -> str:
    return "".join(letter(random.randrange(26)) for _ in range(random.randint(3, 10)))


FAMILY = Family(
    name="proslikefan",
    kind="hash (31 h + c)",
    source='J. Bader, "The DGA of Proslikefan" (2016), johannesbader.ch',
    variants=(Variant(generate, seeds=("prospect", "OK"), period="day", draw=_draw),),
)
