"""Locky (ransomware, 2016): multiply and rotate the date, the seed and the index.

Source: Forcepoint, "Locky's new DGA - seeding the new domains" (2016),
https://blogs.forcepoint.com/security-labs/lockys-new-dga-seeding-new-domains (v2);
Nominum, "Locky back", https://nominum.com/locky-back/ (v3)
"""

from datetime import date

from .arithmetic import WORD, draw_decimal, parse_decimal, rotate_left, rotate_right
from .family import Hosts, Variant

_V2_TLDS = tuple("ru pw eu in yt pm us fr de it be uk nl tf".split())  # noqa: SIM905
_V3_TLDS = tuple("ru info biz click su work pl org pw xyz".split())  # noqa: SIM905
_V2_SEEDS = ("62", "75", "9", "7", "660", "555", "0")
_V3_SEEDS = tuple(
    "7077 5566 9106 5579 111 9044 9099 9047 9133 9199 9190 9088 9998 9992 1511 1513 1517 9056 7773"  # noqa: SIM905
    " 7743".split()
)
_ADDEND = 0x27100001


def _v2(day: date, seed: str) -> Hosts:
    number = parse_decimal(seed)
    shift, distinct = (7, 8) if number else (5, 6)
    t = _mixed(day.year + 0x1BF5, shift)
    if number:
        t = _mixed(t + number + _ADDEND, shift)
    t = _mixed(t + day.day // 2 + _ADDEND, shift)
    t = _mixed(t + day.month + 0x2709A354, shift)
    for index in range(8):  # listed to the end although 6 may be distinct
        r = rotate_left(index % distinct, 21) + t + rotate_left(number, 17) + _ADDEND
        r = _mixed(r, shift) + _ADDEND & WORD
        yield _name(r, 5 + r % 11, shift, _V2_TLDS)


def _v3(day: date, seed: str) -> Hosts:
    number = parse_decimal(seed)
    for index in range(12):
        k = 0
        for j in range(7):
            a = (_mixed(day.year + j + k + 0x1BF5) + _ADDEND) & WORD ^ k
            b = (_mixed(a + number) + _ADDEND) & WORD ^ a
            c = 0xD8EFFFFF - _mixed(day.day // 2 + b) + b
            d = c + _mixed(day.month + c - 0x65CAD) + _ADDEND & WORD
            k = (_mixed(d + rotate_left(number, 17) + rotate_left(index, 21)) + _ADDEND) & WORD ^ d
        yield _name(k, 7 + k % 11, 7, _V3_TLDS)


def _name(r: int, length: int, shift: int, tlds: tuple[str, ...]) -> str:
    label = ""
    for k in range(length):
        r = _mixed(rotate_left(r, k), shift) + _ADDEND & WORD
        label += chr(97 + r % 25)
    return f"{label}.{tlds[(_mixed(r, shift) + _ADDEND & WORD) % len(tlds)]}"


def _mixed(value: int, shift: int = 7) -> int:
    return rotate_right(0xB11924E1 * value, shift)


KIND = "multiply, rotate"
SOURCE = 'Forcepoint, "Locky\'s new DGA - seeding the new domains" (2016), blogs.forcepoint.com'
VARIANTS = (
    Variant(_v2, "v2", seeds=_V2_SEEDS, period="2 days", draw=draw_decimal),
    Variant(_v3, "v3", seeds=_V3_SEEDS, period="2 days", draw=draw_decimal),
)
