"""Arithmetic that several families share: random numbers, spelling, rotations, days, seeds."""

from collections.abc import Callable, Iterator
from datetime import date
from random import Random
from string import ascii_lowercase, digits

WORD = 0xFFFFFFFF  # the largest number of 32 bits
QUAD = 0xFFFFFFFFFFFFFFFF
ALPHANUMERIC = ascii_lowercase + digits
VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"
_EPOCH = date(1970, 1, 1)


def rotate_left(value: int, shift: int) -> int:
    """Rotate the lower 32 bits of a number to the left.

    >>> hex(rotate_left(0x80000001, 4)), hex(rotate_right(0x18, 4))
    ('0x18', '0x80000001')
    """
    value, shift = value & WORD, shift % 32
    return (value << shift | value >> (32 - shift)) & WORD


def rotate_right(value: int, shift: int) -> int:
    """Rotate the lower 32 bits of a number to the right."""
    return rotate_left(value, -shift)


def to_signed(value: int) -> int:
    """Read the lower 32 bits of a number as a signed one.

    >>> to_signed(0xFFFFFFFF)
    -1
    """
    return (value & WORD ^ 0x80000000) - 0x80000000


def step_numerical_recipes(x: int) -> int:
    """Return the next state of the linear congruential generator of "Numerical Recipes"."""
    return (1664525 * x + 1013904223) & WORD


def step_park_miller(x: int) -> int:
    """Return the next state of Park and Miller's generator, by Schrage, without his sign fix."""
    high, low = divmod(x, 127773)
    return (16807 * low - 2836 * high) & WORD


def iterate(step: Callable[[int], int], state: int) -> Iterator[int]:
    """Yield the states that follow a first one, without end."""
    while True:
        state = step(state)
        yield state


def microsoft_rand(seed: int) -> Iterator[int]:
    """Yield what rand() of Microsoft's C library returns after srand(seed).

    >>> numbers = microsoft_rand(1)
    >>> [next(numbers) for _ in range(3)]
    [41, 18467, 6334]
    """
    return (x >> 16 & 0x7FFF for x in iterate(lambda x: (214013 * x + 2531011) & WORD, seed))


def spell(numbers: Iterator[int], length: int, alphabet: str = ascii_lowercase) -> str:
    """Spell a label: each number, modulo the alphabet's size, is a character.

    >>> spell(iter([2, 27, 0, 99]), 3)
    'cba'
    """
    return "".join([alphabet[next(numbers) % len(alphabet)] for _ in range(length)])


def count_days(day: date) -> int:
    """Return the number of days since 1970.

    >>> count_days(date(1970, 2, 1))
    31
    """
    return (day - _EPOCH).days


def count_seconds(day: date) -> int:
    """Return the number of seconds from 1970 to midnight UTC."""
    return 86400 * count_days(day)


def parse_number(text: str, base: int = 16, bits: int = 32) -> int:
    """Read a seed, hexadecimal or of another base; raises ValueError for one of more bits.

    >>> parse_number("FA8"), parse_number("660", 10)
    (4008, 660)
    """
    try:
        value = int(text, base) if text.isascii() and text.isalnum() else -1
    except ValueError:
        value = -1
    if not 0 <= value < 1 << bits:
        kind = {10: "decimal", 16: "hexadecimal"}[base]
        raise ValueError(f"{text!r} is no {kind} number of {bits} bits")
    return value


def draw_hexadecimal(random: Random) -> str:
    """Draw a seed of 32 bits in hexadecimal.

    >>> draw_hexadecimal(Random(1)), draw_decimal(Random(1))
    ('2265B1F5', '577090037')
    """
    return f"{random.getrandbits(32):08X}"


def draw_decimal(random: Random) -> str:
    """Draw a seed of 32 bits in decimal."""
    return str(random.getrandbits(32))
