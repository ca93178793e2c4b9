"""Gameover Zeus (banking trojan) from July 2014 on: MD5 in base 36, salted.

Source: https://johannesbader.ch/2014/12/the-dga-of-newgoz/, and,
of the variant no-day, https://github.com/andrewaeva/DGA
"""

from datetime import date
from hashlib import md5
from string import ascii_lowercase, digits
from struct import pack, unpack

from .arithmetic import parse_hexadecimal
from .family import Hosts, Variant

SALTS = {0x35190501: 1000, 0x0052E645: 10000}  # salt: names a day
_NO_DAY = 0x35190501
_DIGITS = digits + ascii_lowercase


def domain(day: date, index: int, salt: int) -> str:
    """Return the index-th name (from 0) of a day."""
    message = pack("<IHIHIHI", index, day.year, salt, day.month, salt, day.day, salt)
    return _name(message, index)


def _name(message: bytes, index: int) -> str:
    label = "".join(map(_base36, unpack("<4I", md5(message).digest())))
    return f"{label}.{_tld(index)}"


def _base36(value: int) -> str:
    high, low = divmod(value, 36)
    return (_base36(high) if high else "") + _DIGITS[low]


def _tld(index: int) -> str:
    for divisor, tld in ((4, "com"), (3, "org"), (2, "biz")):
        if index % divisor == 0:
            return tld
    return "net"


def _salted(salt: int) -> Variant:
    def generate(day: date, seed: str) -> Hosts:
        _check(seed, salt)
        for index in range(SALTS[salt]):
            yield domain(day, index, salt)

    return Variant(generate, f"salt-{salt:08x}", seeds=(f"{salt:08X}",), period="day")


def _no_day(day: date, seed: str) -> Hosts:
    _check(seed, _NO_DAY)
    for k in range(1000):
        index = (_NO_DAY + k) % 1000
        fields = (index, day.year, _NO_DAY, day.month, _NO_DAY, _NO_DAY)
        yield _name(pack("<IHIHII", *fields), index)


def _check(seed: str, salt: int) -> None:
    if parse_hexadecimal(seed) != salt:
        raise ValueError(f"{seed!r} is not this variant's salt, {salt:08X}")


KIND = "hash (MD5)"
SOURCE = 'J. Bader, "The DGA of newGOZ" (2014), johannesbader.ch'
VARIANTS = (
    *map(_salted, SALTS),
    Variant(_no_day, "no-day", seeds=(f"{_NO_DAY:08X}",), period="month"),
)
