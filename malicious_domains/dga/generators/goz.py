"""Gameover Zeus (banking trojan) before June 2014, the same as murofet v1: MD5 of the week."""

from datetime import date
from hashlib import md5
from struct import pack

from .family import Hosts, Variant

COUNT = 1000  # names a week of the month
TLDS = ("ru", "biz", "info", "org", "net", "com")


def domain(day: date, index: int) -> str:
    """Return the index-th name (from 0) of the week of the month (days 0-6, 7-13 ...)."""
    label = "".join(map(_letters, digest(day, index)))
    return f"{label}.{pick_tld(index)}"


def digest(day: date, index: int) -> bytes:
    """Return the hash from which the index-th name of a week of the month is spelt."""
    week = day.day // 7 * 7
    return md5(pack("<BBBI", (day.year + 0x30) % 256, day.month, week, index)).digest()


def pick_tld(index: int, tlds: tuple[str, ...] = TLDS) -> str:
    """Return the TLD of the index-th name: the k-th, for the first k for which n - k divides it."""
    n = len(tlds)
    return tlds[next(k for k in range(n) if index % (n - k) == 0)]


def _letters(byte: int) -> str:
    first, second = byte & 31, byte >> 3
    if first == second:
        return ""
    return "".join(chr(97 + x) for x in (first, second) if x < 26)


def _generate(day: date, _: str) -> Hosts:
    for index in range(COUNT):
        yield domain(day, index)


KIND = "hash (MD5)"
# https://johannesbader.ch/2015/09/three-variants-of-murofets-dga/
SOURCE = 'J. Bader, "Three variants of Murofet\'s DGA" (2015), johannesbader.ch'
VARIANTS = (Variant(_generate, period="week of the month"),)
