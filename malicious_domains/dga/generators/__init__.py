"""Generators of the domain names of malware families, as documented by who analysed them.

A module has families of one kind. Each algorithm is a pure function of a date and a seed.

>>> from datetime import date
>>> day, first = date(2026, 11, 24), {}
>>> for name, family in ALL_FAMILIES.items():
...     variant = family.variants[0]
...     first[name] = next(variant.generate(day, variant.seeds[0]))
>>> first["conficker"], first["tinba"]
('cmaqbfeh.ws', 'ssrgwnrmgrxe.com')
"""

from . import chained, congruential, hashed, mixed, pykspa, syllables
from .family import DECLARED, Family

__all__ = ["chained", "congruential", "hashed", "mixed", "pykspa", "syllables"]

_TOO_FEW = {"ccleaner"}  # families whose names are too few to learn anything from

ALL_FAMILIES: dict[str, Family] = {name: DECLARED[name] for name in sorted(DECLARED)}
FAMILIES = {name: family for name, family in ALL_FAMILIES.items() if name not in _TOO_FEW}
