"""When the names of a variant change: the first day of a period, by what the period is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from .generators.arithmetic import count_days
from .generators.family import Variant

_DAY = timedelta(days=1)


def _since(length: int, first: date) -> Callable[[date], date]:
    """The start of a period of so many days, counted from a first one."""
    return lambda day: day - (count_days(day) - count_days(first)) % length * _DAY


def _within_month(number: Callable[[int], int]) -> Callable[[date], date]:
    """The start of a part of the month, from the day of the month on which it begins."""
    return lambda day: day.replace(day=max(1, number(day.day)))


_STARTS: dict[str, Callable[[date], date]] = {
    "hour": lambda day: day,  # all hours of a day are taken together
    "day": lambda day: day,
    "2 days": _within_month(lambda d: d // 2 * 2),
    "two days": _since(2, date(1970, 1, 1)),
    "4 days": _within_month(lambda d: d // 4 * 4),
    "week from Monday": _since(7, date(1970, 1, 5)),
    "week from Tuesday": _since(7, date(2008, 4, 1)),
    "week of the month": _within_month(lambda d: d // 7 * 7),
    "third of the month": _within_month(lambda d: min((d - 1) // 10, 2) * 10 + 1),
    "15 days": _since(15, date(1970, 1, 1)),
    "half of the month": _within_month(lambda d: d // 16 * 16),
    "20 days": _since(20, date(1970, 1, 1)),
    "month": _within_month(lambda d: 1),
}


def of_seed(period: str, seed: str) -> str:
    """The period of a seed's names: "20 days (2: day)" is a day for seed 2, 20 days for others."""
    usual, _, other = period.rstrip(")").partition(" (")
    exception, _, its = other.partition(": ")
    return its if other and seed == exception else usual


def start(variant: Variant, seed: str, day: date) -> date:
    """The first day of the period that a day lies in; the day itself for an undated variant."""
    period = of_seed(variant.period, seed)
    return _STARTS[period](day) if period else day


def end(variant: Variant, seed: str, day: date) -> date:
    """The last day of the period that a day lies in."""
    first = start(variant, seed, day)
    while start(variant, seed, day + _DAY) == first:
        day += _DAY
    return day


def starts(variant: Variant, seed: str, first: date, last: date) -> Iterator[date]:
    """The starts of all periods that have a name which is asked for from first to last."""
    before, after = variant.valid
    day = start(variant, seed, _shifted(first, -after))
    while day <= _shifted(last, before):
        yield day
        day = end(variant, seed, day) + _DAY


def _shifted(day: date, number: int) -> date:
    """A day so many days later; not before 1970."""
    return date.fromordinal(max(day.toordinal() + number, date(1970, 1, 1).toordinal()))
