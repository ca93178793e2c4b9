"""Gameover Zeus (banking trojan) before June 2014, the same as murofet v1: MD5 of the week.

Source: J. Bader, "Three variants of Murofet's DGA" (2015),
https://johannesbader.ch/2015/09/three-variants-of-murofets-dga/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import md5
from struct import pack

from .arithmetic import ladder
from .family import Family, Variant

COUNT = 1000  # names a week of the month
TLDS = ("ru", "biz", "info", "org", "net", "com")


def domain(day: date, index: int) -> str:
    """The index-th name (from 0) of the week of the month (days 0-6, 7-13 ...)."""
    label = "".join(map(_letters, digest(day, index)))
    return f"{label}.{tld(index)}"


def digest(day: date, index: int) -> bytes:
    """The hash from which the index-th name of a week of the month is spelt."""
    week = day.day // 7 * 7
    return md5(pack("<BBBI", (day.year + 0x30) % 256, day.month, week, index)).digest()


def tld(index: int) -> str:
    """What the index-th name ends in."""
    return TLDS[ladder(index, len(TLDS))]


def _letters(byte: int) -> str:
    first, second = byte & 31, byte >> 3
    if first == second:
        return ""
    return "".join(chr(97 + x) for x in (first, second) if x < 26)


def _generate(day: date, _: str) -> Iterator[str]:
    for index in range(COUNT):
        yield domain(day, index)


FAMILY = Family(
    name="goz",
    kind="hash (MD5)",
    source='J. Bader, "Three variants of Murofet\'s DGA" (2015), johannesbader.ch',
    variants=(Variant(_generate, period="week of the month"),),
)
