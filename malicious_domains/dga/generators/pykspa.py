"""Pykspa (worm that spreads over Skype, 2013-2015): arithmetic, seeded from MD6 or the date.

Source: J. Bader, "The DGA of Pykspa" and "Pykspa's inferior DGA version" (2015),
http://johannesbader.ch/2015/03/the-dga-of-pykspa/ and
http://johannesbader.ch/2015/07/pykspas-inferior-dga-version/
"""

from datetime import date
from functools import lru_cache
from itertools import count
from string import ascii_lowercase
from struct import unpack

import numpy as np

from .arithmetic import QUAD, WORD, count_days
from .family import Hosts, Variant, bader, declare

_PERIODS = {"1": 20, "2": 1}  # days that a set's names last: the useful ones, the decoys
_COUNT = 5000  # names of the precursor; of the other, which has no end, as many are kept
_TLDS = ("com", "net", "org", "info")
_PRECURSOR_TLDS = ("biz", "com", "net", "org", "info", "cc")
_FACTOR = 22695477
_MD6_ROUNDS = 104
_MD6_BLOCK = 512  # bytes
_MD6_Q = unpack(  # the fraction of the square root of 6
    ">15Q",
    bytes.fromhex(
        "7311C2812425CFA06432286434AAC8E7B60450E9EF68B7C1E8FB23908D9F06F1DD2E76CBA691E5BF"
        "0CD0D63B2C30BC411F8CCF6823058F8A54E5ED5B88E3775D4AD12AAE0A6D60313E7F16BB88222E0D"
        "8AF8671D3FB50C2C995AD1178BD25C31C878C1DD04C4B6333B72066C7A1552AC0D6F3522631EFFCB"
    ),
)
_MD6_RIGHT = (10, 5, 13, 10, 11, 12, 2, 7, 14, 15, 7, 13, 11, 7, 6, 12)
_MD6_LEFT = (11, 24, 9, 16, 15, 9, 27, 15, 6, 2, 29, 8, 15, 5, 31, 9)


def _improved(day: date, seed: str) -> Hosts:
    """Yield the names of a set, without end."""
    if seed not in _PERIODS:
        raise ValueError(f"{seed!r} is no set of Pykspa: {', '.join(_PERIODS)}")
    state = _start(count_days(day) // _PERIODS[seed])
    for index in count():
        state += state % (index + 1) + 1
        yield f"{_label(state, 6 + (state + index) % 7)}.{_TLDS[state % 4]}"


def _precursor(day: date, _seed: str) -> Hosts:
    """Yield the names of two days in the version before."""
    state = count_days(day) // 2
    for index in range(_COUNT):
        state = (state * state + index) & WORD
        yield f"{_precursor_label(state, 6 + state % 10)}.{_PRECURSOR_TLDS[state % 6]}"


@lru_cache(maxsize=4096)
def _start(period: int) -> int:
    """Return the seed of the names of a period."""
    digest = _md6((period & WORD).to_bytes(4, "little")).encode()
    text = list(digest) + [0] * 192
    mixer = _Mixer(text[:64])
    for k in range(256 + 2570):
        position = k if k < 256 else (k - 1) % 256  # the second run begins with the last
        text[position] ^= mixer.mix(text[position])
    mixer = _Mixer(text)
    offset = period % 50
    return int.from_bytes(map(mixer.mix, digest[offset : offset + 4]), "little")


def _md6(message: bytes) -> str:
    """Return MD6 (R. Rivest and others, 2008) of 256 bits of one block, in hexadecimal.

    >>> _md6(b"")[:16]
    'bca38b24a804aa37'
    """
    padding = 8 * (_MD6_BLOCK - len(message))
    node = 1 << 56  # level 1, index 0
    control = _MD6_ROUNDS << 48 | 64 << 40 | 1 << 36 | padding << 20 | 256
    data = unpack(">64Q", message.ljust(_MD6_BLOCK, b"\0"))
    words = _compress([*_MD6_Q, *[0] * 8, node, control, *data])
    return "".join(f"{word:016x}" for word in words[-4:])


def _compress(words: list[int]) -> list[int]:
    constant = 0x0123456789ABCDEF
    shifts = tuple(zip(_MD6_RIGHT, _MD6_LEFT, strict=True))
    for _ in range(_MD6_ROUNDS):
        for right, left in shifts:
            x = constant ^ words[-89] ^ words[-17]
            x ^= (words[-18] & words[-21]) ^ (words[-31] & words[-67])
            x ^= x >> right
            words.append((x ^ x << left) & QUAD)
        constant = ((constant << 1 | constant >> 63) & QUAD) ^ (constant & _MD6_Q[0])
    return words


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
        label += ascii_lowercase[(offset + (state * factor & WORD)) % 26]
        offset += length
        state += ((7837632 * state * length & WORD) + 82344) % (541 * length + 4)
    return label


def _precursor_label(state: int, length: int) -> str:
    label = ""
    offset = length * length
    for i in range(length):
        factor = state % 5 + state % 123456 + i * (state % 4567 + state % 19)
        label += ascii_lowercase[(offset + state * factor & WORD) % 26]
        state = (state + i & WORD) >> i * i % 32
        offset += length
    return label


declare(
    "pykspa",
    "arithmetic",
    bader("The DGA of Pykspa", 2015),
    Variant(_improved, "improved", tuple(_PERIODS), "20 days (2: day)", count=_COUNT),
    Variant(_precursor, "precursor", period="two days"),
)
