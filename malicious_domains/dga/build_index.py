"""Build the index of the names that known generators make in a range of days."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..names.array_types import Hashes, Ints
from ..names.dga_index import DgaIndex, build_prefilter, checksum_names
from ..names.parse import MAX_LABEL
from .seeded_generators import DayRange, Period, collect_names, list_generators, map_periods


def build_index(numbers: Iterable[int], span: DayRange, jobs: int) -> DgaIndex:
    """Index the names of some generators that are queried in a range of days.

    numbers: from select_generators(); jobs: how many processes generate the names.
    """
    parts = map_periods(_list_part, numbers, span, jobs)
    columns = map(np.concatenate, zip(*parts, strict=True))
    hashes, checksums, records, lengths, probability = columns
    kept = _deduplicate(hashes, records)
    hashes, records = hashes[kept], records[kept]
    alone = kept[np.r_[True, hashes[1:] != hashes[:-1]]] if len(kept) else kept
    chance = np.bincount(lengths[alone], probability[alone], minlength=MAX_LABEL + 1)
    about = _describe(records, span, np.minimum(chance, 1.0).tolist())
    return DgaIndex(about, build_prefilter(checksums[alone]), hashes, records)


def _list_part(periods: list[Period]) -> tuple[Any, ...]:
    """Return the hashes, checksums, records, first labels' lengths and probabilities of names."""
    hosts, records, hashes, probability = collect_names(periods)
    lengths = np.fromiter((host.index(".") for host in hosts), np.int64, len(hosts))
    return hashes, checksum_names(hosts), records, lengths, probability


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
