"""Murofet (Licat, the downloader of Zeus, 2010 on): MD5 of the week or of the day.

v1 is Gameover Zeus's algorithm as well: one label, the same day, the same name.
"""

from datetime import date
from hashlib import md5
from struct import pack

from . import goz
from .arithmetic import draw_hexadecimal, letter, parse_hexadecimal
from .family import Hosts, Variant

_V2_TLDS = ("biz", "info", "org", "net", "com")


def _v1(day: date, _: str) -> Hosts:
    for index in range(1020):
        yield goz.domain(day, index)


def _v2(day: date, seed: str) -> Hosts:
    key = pack("<I", parse_hexadecimal(seed) if seed else 0) * 2
    for index in range(1020):
        even = index & ~1  # two names share a label
        message = pack("<BBBBI", (day.year + 0x30) % 256, day.month, day.day, 0, even)
        digest = md5(bytes(a ^ b for a, b in zip(message, key, strict=True))).digest()
        sums = ((byte & 15) + (byte >> 4) for byte in digest)
        label = "".join(letter(v) for v in sums if v < 26)
        yield f"{label}.{goz.pick_tld(index, _V2_TLDS)}"


def _v3(day: date, _: str) -> Hosts:
    for index in range(1000):
        yield f"{''.join(map(_piece, goz.digest(day, index)))}.{goz.pick_tld(index)}"


def _piece(byte: int) -> str:
    high, low = divmod(byte, 16)
    if high < 10:
        return letter(low) + letter(16 + high)
    return f"{letter(low)}{high - 9}{(97 + low) % 10}"


KIND = "hash (MD5)"
# https://johannesbader.ch/2015/09/three-variants-of-murofets-dga/
SOURCE = 'J. Bader, "Three variants of Murofet\'s DGA" (2015), johannesbader.ch'
VARIANTS = (
    Variant(_v1, "v1", period="week of the month", sampled=False),  # has goz's names
    Variant(
        _v2,
        "v2",
        seeds=("D6D7A4BE", "DEADC2DE", "D6D7A4B1", ""),  # "": it also came without a key
        period="day",
        draw=draw_hexadecimal,
    ),
    Variant(_v3, "v3", period="week of the month"),
)
