"""Generators of the domain names of malware families, as documented by who analysed them.

A module has one family: its KIND, SOURCE and VARIANTS; the family is called as the module is. Each
algorithm is a pure function of a date and a seed.
"""

from importlib import import_module
from pkgutil import iter_modules

from .family import Family

_TOO_FEW = {"ccleaner"}  # families whose names are too few to learn anything from

ALL_FAMILIES: dict[str, Family] = {
    name: Family(name, module.KIND, module.SOURCE, module.VARIANTS)
    for _, name, _ in iter_modules(__path__)
    if hasattr(module := import_module(f"{__name__}.{name}"), "VARIANTS")
}
FAMILIES = {name: family for name, family in ALL_FAMILIES.items() if name not in _TOO_FEW}
