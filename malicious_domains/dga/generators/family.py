"""A family of generators: its parts, and how one is declared."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any, TypeVar

Hosts = Iterator[str]
Generate = Callable[[date, str], Hosts]
Made = TypeVar("Made", bound=Callable[..., Hosts])


@dataclass(frozen=True)
class Variant:
    """One algorithm of a family, a pure function of a date and a seed.

    generate(day, seed) yields hosts in the malware's own order, as many as it makes for that day
    and seed, or without end. An undated variant ignores the day, one that takes no seed ignores
    the seed. Raises ValueError for a seed that it cannot read.
    """

    generate: Generate
    name: str = ""  # "" where the family has one algorithm
    seeds: tuple[str, ...] = ("",)  # published ones, the default first; ("",): it takes none
    period: str = ""  # how long names stay the same, in words: "day", "week"; "": for ever
    draw: Callable[[Random], str] | None = None  # draws another such seed, if any will do
    sampled: bool = True  # False: a training corpus has none of its names
    # For an index of generated names:
    unused: tuple[str, ...] = ()  # those of seeds that no malware is known to have used
    count: int = 0  # how many names of an endless variant are indexed; 0: it has an end
    valid: tuple[int, int] = (0, 0)  # days before and after its period that a name is queried
    own: Generate | None = None  # what is new in a period; None: generate


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


DECLARED: dict[str, Family] = {}  # by name


def declare(name: str, kind: str, source: str, *variants: Variant) -> None:
    """Declare a family by its name, kind, source and variants."""
    DECLARED[name] = Family(name, kind, source, variants)


def family(kind: str, source: str, **attributes: Any) -> Callable[[Made], Made]:
    """Declare a generator as its family's only Variant, which has these attributes."""

    def decorate(generate: Made) -> Made:
        declare(generate.__name__, kind, source, Variant(generate, **attributes))
        return generate

    return decorate


def bader(title: str, year: int) -> str:
    """Return the source of an article of J. Bader's.

    >>> bader("The DGA of Goz", 2015)
    'J. Bader, "The DGA of Goz" (2015), johannesbader.ch'
    """
    return f'J. Bader, "{title}" ({year}), johannesbader.ch'


BADER_CODE = 'J. Bader, "domain_generation_algorithms", github.com/baderj'
