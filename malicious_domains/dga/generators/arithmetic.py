"""What several families compute alike: generators of numbers, rotations, digits, days."""

from __future__ import annotations

from datetime import date
from random import Random

WORD = 0xFFFFFFFF
_EPOCH = date(1970, 1, 1)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def rol(value: int, shift: int, width: int = 32) -> int:
    """Rotate a word of so many bits to the left."""
    value, shift = value & (1 << width) - 1, shift % width
    return (value << shift | value >> (width - shift)) & (1 << width) - 1


def ror(value: int, shift: int, width: int = 32) -> int:
    """Rotate a word of so many bits to the right."""
    return rol(value, -shift, width)


def numerical_recipes(x: int) -> int:
    """The next state of the generator of "Numerical Recipes"."""
    return (1664525 * x + 1013904223) & WORD


def microsoft(x: int) -> int:
    """The next state of Microsoft's C run-time's generator; `output` reads it."""
    return (214013 * x + 2531011) & WORD


def output(x: int) -> int:
    """What C's rand() returns in a state of `microsoft`."""
    return x >> 16 & 0x7FFF


def park_miller(x: int) -> int:
    """The next state of Park and Miller's generator, by Schrage, without the sign's repair."""
    high, low = divmod(x, 127773)
    return (16807 * low - 2836 * high) & WORD


def kraken(x: int) -> int:
    """The next state of Kraken's generator: 12435 where C's has 12345."""
    return (1103515245 * x + 12435) & WORD


def vawtrak(x: int) -> int:
    """The next state of Vawtrak's generator, of 31 bits."""
    return (1103515245 * x + 12345) & 0x7FFFFFFF


def letter(k: int) -> str:
    """The k-th letter from a, 0 to 25."""
    return chr(97 + k)


def base36(value: int) -> str:
    """Digits 0-9 and a-z, no leading zeros."""
    digits = ""
    while True:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
        if not value:
            return digits


def hash31(text: str) -> int:
    """The hash of Java's strings, signed, of 32 bits."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & WORD
    return signed(value)


def signed(value: int) -> int:
    """The lower 32 bits read as a signed number."""
    return (value & WORD ^ 0x80000000) - 0x80000000


def ladder(index: int, n: int) -> int:
    """The first k for which n - k divides index."""
    return next(k for k in range(n) if index % (n - k) == 0)


def unix(day: date) -> int:
    """Seconds from 1970 to midnight UTC."""
    return 86400 * days(day)


def days(day: date) -> int:
    """Days since 1970."""
    return (day - _EPOCH).days


def hexadecimal(text: str, bits: int = 32) -> int:
    """Read a seed in hexadecimal; ValueError for what is none of so many bits."""
    return _number(text, 16, "hexadecimal", bits)


def decimal(text: str, bits: int = 32) -> int:
    """Read a seed in decimal; ValueError for what is none of so many bits."""
    return _number(text, 10, "decimal", bits)


def _number(text: str, base: int, kind: str, bits: int) -> int:
    try:
        value = int(text, base) if text.isascii() and text.isalnum() else -1
    except ValueError:
        value = -1
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{text!r} is no {kind} number of {bits} bits")
    return value


def draw_hexadecimal(random: Random) -> str:
    """Any seed of 32 bits, as `hexadecimal` reads it."""
    return f"{random.getrandbits(32):08X}"


def draw_decimal(random: Random) -> str:
    """Any seed of 32 bits, as `decimal` reads it."""
    return str(random.getrandbits(32))
