"""Pushdo (dropper of the Cutwail spam bot): syllables from a chain of MD5 digests."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import md5

from .arithmetic import WORD
from .family import Hosts, Variant

COUNT = 30  # names a day; queried are those of 45 days
BACK, AHEAD = 30, 14  # days whose names are queried as well
OFFSETS = (*range(0, -BACK - 1, -1), *range(1, AHEAD + 1))


@dataclass(frozen=True)
class _Letters:
    first: str
    last: str
    vowel_mask: int
    last_mask: int


_V1 = _Letters("bcdfghjklmnpqrstvwx", "zxtsrqpnmlkgfdc", 7, 1)
_V2 = _Letters("kqbhcndjfwglpmzxrsv", "qzlbtgrnkxsfdcm", 8, 2)
_V3 = _Letters("zhjntdwmqbglpxrsfc", "rlngbtkszpfdcmx", 8, 2)


def _generate(day: date, seed: str, *, letters: _Letters, tld: str) -> Hosts:
    """Yield the names queried on a day: its own, those of 30 days before and of 14 after."""
    for offset in OFFSETS:
        yield from _of_number(_number(day) + offset, letters, tld)


def own(day: date, _seed: str, *, letters: _Letters, tld: str) -> Hosts:
    """Yield the names of a day alone."""
    return _of_number(_number(day), letters, tld)


def _of_number(state: int, letters: _Letters, tld: str) -> Hosts:
    for _ in range(COUNT):
        digest = md5((state & WORD).to_bytes(4, "little")).digest()
        state = int.from_bytes(digest[:4], "little")
        yield f"{_label(digest, 9 + state % 4, letters)}.{tld}"
        state += 1


def _number(day: date) -> int:
    """Count days as the malware does: without January, and with a leap year every four years."""
    leaps = day.year // 4
    leap_day = day.year % 4 == 0 and day.month > 1
    years = 365 * (day.year - leaps) + 366 * leaps
    months = sum(monthrange(2001, month)[1] for month in range(2, day.month + 1))
    return day.day + months + leap_day + years


def _label(digest: bytes, length: int, letters: _Letters) -> str:
    label = ""
    for byte in digest:
        label += letters.first[byte % len(letters.first)]
        vowel = "aeiou"[(byte + 1) % 256 % 5]
        label += vowel
        if vowel == "e" and (byte + 2) & letters.vowel_mask:
            label += "aio"[(byte + 2) % 3]
        elif (byte + 2) & letters.last_mask:
            label += letters.last[(byte + 3) % 15]
        if len(label) >= length:
            break
    return label[:length]


def _variant(name: str, letters: _Letters, tld: str) -> Variant:
    return Variant(
        partial(_generate, letters=letters, tld=tld),
        name,
        period="day",
        valid=(AHEAD, BACK),
        own=partial(own, letters=letters, tld=tld),
    )


KIND = "syllables, hash (MD5)"
# https://github.com/baderj/domain_generation_algorithms
SOURCE = 'J. Bader, "domain_generation_algorithms", github.com/baderj'
VARIANTS = (
    _variant("kz_v1", _V1, "kz"),
    _variant("kz_v2", _V2, "kz"),
    _variant("kz_v3", _V3, "kz"),
    _variant("com_v1", _V1, "com"),
)
