"""Generators of the domain names of malware families, as documented by who analysed them.

Each module here has one family, as FAMILY; each algorithm is a pure function of a date and a seed.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from .family import Family

_modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
_families = (module.FAMILY for module in _modules if hasattr(module, "FAMILY"))
ALL_FAMILIES: dict[str, Family] = {family.name: family for family in _families}

# The families that models are trained on; the others make too few names to learn anything from.
FAMILIES = {name: family for name, family in ALL_FAMILIES.items() if family.trained_on}
