"""Every generator with each of its seeds, and the names of each for a range of days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import NamedTuple, TypeVar

from ..inputs.ordered_pool import map_ordered
from ..names.dga_index import ALWAYS
from ..names.errors import MaliciousDomainsError
from .generators import ALL_FAMILIES
from .generators.arithmetic import count_days
from .generators.family import Variant
from .listing import FIRST, LAST
from .periods import end, starts

PERIODS = 4  # of a series that one process takes at a time
AHEAD = 8  # such parts that are made or wait for each process: memory stays flat

T = TypeVar("T")


class RangeError(MaliciousDomainsError):
    """A range of days that cannot be, or families that do not exist."""


class Days(NamedTuple):
    """A range of days, both ends included."""

    first: date
    last: date

    @classmethod
    def of(cls, first: date, last: date) -> Days:
        """Raises RangeError unless last is not before first and generators can count both."""
        if not FIRST <= first <= last <= LAST:
            raise RangeError(f"{first} to {last}: give days in order, from {FIRST} to {LAST}")
        return cls(first, last)


class Series(NamedTuple):
    """One generator with one seed."""

    family: str
    variant: Variant
    seed: str


class Period(NamedTuple):
    """The hosts that a series makes in one period, in its order."""

    series: int  # in all_series()
    date: int  # of the first day, in days since 1970; ALWAYS if it has no date
    last: int  # on which they are asked for
    hosts: list[str]


@cache
def all_series() -> tuple[Series, ...]:
    """Every variant with every seed that malware is known to have used."""
    return tuple(
        Series(family.name, variant, seed)
        for family in ALL_FAMILIES.values()
        for variant in family.variants
        for seed in variant.seeds
        if seed not in variant.unused
    )


def chosen(families: Iterable[str]) -> list[int]:
    """The series of some families, of all where none is named; raises RangeError."""
    names = set(families)
    if unknown := sorted(names - ALL_FAMILIES.keys()):
        raise RangeError(f"no family {unknown[0]!r}; known are {', '.join(ALL_FAMILIES)}")
    return [i for i, x in enumerate(all_series()) if not names or x.family in names]


def periods(number: int, first: date) -> Period:
    """What a series makes in the period that begins on a day."""
    _, variant, seed = all_series()[number]
    make = variant.own or variant.generate
    hosts = [*islice(make(first, seed), variant.count or None)]
    hosts = [host if "." in host and ".." not in host else "" for host in hosts]
    if not variant.period:
        return Period(number, ALWAYS, ALWAYS, hosts)
    last = end(variant, seed, first) + timedelta(days=variant.valid[1])
    return Period(number, count_days(first), count_days(min(last, LAST)), hosts)


def each(
    work: Callable[[list[Period]], T], numbers: Iterable[int], span: Days, jobs: int
) -> Iterator[T]:
    """What work makes of the periods of some series, in their order, by so many processes.

    work is a function of a module, as it is sent to them.
    """
    tasks = ((work, number, part) for number in numbers for part in _parts(number, span))
    return map_ordered(_done, tasks, jobs, look_ahead=AHEAD)


def _done(task: tuple[Callable[[list[Period]], T], int, list[date]]) -> T:
    work, number, part = task
    return work([periods(number, first) for first in part])


def _parts(number: int, span: Days) -> Iterator[list[date]]:
    _, variant, seed = all_series()[number]
    if not variant.period:
        yield [span.first]
        return
    found = starts(variant, seed, *span)
    while part := [*islice(found, PERIODS)]:
        yield part
