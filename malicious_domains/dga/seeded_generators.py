"""Every generator with each of its seeds, and the names of each in a range of days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..inputs.ordered_pool import map_ordered
from ..names.array_types import Floats, Hashes
from ..names.dga_index import ALWAYS, RECORD
from ..names.errors import MaliciousDomainsError
from ..names.hashes import hash_names
from .generators import ALL_FAMILIES
from .generators.arithmetic import count_days
from .generators.family import Variant
from .legitimate_hosts import packaged_model
from .listing import FIRST, LAST

_PERIODS = 4  # of one generator that a process takes at a time
_DAY = timedelta(days=1)
_AHEAD = 8  # such parts that each process may have before it: memory stays flat

T = TypeVar("T")


class DayRange(NamedTuple):
    """A range of days, both ends included."""

    first: date
    last: date

    @classmethod
    def of(cls, first: date, last: date) -> DayRange:
        """Return a range that generators can count; raises MaliciousDomainsError for another."""
        if not FIRST <= first <= last <= LAST:
            message = f"{first} to {last}: give days in order, from {FIRST} to {LAST}"
            raise MaliciousDomainsError(message)
        return cls(first, last)


class SeededGenerator(NamedTuple):
    """One generator with one seed."""

    family: str
    variant: Variant
    seed: str

    def start_of_period(self, day: date) -> date:
        """Return the first day of the period of a day; the day itself for an undated variant."""
        usual, _, other = self.variant.period.rstrip(")").partition(" (")
        exception, _, its = other.partition(": ")  # 20 days (2: day): for seed 2 it is a day
        period = its if other and self.seed == exception else usual
        return _STARTS[period](day) if period else day

    def end_of_period(self, day: date) -> date:
        """Return the last day of the period of a day."""
        first = self.start_of_period(day)
        while self.start_of_period(day + _DAY) == first:
            day += _DAY
        return day

    def list_starts(self, span: DayRange) -> Iterator[date]:
        """Yield the starts of all periods with a name that is queried in a range of days."""
        before, after = self.variant.valid
        day = self.start_of_period(max(span.first - after * _DAY, FIRST))
        while day <= span.last + before * _DAY:
            yield day
            if not self.variant.period:
                return
            day = self.end_of_period(day) + _DAY


class Period(NamedTuple):
    """The hosts that a seeded generator makes in one period, in order; "" for an invalid one."""

    generator: int  # its place in list_generators()
    first: int  # day, in days since 1970; ALWAYS if the names have no date
    last: int  # day on which they are queried
    hosts: list[str]


class GeneratedNames(NamedTuple):
    """Names (n,) of some periods."""

    hosts: list[str]
    records: Any  # RECORD
    hashes: Hashes
    probability: Floats  # that a legitimate name with so long a first label is this one


@cache
def list_generators() -> tuple[SeededGenerator, ...]:
    """Return every variant with every seed that malware is known to have used."""
    return tuple(
        SeededGenerator(family.name, variant, seed)
        for family in ALL_FAMILIES.values()
        for variant in family.variants
        for seed in variant.seeds
        if seed not in variant.unused
    )


def select_generators(families: Iterable[str]) -> list[int]:
    """Return the places of families, or all, in list_generators(); raises MaliciousDomainsError.

    >>> [list_generators()[i].variant.name for i in select_generators(["fobber"])]
    ['v1', 'v2']
    """
    names = set(families)
    if unknown := sorted(names - ALL_FAMILIES.keys()):
        known = ", ".join(ALL_FAMILIES)
        raise MaliciousDomainsError(f"no family {unknown[0]!r}; known are {known}")
    return [i for i, x in enumerate(list_generators()) if not names or x.family in names]


def generate_period(number: int, first: date) -> Period:
    """Return what a seeded generator makes in the period that begins on a day."""
    generator = list_generators()[number]
    variant = generator.variant
    generate = variant.own or variant.generate
    hosts = [*islice(generate(first, generator.seed), variant.count or None)]
    hosts = [host if "." in host and ".." not in host else "" for host in hosts]
    if not variant.period:
        return Period(number, ALWAYS, ALWAYS, hosts)
    last = generator.end_of_period(first) + variant.valid[1] * _DAY
    return Period(number, count_days(first), count_days(min(last, LAST)), hosts)


def collect_names(periods: Iterable[Period]) -> GeneratedNames:
    """Return the names of some periods with what an index and a feed need to know of each."""
    periods = [*periods]
    hosts = [host for period in periods for host in period.hosts if host]
    records = np.concatenate([_make_records(period) for period in periods])
    return GeneratedNames(hosts, records, hash_names(hosts), packaged_model().probability(hosts))


def _make_records(period: Period) -> Any:
    assert len(period.hosts) < 1 << 16  # what a record can number
    positions = [i for i, host in enumerate(period.hosts) if host]
    records = np.empty(len(positions), RECORD)
    records["series"], records["date"], records["last"] = period[:3]
    records["position"] = positions
    return records


def map_periods(
    work: Callable[[list[Period]], T], numbers: Iterable[int], span: DayRange, jobs: int
) -> Iterator[T]:
    """Apply `work` to each generator's periods in `jobs` processes; yield the results in order.

    work is a function of a module, as it is sent to them; it gets a few periods of one generator.
    """
    tasks = ((work, number, part) for number in numbers for part in _split(number, span))
    return map_ordered(_work, tasks, jobs, look_ahead=_AHEAD)


def _work(task: tuple[Callable[[list[Period]], T], int, list[date]]) -> T:
    work, number, starts = task
    return work([generate_period(number, first) for first in starts])


def _split(number: int, span: DayRange) -> Iterator[list[date]]:
    """Yield the starts of a generator's periods, a few at a time."""
    starts = list_generators()[number].list_starts(span)
    while part := [*islice(starts, _PERIODS)]:
        yield part


# --- periods: from which day to which a variant's names stay the same ---


def _every(length: int, first: date = FIRST) -> Callable[[date], date]:
    """Return what finds the start of a period of `length` days, counted from a first one."""
    return lambda day: day - (day - first) % (length * _DAY)


def _within_month(number: Callable[[int], int]) -> Callable[[date], date]:
    """Return what finds the start of a part of the month, by the day of the month."""
    return lambda day: day.replace(day=max(1, number(day.day)))


_STARTS: dict[str, Callable[[date], date]] = {
    "hour": lambda day: day,  # all hours of a day are taken together
    "day": lambda day: day,
    "2 days": _within_month(lambda d: d // 2 * 2),
    "two days": _every(2),
    "4 days": _within_month(lambda d: d // 4 * 4),
    "week from Monday": _every(7, date(1970, 1, 5)),
    "week from Tuesday": _every(7, date(2008, 4, 1)),
    "week of the month": _within_month(lambda d: d // 7 * 7),
    "third of the month": _within_month(lambda d: min((d - 1) // 10, 2) * 10 + 1),
    "15 days": _every(15),
    "half of the month": _within_month(lambda d: d // 16 * 16),
    "20 days": _every(20),
    "month": _within_month(lambda d: 1),
}
