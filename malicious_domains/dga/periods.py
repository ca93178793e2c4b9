"""Periods: from which day to which a variant's names stay the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from .generators.arithmetic import count_days
from .generators.family import Variant

_DAY = timedelta(days=1)


def _every(length: int, first: date) -> Callable[[date], date]:
    """Return what finds the start of a period of `length` days, counted from a first one."""
    return lambda day: day - (count_days(day) - count_days(first)) % length * _DAY


def _within_month(number: Callable[[int], int]) -> Callable[[date], date]:
    """Return what finds the start of a part of the month, by the day of the month."""
    return lambda day: day.replace(day=max(1, number(day.day)))


_STARTS: dict[str, Callable[[date], date]] = {
    "hour": lambda day: day,  # all hours of a day are taken together
    "day": lambda day: day,
    "2 days": _within_month(lambda d: d // 2 * 2),
    "two days": _every(2, date(1970, 1, 1)),
    "4 days": _within_month(lambda d: d // 4 * 4),
    "week from Monday": _every(7, date(1970, 1, 5)),
    "week from Tuesday": _every(7, date(2008, 4, 1)),
    "week of the month": _within_month(lambda d: d // 7 * 7),
    "third of the month": _within_month(lambda d: min((d - 1) // 10, 2) * 10 + 1),
    "15 days": _every(15, date(1970, 1, 1)),
    "half of the month": _within_month(lambda d: d // 16 * 16),
    "20 days": _every(20, date(1970, 1, 1)),
    "month": _within_month(lambda d: 1),
}


def period_of_seed(period: str, seed: str) -> str:
    """Return the period of a seed's names, where a variant's seeds differ.

    >>> period_of_seed("20 days (2: day)", "2"), period_of_seed("20 days (2: day)", "1")
    ('day', '20 days')
    """
    usual, _, other = period.rstrip(")").partition(" (")
    exception, _, its = other.partition(": ")
    return its if other and seed == exception else usual


def start_of_period(variant: Variant, seed: str, day: date) -> date:
    """Return the first day of the period of a day; the day itself for an undated variant."""
    period = period_of_seed(variant.period, seed)
    return _STARTS[period](day) if period else day


def end_of_period(variant: Variant, seed: str, day: date) -> date:
    """Return the last day of the period of a day."""
    first = start_of_period(variant, seed, day)
    while start_of_period(variant, seed, day + _DAY) == first:
        day += _DAY
    return day


def list_starts(variant: Variant, seed: str, first: date, last: date) -> Iterator[date]:
    """Yield the starts of all periods with a name that is queried from first to last."""
    before, after = variant.valid
    day = start_of_period(variant, seed, _add_days(first, -after))
    while day <= _add_days(last, before):
        yield day
        day = end_of_period(variant, seed, day) + _DAY


def _add_days(day: date, number: int) -> date:
    """Return a day some days later or earlier, but not before 1970."""
    return date.fromordinal(max(day.toordinal() + number, date(1970, 1, 1).toordinal()))
