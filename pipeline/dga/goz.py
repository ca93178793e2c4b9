"""Gameover Zeus before June 2014, the same as murofet v1: MD5 of the week.

Source: J. Bader, "Three variants of Murofet's DGA" (2015).
"""

from __future__ import annotations

from datetime import date
from hashlib import md5
from struct import pack

COUNT = 1000  # names a week of the month
TLDS = ("ru", "biz", "info", "org", "net", "com")


def domain(day: date, index: int) -> str:
    """The index-th name (from 0) of the week of the month (days 0-6, 7-13 ...)."""
    week = day.day // 7 * 7
    digest = md5(pack("<BBBI", (day.year + 0x30) % 256, day.month, week, index)).digest()
    label = "".join(map(_letters, digest))
    return f"{label}.{TLDS[ladder(index, len(TLDS))]}"


def ladder(index: int, n: int) -> int:
    """The first k for which n - k divides index."""
    return next(k for k in range(n) if index % (n - k) == 0)


def _letters(byte: int) -> str:
    first, second = byte & 31, byte >> 3
    if first == second:
        return ""
    return "".join(chr(97 + x) for x in (first, second) if x < 26)
