"""Names that known generators will query, for sinkholes and block lists.

The header of a feed comes first and counts the names, so they wait in a temporary file until all
are generated.
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

from ..names.allow import AllowList
from ..names.array_types import Bools, Floats
from ..names.dga_index import CHANCE
from ..names.hashes import Hashes
from ..names.parse import MAX_LABEL
from .legitimate_hosts import LegitimateFilter
from .seeded_generators import (
    DayRange,
    GeneratedNames,
    SeededGenerator,
    collect_names,
    list_generators,
    map_periods,
)

_RECENT = 200_000  # hashes that wait to be sorted in


class FeedEntry(NamedTuple):
    """A name to come, and the generator that makes it."""

    host: str
    generator: SeededGenerator
    first: int  # day of its period, in days since 1970; ALWAYS if it has no date
    last: int  # day on which it is queried
    position: int  # from 0 in the generator's order
    chance: bool  # whether a legitimate name may be the same by chance


@dataclass
class FeedSummary:
    """The statements of a feed's header."""

    span: DayRange
    families: Counter[str] = field(default_factory=Counter)  # names of each
    chance: int = 0  # of these, names that a legitimate one may be by chance
    repeated: int = 0  # left out: of a second generator or date
    legitimate: int = 0  # left out: in the packaged lists, or allowed
    uncertain: int = 0  # left out on demand: a legitimate name may be the same by chance


@contextmanager
def generate_feed(
    numbers: Iterable[int], span: DayRange, jobs: int, allow: AllowList | None, certain: bool
) -> Iterator[tuple[FeedSummary, Iterator[FeedEntry]]]:
    """Generate the names that are queried in a range of days, each once, in order.

    numbers: from select_generators(); allow: names to leave out beside the packaged legitimate
    ones; certain: whether to leave out what a legitimate name may be by chance.
    """
    summary = FeedSummary(span)
    with tempfile.TemporaryFile("w+", encoding="ascii", prefix="feed-") as store:
        parts = map_periods(collect_names, numbers, span, jobs)
        likely, counts = _fill_store(store, summary, parts, LegitimateFilter(allow))
        doubtful = likely >= CHANCE
        for (number, length), count in counts.items():
            if certain and doubtful[length]:
                summary.uncertain += count
                count = 0
            summary.families[list_generators()[number].family] += count
            summary.chance += count * bool(doubtful[length])
        yield summary, _read_entries(store, doubtful, certain)


def _fill_store(
    store: TextIO,
    summary: FeedSummary,
    parts: Iterable[GeneratedNames],
    legitimate: LegitimateFilter,
) -> tuple[Floats, Counter[tuple[int, int]]]:
    """Write the names to keep, in lines.

    Returns the probability of a chance match by the length of the first label, and the number of
    names by generator and length.
    """
    seen = _SeenHashes()
    counts: Counter[tuple[int, int]] = Counter()
    likely = np.zeros(MAX_LABEL + 1)
    for hosts, records, hashes, probability in parts:
        fresh = seen.add(hashes)
        left_out = legitimate.mark(hosts, hashes)
        summary.repeated += int(np.count_nonzero(~fresh))
        summary.legitimate += int(np.count_nonzero(fresh & left_out))
        kept = fresh & ~left_out
        names, rows = [*compress(hosts, kept.tolist())], records[kept].tolist()
        lengths = [name.index(".") for name in names]
        np.add.at(likely, lengths, probability[kept])
        counts.update(zip((row[0] for row in rows), lengths, strict=True))
        pairs = zip(names, rows, strict=True)
        store.writelines(f"{name} {a} {b} {c} {d}\n" for name, (a, b, c, d) in pairs)
    return likely, counts


def _read_entries(store: TextIO, doubtful: Bools, certain: bool) -> Iterator[FeedEntry]:
    store.seek(0)
    for line in store:
        host, *record = line.split()
        number, first, last, position = map(int, record)
        chance = bool(doubtful[host.index(".")])
        if not (certain and chance):
            yield FeedEntry(host, list_generators()[number], first, last, position, chance)


class _SeenHashes:
    """A set of hashes, 8 bytes each."""

    def __init__(self) -> None:
        self._sorted: Any = np.empty(0, np.uint64)
        self._recent: set[int] = set()

    def add(self, hashes: Hashes) -> Bools:
        """Add hashes; return which of them (n,) are new."""
        left, right = (self._sorted.searchsorted(hashes, side) for side in ("left", "right"))
        fresh: Bools = left == right
        for i in np.flatnonzero(fresh).tolist():
            value = int(hashes[i])
            fresh[i] = value not in self._recent
            self._recent.add(value)
        if len(self._recent) > _RECENT:
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            self._sorted = np.sort(np.concatenate([self._sorted, recent]))
            self._recent.clear()
        return fresh
