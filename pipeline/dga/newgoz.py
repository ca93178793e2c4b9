"""Gameover Zeus from July 2014 on: MD5 in base 36, salted.

Source: J. Bader, "The DGA of newGOZ" (2014).
"""

from __future__ import annotations

from datetime import date
from hashlib import md5
from struct import pack, unpack

SALTS = {0x35190501: 1000, 0x0052E645: 10000}  # salt: names a day
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def domain(day: date, index: int, salt: int) -> str:
    """The index-th name (from 0) of a day."""
    message = pack("<IHIHIHI", index, day.year, salt, day.month, salt, day.day, salt)
    label = "".join(map(base36, unpack("<4I", md5(message).digest())))
    return f"{label}.{_tld(index)}"


def base36(value: int) -> str:
    """Digits 0-9 and a-z, no leading zeros."""
    digits = ""
    while True:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
        if not value:
            return digits


def _tld(index: int) -> str:
    for divisor, tld in ((4, "com"), (3, "org"), (2, "biz")):
        if index % divisor == 0:
            return tld
    return "net"
