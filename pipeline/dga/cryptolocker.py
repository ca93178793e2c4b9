"""Cryptolocker (2013-2014): shift registers over the date and the index.

Source: the algorithm as documented in andrewaeva/DGA.
"""

from __future__ import annotations

from datetime import date

COUNT = 1000  # names a day
TLDS = ("com", "net", "biz", "ru", "org", "co.uk", "info")
_WORD = 0xFFFFFFFF


def domain(day: date, index: int) -> str:
    """The index-th name (from 0) of a day."""
    d, m, y = 65537 * day.day, 65537 * day.month, 65537 * (day.year + index)
    length = 12 + (((d >> 3) ^ (y >> 8) ^ (y >> 11)) & 3)
    label = []
    for _ in range(length):
        d = ((d << 13 & _WORD) >> 19) ^ ((d >> 1) << 13 & _WORD) ^ (d >> 19)
        m = ((m << 2 & _WORD) >> 25) ^ ((m >> 3) << 7 & _WORD) ^ (m >> 25)
        y = ((y << 3 & _WORD) >> 11) ^ ((y >> 4) << 21 & _WORD) ^ (y >> 11)
        label.append(chr(97 + (d ^ m ^ y) % 25))
    return f"{''.join(label)}.{TLDS[index % 7]}"
