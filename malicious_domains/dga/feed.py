"""Names that known generators will query, for sinkholes and block lists.

A feed's header comes first and counts the names, which wait for it in a temporary file.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TextIO

import numpy as np

from ..names.allow import AllowList
from ..names.array_types import Bools
from ..names.dga_index import CHANCE
from ..names.parse import MAX_LABEL
from . import seeded_generators
from .legitimate_hosts import mark_legitimate
from .seeded_generators import DayRange, GeneratedNames, SeededGenerator, collect_names


class FeedEntry(NamedTuple):
    """A name to come, and the generator that makes it."""

    host: str
    generator: SeededGenerator
    first: int  # day of its period, in days since 1970; ALWAYS if it has no date
    last: int  # day on which it is queried
    position: int  # from 0 in the generator's order
    chance: bool  # whether a legitimate name may be the same by chance


class FeedSummary(NamedTuple):
    """The statements of a feed's header."""

    span: DayRange
    families: Counter[str]  # names of each
    chance: int  # of these, names that a legitimate one may be by chance
    repeated: int  # left out: of a second generator or date
    legitimate: int  # left out: in the packaged lists, or allowed
    uncertain: int  # left out on demand: a legitimate name may be the same by chance


@contextmanager
def generate_feed(
    numbers: Iterable[int], span: DayRange, jobs: int, allow: AllowList | None, certain: bool
) -> Iterator[tuple[FeedSummary, Iterator[FeedEntry]]]:
    """Generate the names that are queried in a range of days, each once, in order.

    numbers: from select_generators(); allow: names to leave out beside the packaged legitimate
    ones; certain: whether to leave out what a legitimate name may be by chance.
    """
    with tempfile.TemporaryFile("w+", encoding="ascii", prefix="feed-") as store:
        names = seeded_generators.map_periods(collect_names, numbers, span, jobs)
        columns = zip(*(_store_names(store, allow, some) for some in names), strict=True)
        hashes, records, lengths, probability, is_legitimate = map(np.concatenate, columns)
        is_first = np.zeros(len(hashes), np.bool_)
        is_first[np.unique(hashes, return_index=True)[1]] = True
        kept = is_first & ~is_legitimate
        likely = np.bincount(lengths[kept], probability[kept], minlength=MAX_LABEL + 1)
        chance = (likely >= CHANCE)[lengths]
        uncertain = kept & chance & certain
        kept &= ~uncertain
        families: Counter[str] = Counter()
        for number, count in enumerate(np.bincount(records["series"][kept]).tolist()):
            families[seeded_generators.list_generators()[number].family] += count
        left_out = (kept & chance, ~is_first, is_first & is_legitimate, uncertain)
        summary = FeedSummary(span, families, *(int(x.sum()) for x in left_out))
        yield summary, _read_entries(store, records, kept, chance)


def _store_names(store: TextIO, allow: AllowList | None, names: GeneratedNames) -> tuple[Any, ...]:
    """Write names, a line each; return what is kept of each in memory, 26 bytes."""
    hosts, records, hashes, probability = names
    store.writelines(f"{host}\n" for host in hosts)
    lengths = np.fromiter((host.index(".") for host in hosts), np.uint8, len(hosts))
    return hashes, records, lengths, probability, mark_legitimate(hosts, hashes, allow)


def _read_entries(store: TextIO, records: Any, kept: Bools, chance: Bools) -> Iterator[FeedEntry]:
    store.seek(0)
    for host, record, is_kept, is_chance in zip(store, records, kept, chance, strict=True):
        if is_kept:
            number, first, last, position = record.item()
            generator = seeded_generators.list_generators()[number]
            yield FeedEntry(host[:-1], generator, first, last, position, bool(is_chance))
