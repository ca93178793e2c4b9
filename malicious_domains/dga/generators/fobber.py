"""Fobber (banking trojan after Tinba, 2015): multiply, add and rotate."""

from collections.abc import Callable
from datetime import date

from .arithmetic import iterate, rotate_right, spell
from .family import Hosts, Variant

COUNT = 300  # names, once and for all


def _version(start: int, addend: int, length: int, tld: str) -> Callable[[date, str], Hosts]:
    def generate(_: date, _seed: str) -> Hosts:
        states = iterate(lambda x: rotate_right(321167 * x + addend, 16), start)
        numbers = (x & 0x17FF for x in states)
        for _index in range(COUNT):
            yield f"{spell(numbers, length)}.{tld}"

    return generate


KIND = "multiply, add, rotate"
# https://github.com/baderj/domain_generation_algorithms
SOURCE = 'J. Bader, "domain_generation_algorithms", github.com/baderj'
VARIANTS = (
    Variant(_version(0xC87C8A78, -1719405398, 17, "net"), "v1"),
    Variant(_version(0x851A3E59, -1916503263, 10, "com"), "v2"),
)
