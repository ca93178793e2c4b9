"""Names that known generators will ask for, for sinkholes and block lists.

A header comes first and counts them, so they wait in a temporary file until all are made.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, NamedTuple, TextIO

import numpy as np

from ..features.array_types import Bools, Floats
from ..names.allow import AllowList
from ..names.dga_index import CHANCE
from ..names.hashes import Hashes, hash_names
from . import chance_matches as chance
from .legitimate import Legitimate
from .seeded_generators import Days, Period, all_series, each

_RECENT = 200_000  # hashes that wait to be sorted in


class Entry(NamedTuple):
    """A name to come, and which series makes it."""

    host: str
    series: int
    date: int  # the first day of its period in days since 1970; ALWAYS if it has no date
    last: int  # day on which it is asked for
    position: int
    chance: bool  # whether a legitimate name may be the same by chance


@dataclass
class Summary:
    """What the header of a feed says."""

    span: Days
    families: Counter[str] = field(default_factory=Counter)  # names of each
    chance: int = 0  # of these, names that a legitimate one may be by chance
    repeated: int = 0  # left out: made by a second series or for a second date
    legitimate: int = 0  # left out: in the program's lists, or allowed
    uncertain: int = 0  # left out because they are such, where that is asked for


@contextmanager
def made(
    numbers: Iterable[int], span: Days, jobs: int, allow: AllowList | None, certain: bool
) -> Iterator[tuple[Summary, Iterator[Entry]]]:
    """The names of some series that are asked for in a range of days, each once, in their order.

    allow: names that are left out, beside the legitimate ones that come with the program.
    certain: whether those are left out, too, that a legitimate name may be by chance.
    """
    summary = Summary(span)
    with tempfile.TemporaryFile("w+", encoding="ascii", prefix="feed-") as store:
        likely, counts = _fill(store, summary, each(_part, numbers, span, jobs), Legitimate(allow))
        doubtful = likely >= CHANCE
        for (series, length), count in counts.items():
            kept = not (certain and doubtful[length])
            summary.uncertain += 0 if kept else count
            summary.families[all_series()[series].family] += count if kept else 0
            summary.chance += count if kept and doubtful[length] else 0
        yield summary, _entries(store, doubtful, certain)


class _Part(NamedTuple):
    """The names of some periods, (n,) each."""

    hosts: list[str]
    places: list[tuple[int, int, int, int]]  # series, date, last, position
    hashes: Hashes
    probability: Floats  # that a legitimate name of that length is this one


def _part(periods: list[Period]) -> _Part:
    """In a process: what a feed needs of some periods."""
    rows = [
        (host, (*period[:3], position))
        for period in periods
        for position, host in enumerate(period.hosts)
        if host
    ]
    hosts = [host for host, _ in rows]
    probability = chance.committed().probability(hosts)
    return _Part(hosts, [place for _, place in rows], hash_names(hosts), probability)


def _fill(
    store: TextIO, summary: Summary, parts: Iterable[_Part], legitimate: Legitimate
) -> tuple[Floats, Counter[tuple[int, int]]]:
    """Write the names that are kept, in lines.

    Gives the probability of chance by length (lengths,), and how many names a series has of each
    length.
    """
    seen = _Seen()
    counts: Counter[tuple[int, int]] = Counter()
    likely = np.zeros(256)
    for part in parts:
        fresh = seen.fresh(part.hashes)
        good = ~legitimate.among(part.hosts, part.hashes)
        summary.repeated += int(np.count_nonzero(~fresh))
        summary.legitimate += int(np.count_nonzero(fresh & ~good))
        kept = (fresh & good).tolist()
        hosts, places = [*compress(part.hosts, kept)], [*compress(part.places, kept)]
        lengths = [host.index(".") for host in hosts]
        np.add.at(likely, lengths, part.probability[kept])
        counts.update(zip((place[0] for place in places), lengths, strict=True))
        rows = zip(hosts, places, strict=True)
        store.writelines(f"{host} {a} {b} {c} {d}\n" for host, (a, b, c, d) in rows)
    return likely, counts


def _entries(store: TextIO, doubtful: Bools, certain: bool) -> Iterator[Entry]:
    store.seek(0)
    for line in store:
        host, series, first, last, position = line.split()
        by_chance = bool(doubtful[host.index(".")])
        if not (certain and by_chance):
            yield Entry(host, int(series), int(first), int(last), int(position), by_chance)


class _Seen:
    """Hashes that were there before, 8 bytes each."""

    def __init__(self) -> None:
        self._sorted: Any = np.empty(0, np.uint64)
        self._recent: set[int] = set()

    def fresh(self, hashes: Hashes) -> Bools:
        """Which hashes (n,) come for the first time; from now on they have."""
        at = np.minimum(self._sorted.searchsorted(hashes), max(len(self._sorted) - 1, 0))
        old = self._sorted[at] == hashes if len(self._sorted) else np.zeros(len(hashes), np.bool_)
        found = ~old
        for i in np.flatnonzero(found).tolist():
            value = int(hashes[i])
            found[i] = value not in self._recent
            self._recent.add(value)
        if len(self._recent) > _RECENT:
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            self._sorted = np.sort(np.concatenate([self._sorted, recent]))
            self._recent.clear()
        return found
