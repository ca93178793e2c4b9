"""Kraken (botnet for spam, 2008): an LCG; two names an index, as a file exists or not.

Source: J. Bader, "Krakens two Domain Generation Algorithms" (2015),
https://johannesbader.ch/2015/12/krakens-two-domain-generation-algorithms/
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import count

import numpy as np
from numpy.typing import NDArray

from .arithmetic import WORD, kraken, letter, signed, unix
from .family import Family, Variant

COUNT = 2000  # names that the published implementation lists; there is no end
_DYNAMIC = ("dyndns.org", "yi.org", "dynserv.com", "mooo.com")
_V1 = {"a": (0x08924541, -0x0FCFBF88), "b": (0x07924542, -0x1FCFBF87)}  # (no file, a file)
_V2 = {"a": (24938315, 24938314), "b": (1600001, 1600000)}
_V2_TLDS = {"1": ("com", "net", "tv", "cc"), "2": _DYNAMIC}


def _v1(_: date, seed: str) -> Iterator[str]:
    absent, present = _V1[_known(seed, tuple(_V1))]
    for n in count(1000015):
        states = (
            _ninth((n + 2) * (n + 7) * n) + (3 * n + 1) * n + absent,
            _ninth(n * (n + 7) * (n + 12)) + n * (n + 1) + present,
        )
        for state in states:
            a, b, c, x = _three(state & WORD)
            yield f"{_letters(x, 6 + (a * b - c) % 6)}.{_DYNAMIC[n % 4]}"


def _v2(day: date, seed: str) -> Iterator[str]:
    values, tlds = tuple(_known(seed, _V2_SEEDS))
    week = (unix(day) - 1207000000) // 604800 + 2
    for index in count():
        skipped = (week,) * 6 + (week - 1,) * 2 + (0,)
        for value in _V2[values]:
            x = _skipped(3 * index + value, skipped[index % 9])
            a, b, c, x = _three(x)
            yield f"{_letters(x, 7 + (a * b + c) % 6)}.{_V2_TLDS[tlds][index % 4]}"


def _known(seed: str, seeds: tuple[str, ...]) -> str:
    if seed not in seeds:
        raise ValueError(f"{seed!r} is none of {', '.join(seeds)}")
    return seed


def _ninth(product: int) -> int:
    return math.trunc(signed(product) / 9)


def _crop(x: int) -> int:
    return x >> 8 & 0x7FFF


def _skipped(x: int, steps: int) -> int:
    return int(_jump(steps - 1)[_crop(kraken(x))]) if steps > 0 else x


@lru_cache(maxsize=32)  # a week's two and their halves
def _jump(steps: int) -> NDArray[np.int64]:
    """Where so many numbers thrown away lead from each state: the first leaves 15 bits."""
    if steps == 0:
        return np.arange(0x8000)
    half = _jump(steps // 2)
    twice = half[half]
    return (1103515245 * twice + 12435 & WORD) >> 8 & 0x7FFF if steps % 2 else twice


def _three(x: int) -> tuple[int, int, int, int]:
    """Three numbers drawn, and the state."""
    first = kraken(x)
    second = kraken(first)
    third = kraken(second)
    return _crop(first), _crop(second), _crop(third), third


def _letters(x: int, length: int) -> str:
    label = ""
    for _ in range(length):
        x = kraken(x)
        label += letter(_crop(x) % 26)
    return label


_V2_SEEDS = ("a1", "b1", "a2", "b2")  # the set of start values, the set of TLDs

FAMILY = Family(
    name="kraken",
    kind="LCG",
    source='J. Bader, "Krakens two Domain Generation Algorithms" (2015), johannesbader.ch',
    variants=(
        Variant(_v1, "v1", seeds=tuple(_V1), count=COUNT),
        Variant(_v2, "v2", seeds=_V2_SEEDS, period="week from Tuesday", count=COUNT),
    ),
)
