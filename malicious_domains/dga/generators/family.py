"""What a family of generators is to the corpus and to the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random


@dataclass(frozen=True)
class Variant:
    """One algorithm of a family, a pure function of date, seed and position.

    generate(day, seed) yields hosts in the malware's own order, as many as it
    makes for that day and seed, or without end. An undated one ignores the day,
    one that takes no seed the seed. Raises ValueError for a seed it cannot read.
    """

    generate: Callable[[date, str], Iterator[str]]
    name: str = ""  # "" where the family has one algorithm
    seeds: tuple[str, ...] = ("",)  # published ones, the default first; ("",): it takes none
    period: str = ""  # what its names change with, in words: "day", "week"; "": never
    draw: Callable[[Random], str] | None = None  # another seed of the same shape, if any will do
    # What is asked of an index of names, see malicious_domains/dga:
    unused: tuple[str, ...] = ()  # those of seeds that no malware is known to have used
    count: int = 0  # how many names of one without end are worth keeping; 0: it has an end
    valid: tuple[int, int] = (0, 0)  # days before and after its period that a name is asked for
    own: Callable[[date, str], Iterator[str]] | None = None  # a period's alone; None: generate's


@dataclass(frozen=True)
class Family:
    """All variants that share a label in a corpus."""

    name: str
    kind: str  # how the names are made: "hash (MD5)", "LCG", "syllables" ...
    source: str  # who documented it: author, "title" (year), site
    variants: tuple[Variant, ...]
