"""Cryptolocker (ransomware, 2013-2014): shift registers over the date and the index.

The variant date-walk is no malware's: it is an encyclopaedia's sketch of such an algorithm, which
published training data took for Cryptolocker's. Its names are bare labels.

Source: the algorithm as documented in https://github.com/andrewaeva/DGA; date-walk: InfoSec
Institute, "Domain Generation Algorithm (DGA)", and https://github.com/endgameinc/dga_predict
"""

from datetime import date
from random import Random

from .arithmetic import WORD, letter, parse_decimal
from .family import Hosts, Variant

COUNT = 1000  # names a day
TLDS = ("com", "net", "biz", "ru", "org", "co.uk", "info")
# The start in days and the length; our own choice, as none is published.
_WALKS = ("100x32", "1x12", "5000x20")


def domain(day: date, index: int) -> str:
    """Return the index-th name (from 0) of a day."""
    d, m, y = 65537 * day.day, 65537 * day.month, 65537 * (day.year + index)
    length = 12 + (((d >> 3) ^ (y >> 8) ^ (y >> 11)) & 3)
    label = []
    for _ in range(length):
        d = ((d << 13 & WORD) >> 19) ^ ((d >> 1) << 13 & WORD) ^ (d >> 19)
        m = ((m << 2 & WORD) >> 25) ^ ((m >> 3) << 7 & WORD) ^ (m >> 25)
        y = ((y << 3 & WORD) >> 11) ^ ((y >> 4) << 21 & WORD) ^ (y >> 11)
        label.append(chr(97 + (d ^ m ^ y) % 25))
    return f"{''.join(label)}.{TLDS[index % 7]}"


def _generate(day: date, _: str) -> Hosts:
    for index in range(COUNT):
        yield domain(day, index)


def _walk(_: date, seed: str) -> Hosts:
    start, _x, text = seed.partition("x")
    length = parse_decimal(text, 6)
    ordinal = date(2016, 1, 1).toordinal() + parse_decimal(start) + 1
    while ordinal <= date.max.toordinal():
        yield _label(date.fromordinal(ordinal), length)
        ordinal += 2


def _label(day: date, length: int) -> str:
    y, m, d = day.year, day.month, day.day
    label = ""
    for _ in range(length):  # unbounded integers, not words of 32 bits
        y = ((y ^ 8 * y) >> 11) ^ ((y & 0xFFFFFFF0) << 17)
        m = ((m ^ 4 * m) >> 25) ^ 16 * (m & 0xFFFFFFF8)
        d = ((d ^ (d << 13)) >> 19) ^ ((d & 0xFFFFFFFE) << 12)
        label += letter((y ^ m ^ d) % 25)
    return label


def _draw(random: Random) -> str:
    return f"{random.randint(1, 1_000_000)}x{random.randint(8, 32)}"


KIND = "shift registers"
SOURCE = 'andrewaeva, "DGA", github.com/andrewaeva'
VARIANTS = (
    Variant(_generate, period="day"),
    Variant(_walk, "date-walk", seeds=_WALKS, draw=_draw, sampled=False, unused=_WALKS),
)
