"""Evidence from an index of generated names: which generators a client's queries match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from math import lgamma, log
from typing import NamedTuple

from ..names.dga_index import CHANCE, DgaIndex, DgaMatch
from .client_day import Alarm

KIND = "known"  # of the alarm
RARE = 1e-3  # share of clean client-days that may match as many names by chance
_CLOCK_SLACK = timedelta(days=1)  # a client's clock may show local time
_TINY = 1e-300


class GeneratorNames(NamedTuple):
    """Names of one generator that a client asked for on a day."""

    family: str
    variant: str  # "" where the family has one
    seed: str  # "" where it takes none
    first_date: str | None  # the earliest of their dates, YYYY-MM-DD; None if they have none
    last_date: str | None  # the latest
    names: tuple[int, ...]  # indices of the client's names
    on_time: bool  # whether they are asked for when the malware does
    confidence: str  # "high", or "low": they may be a chance match, or are not on time

    def __str__(self) -> str:
        """Return a text for people: "conficker of 2026-11-24", without the number of names."""
        name = f"{self.family} {self.variant}".rstrip()
        dates = " to ".join(dict.fromkeys(filter(None, (self.first_date, self.last_date))))
        dated = f" of {dates}" if dates else ""
        seed = f", seed {self.seed}" if self.seed else ""
        doubt = "" if self.confidence == "high" else ", perhaps by chance"
        return f"{name}{dated}{seed}{doubt if self.on_time else ', for another day'}"


def match_generators(
    names: Sequence[tuple[DgaMatch, ...]], day: date | None, name_count: int
) -> list[GeneratorNames]:
    """Return the generators behind a client's names, high confidence first, then by names.

    names: the generators of each name. day: on which they were asked for; None if unknown, and
    then any day fits. name_count: different names that the client asked for in all.

    One name that is certain is enough. Names that may match by chance count together: of n
    legitimate names, k or more are in the index with a probability of at most n**k / k! times
    the product of theirs (Poisson's tail); up to RARE the confidence is low, up to CHANCE high.
    For another day than the malware's they do not count.
    """
    groups = [*_group_names(names, day, max(name_count, len(names)))]
    return sorted(groups, key=lambda x: (x.confidence != "high", -len(x.names), x[:3]))


def make_alarm(generators: Sequence[GeneratorNames]) -> Alarm | None:
    """Return the alarm that generators raise; its score is the number of their names.

    >>> match = DgaMatch("banjori", "", "", None, None, None, 7, False, 1e-12)
    >>> make_alarm(match_generators([(), (match,)], None, 2))[:4]
    ('known', 1.0, 'high', (1,))
    """
    names = tuple(dict.fromkeys(i for x in generators for i in x.names))
    if not names:
        return None
    confidence = "high" if any(x.confidence == "high" for x in generators) else "low"
    return Alarm(KIND, float(len(names)), confidence, names, (1.0,) * len(names))


def _group_names(
    names: Sequence[tuple[DgaMatch, ...]], day: date | None, name_count: int
) -> Iterator[GeneratorNames]:
    matches = [
        ((x.family, x.variant, x.seed), _is_on_time(x, day), i, x)
        for i, matches_of_name in enumerate(names)
        for x in matches_of_name
    ]
    matches.sort(key=lambda x: x[:3])
    for ((family, variant, seed), on_time), members in groupby(matches, key=lambda x: (x[0], x[1])):
        own = {i: x for *_, i, x in members if on_time or not x.chance}
        confidence = _rate_confidence([*own.values()], on_time, name_count)
        if confidence:
            dates = sorted(x.date for x in own.values() if x.date)
            first, last = (dates[0], dates[-1]) if dates else (None, None)
            yield GeneratorNames(
                family, variant, seed, first, last, tuple(own), on_time, confidence
            )


def _rate_confidence(own: Sequence[DgaMatch], on_time: bool, name_count: int) -> str:
    """Return "high", "low", or "" for names that are no evidence."""
    if not on_time:
        return "low" if own else ""
    if DgaIndex.is_certain(own):
        return "high"
    odds = sum(log(name_count * x.chance_probability + _TINY) for x in own) - lgamma(len(own) + 1)
    return "high" if odds <= log(CHANCE) else "low" if odds <= log(RARE) else ""


def _is_on_time(match: DgaMatch, day: date | None) -> bool:
    if day is None or match.first is None or match.last is None:
        return True
    first, last = map(date.fromisoformat, (match.first, match.last))
    return first - _CLOCK_SLACK <= day <= last + _CLOCK_SLACK
