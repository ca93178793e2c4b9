"""Build the index of the names that known generators make in a range of days."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..inputs.atomic import replace_file
from ..names.array_types import Floats, Ints
from ..names.dga_index import DgaIndex, build_prefilter, checksum_names
from ..names.hashes import Hashes
from .legitimate_hosts import sum_by_length
from .seeded_generators import DayRange, Period, collect_names, list_generators, map_periods


class _Part(NamedTuple):
    """The entries of an index for some periods, (n,) each."""

    hashes: Hashes
    checksums: Any  # uint32
    records: Any  # RECORD
    lengths: Ints  # of first labels
    probability: Floats  # that a legitimate name of that length is this one


def build_index(numbers: Iterable[int], span: DayRange, jobs: int) -> DgaIndex:
    """Index the names of some generators that are queried in a range of days.

    numbers: from select_generators(); jobs: how many processes generate the names.
    """
    parts = map_periods(_list_part, numbers, span, jobs)
    whole = _Part(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    kept = _deduplicate(whole.hashes, whole.records)
    hashes, records = whole.hashes[kept], whole.records[kept]
    alone = kept[np.r_[True, hashes[1:] != hashes[:-1]]] if len(kept) else kept
    chance = sum_by_length(whole.lengths[alone], whole.probability[alone])
    about = _describe(records, span, chance)
    return DgaIndex(about, build_prefilter(whole.checksums[alone]), hashes, records)


def save_index(index: DgaIndex, path: Any) -> None:
    """Write an index whole or not at all; raises OSError."""
    with replace_file(path) as part:
        index.save(part)


def _list_part(periods: list[Period]) -> _Part:
    hosts, records, hashes, probability = collect_names(periods)
    lengths = np.fromiter((host.index(".") for host in hosts), np.int64, len(hosts))
    return _Part(hashes, checksum_names(hosts), records, lengths, probability)


def _deduplicate(hashes: Hashes, records: Any) -> Ints:
    """Return the places of the names to keep, in order: one a generator, with its first date.

    Its last day becomes that of all of them.
    """
    order: Ints = np.lexsort((records["position"], records["date"], records["series"], hashes))
    same = hashes[order][1:] == hashes[order][:-1]
    same &= records["series"][order][1:] == records["series"][order][:-1]
    first = np.flatnonzero(np.r_[True, ~same][: len(order)])
    if len(first):
        last = np.maximum.reduceat(records["last"][order], first)
        records["last"][order[first]] = last
    return order[first]


def _describe(records: Any, span: DayRange, chance: list[float]) -> dict[str, Any]:
    generators = list_generators()
    counts = np.bincount(records["series"], minlength=len(generators)).tolist()
    series = [
        {
            "family": family,
            "variant": variant.name,
            "seed": seed,
            "period": variant.period,
            "before": variant.valid[0],
            "names": count,
        }
        for (family, variant, seed), count in zip(generators, counts, strict=True)
    ]
    return {"from": str(span.first), "to": str(span.last), "chance": chance, "series": series}
