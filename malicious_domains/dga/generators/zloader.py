"""Zloader (banking trojan and loader, 2020): a chain of letters from the date and an RC4 key."""

from datetime import date
from random import Random
from string import ascii_letters, digits

from .arithmetic import WORD, count_seconds
from .family import Hosts, Variant

COUNT = 32  # names a day
LENGTH = 20


def _generate(day: date, seed: str) -> Hosts:
    """Yield the names of a day."""
    if not seed or not seed.isascii():
        raise ValueError(f"{seed!r} is no key of ASCII characters")
    word = count_seconds(day) & WORD ^ _keystream(seed.encode())
    state = word
    for _ in range(COUNT):
        label = bytearray()
        for _ in range(LENGTH):
            label.append(97 + state % 25)
            state = word ^ (state + label[-1] & WORD)
        yield f"{label.decode()}.com"


def _keystream(key: bytes) -> int:
    """Return the first four bytes of the RC4 keystream as a number."""
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    j, stream = 0, bytearray()
    for i in range(1, 5):
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        stream.append(box[(box[i] + box[j]) % 256])
    return int.from_bytes(stream, "little")


def _draw(random: Random) -> str:
    return "".join(random.choices(ascii_letters + digits, k=random.randint(12, 32)))


_SEEDS = """
    q23Cud3xsNf3 41997b4a729e1a0175208305170752dd kZieCw23gffpe43Sd Ts72YjsjO5TghE6m
    03d5ae30a0bd934a23b6a7f0756aa504
"""

KIND = "arithmetic, seed from RC4"
# https://johannesbader.ch/blog/the-dga-of-zloader/
SOURCE = 'J. Bader, "The DGA of Zloader", johannesbader.ch'
VARIANTS = (Variant(_generate, seeds=tuple(_SEEDS.split()), period="day", draw=_draw),)
