"""What a family of generators consists of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

Hosts = Iterator[str]


@dataclass(frozen=True)
class Variant:
    """One algorithm of a family, a pure function of a date and a seed.

    generate(day, seed) yields hosts in the malware's own order, as many as it makes for that day
    and seed, or without end. An undated variant ignores the day, one that takes no seed ignores
    the seed. Raises ValueError for a seed that it cannot read.
    """

    generate: Callable[[date, str], Hosts]
    name: str = ""  # "" where the family has one algorithm
    seeds: tuple[str, ...] = ("",)  # published ones, the default first; ("",): it takes none
    period: str = ""  # how long names stay the same, in words: "day", "week"; "": for ever
    draw: Callable[[Random], str] | None = None  # draws another such seed, if any will do
    sampled: bool = True  # False: a training corpus has none of its names
    # For an index of generated names:
    unused: tuple[str, ...] = ()  # those of seeds that no malware is known to have used
    count: int = 0  # how many names of an endless variant are indexed; 0: it has an end
    valid: tuple[int, int] = (0, 0)  # days before and after its period that a name is queried
    own: Callable[[date, str], Hosts] | None = None  # what is new in a period; None: generate


@dataclass(frozen=True)
class Family:
    """All variants that share a class in a training corpus."""

    name: str
    kind: str  # how the names are made: "hash (MD5)", "LCG", "syllables" ...
    source: str  # who documented it: author, "title" (year), site
    variants: tuple[Variant, ...]

    @property
    def sampled_variants(self) -> list[Variant]:
        """The variants whose names a training corpus can have."""
        return [variant for variant in self.variants if variant.sampled]
