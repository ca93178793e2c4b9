"""Ranbyus (banking trojan): shift registers in May 2015, an LCG of 64 bits from September on.

Source: J. Bader, "The DGA of Ranbyus" and "Ranbyus's DGA, revisited" (2015),
http://johannesbader.ch/2015/05/the-dga-of-ranbyus/ and
http://johannesbader.ch/2015/09/ranbyuss-dga-revisited/
"""

from datetime import date
from struct import pack

from .arithmetic import QUAD, WORD, draw_hexadecimal, letter, parse_hexadecimal
from .family import Hosts, Variant

COUNT = 40  # names a day
TLDS = ("in", "me", "cc", "su", "tw", "net", "com", "pw")
_OTHER_TLDS = {0xCE7F8514: ("in", "net", "org", "com", "me", "su", "tw", "cc")}


def may(day: date, seed: str) -> Hosts:
    """Yield the names of a day in the version of May 2015."""
    d, m, y, s = day.day, day.month, day.year, parse_hexadecimal(seed)
    for index in range(COUNT):
        label = ""
        for _ in range(14):
            d = (d >> 15) ^ (16 * ((d & 0x1FFF) ^ 4 * (s ^ d)) & WORD)
            y = ((y & 0xFFFFFFF0) << 17 & WORD) ^ ((y ^ (7 * y & WORD)) >> 11)
            m = (14 * (m & 0xFFFFFFFE) & WORD) ^ ((m ^ (4 * m & WORD)) >> 8)
            s = (s >> 6) ^ ((d + 8 * s) << 8 & 0x03FFFF00)
            label += letter((d ^ m ^ y) % 25)
        yield f"{label}.{TLDS[(day.day + index) % len(TLDS)]}"


def september(day: date, seed: str) -> Hosts:
    """Yield the names of a day in the version of September 2015."""
    key = parse_hexadecimal(seed)
    tlds = _OTHER_TLDS.get(key, TLDS)
    state = day.day * day.month * day.year ^ key
    for index in range(COUNT):
        first, state = _block(state)
        second, state = _block(state)
        label = "".join([letter(byte % 25) for byte in (first + second)[:17]])
        yield f"{label}.{tlds[(day.day + index) % len(tlds)]}"


def _block(state: int) -> tuple[bytes, int]:
    """Return 16 bytes made of three steps, and the new state."""
    x1 = _step(state)
    x2 = _step(x1)
    x3 = _step(x2)
    low1, low2 = x1 & WORD, x2 & WORD
    mixed = (x3 >> 24 & 0xFFFFFF00) | (x3 & WORD) >> 24
    words = (
        ((mixed ^ low2) & 0xFFFFF) ^ low2,
        x2 >> 32,
        (low1 & 0xFFF00000) | x3 >> 44,
        x1 >> 32,
    )
    return pack("<4I", *words), x3


def _step(state: int) -> int:
    return (0x5851F42D4C957F2D * state + 0x14057B7EF767814F) & QUAD


_MAY = ("C5F128F3", "B6354BC3", "65BA0743", "0478620C")
_SEPTEMBER = """
    0F0D5BFA F2C72B14 AE8714BE CE7F8514 572473BB 17794CF1 C0E32524 7CB7966E 9F90C9E7 8FB8879B
    E981684B
"""

KIND = "shift registers, LCG"
SOURCE = 'J. Bader, "The DGA of Ranbyus" (2015), johannesbader.ch'
VARIANTS = (
    Variant(may, "may", _MAY, "day", draw_hexadecimal),
    Variant(september, "september", tuple(_SEPTEMBER.split()), "day", draw_hexadecimal),
)
