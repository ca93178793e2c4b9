"""Qakbot (banking trojan and loader): a Mersenne Twister seeded by the CRC-32 of the date."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np

from .arithmetic import WORD, draw_decimal, letter, parse_decimal
from .family import Hosts, Variant

COUNT = 5000  # names a third of the month
TLDS = ("com", "net", "org", "info", "biz", "org")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SETTINGS: dict[str, Any] = {
    "seeds": ("0", "1"),
    "period": "third of the month",
    "draw": draw_decimal,
}


def _generate(day: date, seed: str, *, sandbox: bool) -> Hosts:
    """Yield the names of a third of the month; in a sandbox the decoys."""
    third = min((day.day - 1) // 10, 2)
    text = f"{third}.{_MONTHS[day.month - 1]}.{day.year}.{parse_decimal(seed):08x}"
    numbers = _twister(crc32(text.encode()) + sandbox & WORD)
    for _ in range(COUNT):
        tld = TLDS[_below(numbers, 6)]
        length = 8 + _below(numbers, 18)
        label = "".join([letter(_below(numbers, 26)) for _ in range(length)])
        yield f"{label}.{tld}"


def _twister(seed: int) -> Iterator[int]:
    twister = np.random.RandomState(seed)
    while True:
        yield from twister.randint(0, 1 << 32, 1024, np.uint32).tolist()


def _below(numbers: Iterator[int], limit: int) -> int:
    return (next(numbers) & 0xFFFFFFF) * limit >> 28


KIND = "Mersenne Twister"
# https://johannesbader.ch/2016/02/the-dga-of-qakbot/
SOURCE = 'J. Bader, "The DGA of Qakbot" (2016), johannesbader.ch'
VARIANTS = (
    Variant(partial(_generate, sandbox=False), **_SETTINGS),
    Variant(partial(_generate, sandbox=True), "sandbox", **_SETTINGS),
)
