"""An index of the names that all known generators make in a range of days."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..features.array_types import Floats, Ints
from ..inputs.atomic import replace_file
from ..names.dga_index import RECORD, DgaIndex, build_prefilter, checksum_names
from ..names.errors import MaliciousDomainsError
from ..names.hashes import hash_names
from . import chance_matches
from .seeded_generators import Days, Period, all_series, each


class TooManyError(MaliciousDomainsError):
    """More names than a record can number."""


class _Part(NamedTuple):
    """The names of some periods, (n,) each."""

    hashes: Any  # uint64
    marks: Any  # uint32
    records: Any  # RECORD
    lengths: Ints  # of first labels
    probability: Floats  # that a legitimate name of that length is this one


def build(numbers: Iterable[int], span: Days, jobs: int) -> DgaIndex:
    """Index the names of some series that are asked for on some days, by so many processes."""
    parts = [*each(_part, numbers, span, jobs)]
    whole = _Part(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    kept = _once(whole.hashes, whole.records)
    hashes, records = whole.hashes[kept], whole.records[kept]
    alone = kept[np.r_[True, hashes[1:] != hashes[:-1]]] if len(kept) else kept
    probability = chance_matches.by_length(whole.lengths[alone], whole.probability[alone])
    about = _about(records, span, probability)
    return DgaIndex(about, build_prefilter(whole.marks[alone]), hashes, records)


def save(index: DgaIndex, path: Any) -> None:
    """Write an index whole or not at all; raises OSError."""
    with replace_file(path) as part:
        index.save(part)


def _part(periods: list[Period]) -> _Part:
    """In a process: what an index keeps of some periods."""
    hosts = [host for period in periods for host in period.hosts if host]
    records = np.concatenate([_records(period) for period in periods])
    lengths = np.fromiter((host.index(".") for host in hosts), np.int64, len(hosts))
    probability = chance_matches.committed().probability(hosts)
    return _Part(hash_names(hosts), checksum_names(hosts), records, lengths, probability)


def _records(period: Period) -> Any:
    if len(period.hosts) >= 1 << 16:
        raise TooManyError(f"{all_series()[period.series].family}: over 65,535 names a period")
    positions = [i for i, host in enumerate(period.hosts) if host]
    records = np.empty(len(positions), RECORD)
    records["series"], records["date"], records["last"] = period[:3]
    records["position"] = positions
    return records


def _once(hashes: Any, records: Any) -> Ints:
    """Which names are kept, in order: each once a series, for the first of its dates.

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


def _about(records: Any, span: Days, probability: list[float]) -> dict[str, Any]:
    counts = np.bincount(records["series"], minlength=len(all_series())).tolist()
    return {
        "from": str(span.first),
        "to": str(span.last),
        "chance": probability,
        "series": [
            {
                "family": family,
                "variant": variant.name,
                "seed": seed,
                "period": variant.period,
                "before": variant.valid[0],
                "names": count,
            }
            for (family, variant, seed), count in zip(all_series(), counts, strict=True)
        ],
    }
