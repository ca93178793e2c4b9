"""Proslikefan (JavaScript worm): the string hash of JavaScript over the date and a word."""

from datetime import date
from random import Random

from .arithmetic import WORD, letter, to_signed
from .family import Hosts, Variant

ROUNDS = 10  # each gives a name for every TLD
TLDS = ("eu", "biz", "se", "info", "com", "net", "org", "ru", "in", "name")


def _generate(day: date, seed: str) -> Hosts:
    """Yield the names of a day."""
    for index in range(ROUNDS):
        for tld in TLDS:
            text = f"{seed}.{day.month}.{day.day}.{day.year}.{tld}"
            yield f"{_label(_hash(text) + index)}.{tld}"


def _label(value: int) -> str:
    label = ""
    while len(label) < value % 7 + 6:  # the wanted length changes on the way
        value = _hash(f"{label}{value}")
        label += letter(value % 26)
    return label


def _hash(text: str) -> int:
    """Return the absolute value of the hash that Java has for strings."""
    value = 0
    for character in text:
        value = 31 * value + ord(character) & WORD
    return abs(to_signed(value))


def _draw(random: Random) -> str:
    return "".join(letter(random.randrange(26)) for _ in range(random.randint(3, 10)))


KIND = "hash (31 h + c)"
# https://johannesbader.ch/2016/06/proslikefan/
SOURCE = 'J. Bader, "The DGA of Proslikefan" (2016), johannesbader.ch'
VARIANTS = (Variant(_generate, seeds=("prospect", "OK"), period="day", draw=_draw),)
