"""Names that known generators make, among those that a client asked for on a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from math import lgamma, log
from typing import NamedTuple

from ..names.dga_index import CHANCE, DgaIndex, DgaMatch
from .client_day import Alarm

KIND = "known"  # of the alarm
RARE = 1e-3  # of clean client-days, at most, have names so many of a generator by chance
_SLACK = timedelta(days=1)  # a client's clock may tell local time
_TINY = 1e-300

Maker = tuple[str, str, str]  # family, variant, seed


class GeneratorNames(NamedTuple):
    """Names of one generator that a client asked for on a day."""

    family: str
    variant: str  # "" where the family has one
    seed: str  # "" where it takes none
    first: str | None  # the earliest date of theirs, YYYY-MM-DD; None: they have none
    last: str | None  # the latest
    names: tuple[int, ...]  # which names of the client's
    on_time: bool  # whether they are asked for when the malware does
    confidence: str  # "high", or "low": they may be the same by chance, or are not on_time

    def __str__(self) -> str:
        """As a person reads it: "conficker of 2026-11-24", without the number of names."""
        name = f"{self.family} {self.variant}".rstrip()
        dates = self.first if self.first == self.last else f"{self.first} to {self.last}"
        dated = f" of {dates}" if self.first else ""
        seed = f", seed {self.seed}" if self.seed else ""
        doubt = "" if self.confidence == "high" else ", perhaps by chance"
        return f"{name}{dated}{seed}{doubt if self.on_time else ', for another day'}"


def match_generators(
    names: Sequence[tuple[DgaMatch, ...]], day: date | None, asked: int
) -> list[GeneratorNames]:
    """The generators that speak against a client, the surest first and those of most names.

    names: who makes each of the names in question. day: on which they were asked for; None: it is
    not known, and any is right. asked: how many different names the client asked for in all.

    A name that no legitimate one equals by chance is enough. Those that are marked "chance" count
    together: of `asked` legitimate names k or more are in the index with a probability of at most
    asked**k / k! times the product of theirs (Poisson's tail). Up to RARE that is told with low
    confidence, up to CHANCE with high. On another day than the malware's they do not count.
    """
    found = [*_groups(names, day, max(asked, len(names)))]
    return sorted(found, key=lambda x: (x.confidence != "high", -len(x.names), x[:3]))


def make_alarm(found: Sequence[GeneratorNames]) -> Alarm | None:
    """The alarm that generators raise, the surest names first; its score is how many they are."""
    order = dict.fromkeys(i for x in found for i in x.names)
    if not order:
        return None
    sure = any(x.confidence == "high" for x in found)
    points = (1.0,) * len(order)
    return Alarm(KIND, float(len(order)), "high" if sure else "low", tuple(order), points)


def _groups(
    names: Sequence[tuple[DgaMatch, ...]], day: date | None, asked: int
) -> Iterator[GeneratorNames]:
    every: list[tuple[Maker, bool, int, DgaMatch]] = [
        ((x.family, x.variant, x.seed), _on_time(x, day), i, x)
        for i, makers in enumerate(names)
        for x in makers
    ]
    every.sort(key=lambda x: x[:3])
    for (maker, on_time), members in groupby(every, key=lambda x: (x[0], x[1])):
        own = {i: x for *_, i, x in members if on_time or not x.chance}
        confidence = _confidence([*own.values()], on_time, asked)
        if confidence:
            dates = sorted(x.date for x in own.values() if x.date)
            first, last = (dates[0], dates[-1]) if dates else (None, None)
            family, variant, seed = maker
            numbers = tuple(own)
            yield GeneratorNames(family, variant, seed, first, last, numbers, on_time, confidence)


def _confidence(own: Sequence[DgaMatch], on_time: bool, asked: int) -> str:
    """ "high", "low", or "" of names that say nothing."""
    if not on_time:
        return "low" if own else ""
    if DgaIndex.is_certain(own):
        return "high"
    odds = sum(log(asked * x.chance_probability + _TINY) for x in own) - lgamma(len(own) + 1)
    return "high" if odds <= log(CHANCE) else "low" if odds <= log(RARE) else ""


def _on_time(known: DgaMatch, day: date | None) -> bool:
    if day is None or known.first is None or known.last is None:
        return True
    first, last = map(date.fromisoformat, (known.first, known.last))
    return first - _SLACK <= day <= last + _SLACK
