"""Nymaim (downloader of ransomware, 2013 on): shifts and xors over four words."""

from collections.abc import Iterator
from datetime import date

from .arithmetic import WORD, letter
from .family import Hosts, Variant

COUNT = 128  # names a day


def _generate(day: date, _: str) -> Hosts:
    draws = _draws(day)
    for _index in range(COUNT):
        length = 6 + next(draws) % 6
        positions = [next(draws) % 26 for _ in range(length)]
        yield f"{''.join(map(letter, positions))}.{_tld(positions[-2])}"


def _draws(day: date) -> Iterator[int]:
    sunday_first = day.isoweekday() % 7
    s = day.year + (day.month << 16) + sunday_first + (day.day << 16)
    a, b, c, d = s + 0x52455641, s + 0x49484F4C, s + 0x59554820, s + 0x4D415620
    while True:
        t = a << 11 & WORD ^ a
        u = d >> 19 ^ d ^ t ^ t >> 8
        yield (c + u & WORD) // 100
        a, b, c, d = a + b & WORD, b + c & WORD, c + d & WORD, u


def _tld(position: int) -> str:
    for end, tld in ((9, "com"), (13, "org"), (17, "biz"), (21, "net")):
        if position < end:
            return tld
    return "info"


KIND = "xorshift"
# https://github.com/baderj/domain_generation_algorithms
SOURCE = 'J. Bader, "domain_generation_algorithms", github.com/baderj'
VARIANTS = (Variant(_generate, period="day"),)
