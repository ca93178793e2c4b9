"""Pykspa (worm that spreads over Skype, 2013-2015): arithmetic, seeded from MD6 or the date.

Source: J. Bader, "The DGA of Pykspa" and "Pykspa's inferior DGA version" (2015),
http://johannesbader.ch/2015/03/the-dga-of-pykspa/ and
http://johannesbader.ch/2015/07/pykspas-inferior-dga-version/
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from itertools import count

import numpy as np

from .arithmetic import WORD, count_days, letter
from .family import Family, Hosts, Variant
from .md6 import hexdigest

PERIODS = {"1": 20, "2": 1}  # days that a set's names last: the useful ones, the decoys
COUNT = 5000  # names of the precursor; of the other, which has no end, as many are kept
TLDS = ("com", "net", "org", "info")
PRECURSOR_TLDS = ("biz", "com", "net", "org", "info", "cc")
_FACTOR = 22695477


def _generate(day: date, seed: str) -> Hosts:
    """Yield the names of a set at a date, without end."""
    if seed not in PERIODS:
        raise ValueError(f"{seed!r} is no set of Pykspa: {', '.join(PERIODS)}")
    state = start(count_days(day) // PERIODS[seed])
    for index in count():
        state += state % (index + 1) + 1
        yield f"{_label(state, 6 + (state + index) % 7)}.{TLDS[state % 4]}"


def precursor(day: date, _seed: str) -> Hosts:
    """Yield the names of two days in the version before."""
    state = count_days(day) // 2
    for index in range(COUNT):
        state = (state * state + index) & WORD
        yield f"{_precursor_label(state, 6 + state % 10)}.{PRECURSOR_TLDS[state % 6]}"


@lru_cache(maxsize=4096)
def start(period: int) -> int:
    """Return the seed of the names of a period."""
    digest = hexdigest((period & WORD).to_bytes(4, "little")).encode()
    text = list(digest) + [0] * 192
    mixer = _Mixer(text[:64])
    for k in range(256 + 2570):
        position = k if k < 256 else (k - 1) % 256  # the second run begins with the last
        text[position] ^= mixer.mix(text[position])
    mixer = _Mixer(text)
    offset = period % 50
    return int.from_bytes(map(mixer.mix, digest[offset : offset + 4]), "little")


class _Mixer:
    """128 linear congruential generators that feed one accumulator."""

    def __init__(self, text: list[int]) -> None:
        words = [256 * a + b for a, b in zip(text[::2], text[1::2], strict=True)]
        words += [0] * (128 - len(words))
        outputs = []
        for index in range(128):
            for _ in range(index + 1):
                words[index] = (_FACTOR * words[index] + 1) & WORD
                outputs.append(words[index] >> 16 & 0x7FFF)
        self.words = np.array(words, np.uint32)
        self.sum = _accumulate(0, outputs)

    def mix(self, value: int) -> int:
        """Step all generators and scramble a byte."""
        self.words = self.words * np.uint32(_FACTOR) + np.uint32(1)
        self.sum = _accumulate(self.sum, (self.words >> 16 & 0x7FFF).tolist())
        result = value ^ self.sum & 255
        self.sum = (self.sum + value) & WORD
        self.words[127:] += np.uint32(value)
        return result


def _accumulate(total: int, values: list[int]) -> int:
    for value in values:
        shifted = (total + value & WORD) << (total & 15)
        total = shifted & WORD | shifted >> 32  # that is, rotated
    return total


def _label(state: int, length: int) -> str:
    label = ""
    offset = length * length
    for i in range(length):
        factor = state % 5 + state % 123456 + i * (state % 2 + state % 4567)
        label += letter((offset + (state * factor & WORD)) % 26)
        offset += length
        state += ((7837632 * state * length & WORD) + 82344) % (541 * length + 4)
    return label


def _precursor_label(state: int, length: int) -> str:
    label = ""
    offset = length * length
    for i in range(length):
        factor = state % 5 + state % 123456 + i * (state % 4567 + state % 19)
        label += letter((offset + state * factor & WORD) % 26)
        state = (state + i & WORD) >> i * i % 32
        offset += length
    return label


FAMILY = Family(
    name="pykspa",
    kind="arithmetic",
    source='J. Bader, "The DGA of Pykspa" (2015), johannesbader.ch',
    variants=(
        Variant(
            _generate, "improved", seeds=tuple(PERIODS), period="20 days (2: day)", count=COUNT
        ),
        Variant(precursor, "precursor", period="two days"),
    ),
)
