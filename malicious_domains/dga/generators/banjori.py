"""Banjori (banking trojan, 2013 on): each name changes four letters of the one before."""

from datetime import date

from .family import Hosts, Variant

CYCLE = 15372  # names of the published seed, after which they come again


def _generate(_: date, seed: str) -> Hosts:
    if len(seed) < 4 or not seed.isascii():
        raise ValueError(f"{seed!r} is no host of at least 4 ASCII characters")
    a, b, c, d = map(ord, seed[:4])
    while True:
        yield f"{chr(a)}{chr(b)}{chr(c)}{chr(d)}{seed[4:]}"
        a = _wrapped(a + d)
        b = _wrapped(a + 2 * b)
        c = _wrapped(a + c - 1)
        d = _wrapped(b + c + d)


def _wrapped(code: int) -> int:
    return 97 + (code - 97) % 26


KIND = "arithmetic on the previous name"
# http://johannesbader.ch/2015/02/the-dga-of-banjori/
SOURCE = 'J. Bader, "The DGA of Banjori" (2015), johannesbader.ch'
VARIANTS = (
    Variant(
        _generate,
        seeds=(
            "earnestnessbiophysicalohax.com",
            # never seen in malware, but one seed alone makes names of one ending
            "hereisaseeddomainthatweuse.com",
            "somestring",
        ),
        unused=("hereisaseeddomainthatweuse.com", "somestring"),
        count=CYCLE,
    ),
)
