"""Shiotob (banking trojan, also Urlzone and Bebloh): each name is mixed from the one before."""

from datetime import date
from random import Random

from .arithmetic import ALPHANUMERIC
from .family import Hosts, Variant

COUNT = 2001  # names of a seed, itself the first
_SIZE = 65  # bytes of the malware's buffer
_CHARACTERS = "qwertyuiopasdfghjklzxcvbnm123945678"


def _generate(_day: date, seed: str) -> Hosts:
    """Yield the names that follow from a first one."""
    label, _, tld = seed.rpartition(".")
    if not (label.isascii() and label.isalnum() and tld in ("com", "net") and len(seed) <= _SIZE):
        raise ValueError(f"{seed!r} is no name in com or net of up to {_SIZE} characters")
    for _ in range(COUNT):
        yield f"{label}.{tld}"
        label = _next_label(label, tld)
        tld = "com" if tld == "net" else "net"


def _next_label(label: str, tld: str) -> str:
    length = len(label)
    size = max(length, 16)  # the bytes after those that are read have no effect on them
    values = list(f"{label}.{tld}".encode().ljust(size, b"\0"))[:size]
    total = sum(label.encode()) + ord(".")
    for i in range(size):
        for j in range(size - i):
            values[i + j] = ((length * values[j]) ^ values[i + j] ^ total) & 255
    new = (values[2] * length ^ values[0]) % 256 // 16
    return "".join([_CHARACTERS[value // 8] for value in values[: new if new >= 10 else length]])


def _draw(random: Random) -> str:
    label = random.choices(ALPHANUMERIC, k=random.randint(10, 15))
    return "".join(label) + random.choice((".com", ".net"))


KIND = "mixing of the name before"
# https://johannesbader.ch/2015/01/the-dga-of-shiotob/
SOURCE = 'J. Bader, "The DGA of Shiotob" (2015), johannesbader.ch'
VARIANTS = (Variant(_generate, seeds=("4ypv1eehphg3a.com", "wtipubctwiekhir.net"), draw=_draw),)
