"""Kraken (botnet for spam, 2008): an LCG; two names an index, as a file exists or not."""

import math
from datetime import date
from functools import lru_cache
from itertools import count, islice

import numpy as np
from numpy.typing import NDArray

from .arithmetic import WORD, count_seconds, iterate, spell, to_signed
from .family import Hosts, Variant

COUNT = 2000  # names that the published implementation lists; there is no end
_DYNAMIC = ("dyndns.org", "yi.org", "dynserv.com", "mooo.com")
_V1 = {"a": (0x08924541, -0x0FCFBF88), "b": (0x07924542, -0x1FCFBF87)}  # (no file, a file)
_V2 = {"a": (24938315, 24938314), "b": (1600001, 1600000)}
_V2_TLDS = {"1": ("com", "net", "tv", "cc"), "2": _DYNAMIC}


def _v1(_: date, seed: str) -> Hosts:
    absent, present = _V1[_known(seed, tuple(_V1))]
    for n in count(1000015):
        states = (
            _ninth((n + 2) * (n + 7) * n) + (3 * n + 1) * n + absent,
            _ninth(n * (n + 7) * (n + 12)) + n * (n + 1) + present,
        )
        for state in states:
            a, b, c, x = _three(state & WORD)
            yield f"{_spelt(x, 6 + (a * b - c) % 6)}.{_DYNAMIC[n % 4]}"


def _v2(day: date, seed: str) -> Hosts:
    values, tlds = tuple(_known(seed, _V2_SEEDS))
    week = (count_seconds(day) - 1207000000) // 604800 + 2
    for index in count():
        skipped = (week,) * 6 + (week - 1,) * 2 + (0,)
        for value in _V2[values]:
            x = _skipped(3 * index + value, skipped[index % 9])
            a, b, c, x = _three(x)
            yield f"{_spelt(x, 7 + (a * b + c) % 6)}.{_V2_TLDS[tlds][index % 4]}"


def _known(seed: str, seeds: tuple[str, ...]) -> str:
    if seed not in seeds:
        raise ValueError(f"{seed!r} is none of {', '.join(seeds)}")
    return seed


def _step(x: int) -> int:
    return (1103515245 * x + 12435) & WORD  # where C's rand() has 12345


def _ninth(product: int) -> int:
    return math.trunc(to_signed(product) / 9)


def _crop(x: int) -> int:
    return x >> 8 & 0x7FFF


def _skipped(x: int, steps: int) -> int:
    return int(_jump(steps - 1)[_crop(_step(x))]) if steps > 0 else x


@lru_cache(maxsize=32)  # a week's two and their halves
def _jump(steps: int) -> NDArray[np.int64]:
    """Return where `steps` discarded numbers lead from each state: the first leaves 15 bits."""
    if steps == 0:
        return np.arange(0x8000)
    half = _jump(steps // 2)
    twice = half[half]
    return (1103515245 * twice + 12435 & WORD) >> 8 & 0x7FFF if steps % 2 else twice


def _three(x: int) -> tuple[int, int, int, int]:
    """Draw three numbers; return them and the state."""
    first, second, third = islice(iterate(_step, x), 3)
    return _crop(first), _crop(second), _crop(third), third


def _spelt(x: int, length: int) -> str:
    return spell(map(_crop, iterate(_step, x)), length)


_V2_SEEDS = ("a1", "b1", "a2", "b2")  # the set of start values, the set of TLDs

KIND = "LCG"
# https://johannesbader.ch/2015/12/krakens-two-domain-generation-algorithms/
SOURCE = 'J. Bader, "Krakens two Domain Generation Algorithms" (2015), johannesbader.ch'
VARIANTS = (
    Variant(_v1, "v1", seeds=tuple(_V1), count=COUNT),
    Variant(_v2, "v2", seeds=_V2_SEEDS, period="week from Tuesday", count=COUNT),
)
