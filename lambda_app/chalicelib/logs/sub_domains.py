"""Keep what a client asks for below registrable names on a day: the state of tunnels.

It is an item of its own beside the client's labels. Of too many sub-domains, or bytes, a sample is
kept: one in 2 ** level below a name, by a hash, which is the same in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from malicious_domains.clients import tunnels
from malicious_domains.clients.finding_json import format_date
from malicious_domains.clients.tunnels import SubDomainGroup, SubDomains

from . import dynamodb
from .dynamodb import Item, Key, Table, pack_state, unpack_state
from .records import NXDOMAIN, SubDomainRows, SubRow
from .samples import merge_rows, sample_rows

_ROW = 70  # bytes of a row as JSON, at most, without its sub-domain


class Sample(NamedTuple):
    """The sub-domains that are kept below a registrable name."""

    level: int
    rows: dict[str, SubRow]

    def thin(self, level: int) -> Sample:
        """Return the sample at a higher level."""
        return Sample(level, sample_rows(self.rows, level))


State = dict[str, Sample]  # by registrable name


def merge_sub_domains(old: State, more: SubDomainRows, most: int = tunnels.MAX_KEPT) -> State:
    """Merge more sub-domains into a state, and keep what an item has room for.

    most: rows that are kept below a registrable name.
    """
    state = dict(old)
    for parent, rows in more.items():
        old_sample = state.get(parent, Sample(0, {}))
        merged = Sample(0, merge_rows(old_sample.rows, rows)).thin(old_sample.level)
        while len(merged.rows) > most:
            merged = merged.thin(merged.level + 1)
        state[parent] = merged
    while not _fits(state):  # each time the largest are halved
        sizes = {parent: sum(map(len, x.rows)) for parent, x in state.items()}
        largest = max(sizes.values())
        for parent in [x for x in state if 2 * sizes[x] >= largest]:
            state[parent] = state[parent].thin(state[parent].level + 1)
        state = {parent: x for parent, x in state.items() if x.rows}
    return state


def _fits(state: State) -> bool:
    """Return whether an item has room for a state; what is small is not packed."""
    size = sum(len(x) + _ROW for kept in state.values() for x in kept.rows)
    return size <= dynamodb.MAX_STATE // 2 or len(pack_state(state)) <= dynamodb.MAX_STATE


def unpack_sub_domains(state: bytes) -> State:
    """Restore a state from an item; an empty one from b""."""
    packed = unpack_state(state) if state else {}
    return {
        parent: Sample(int(level), {x: SubRow(*row) for x, row in rows.items()})
        for parent, (level, rows) in packed.items()
    }


def update_sub_domains(
    table: Table,
    key: Key,
    item: Item,
    more: SubDomainRows,
    day: int,
    most: int = tunnels.MAX_KEPT,
) -> State:
    """Merge rows into an item of the day, as merge_sub_domains() does; return all that is kept."""
    merged: State = {}

    def change(state: bytes) -> bytes:
        nonlocal merged
        old = unpack_sub_domains(state)
        merged = merge_sub_domains(old, more, most)
        return state if merged == old else pack_state(merged)

    table.update(key, item, change, day)
    return merged


def make_key(day: int, client: str) -> Key:
    """Return the key of what a client asked for on a day."""
    return Key.of_client(f"{format_date(day)}/below", client)


def make_groups(state: State, odds: Mapping[str, float]) -> list[SubDomainGroup]:
    """Weigh what is kept of a client's day; odds: the log-odds of longest labels."""
    groups = []
    for parent, (level, kept) in sorted(state.items()):
        texts = sorted(kept)
        rcode, types, first, last = np.array([kept[x] for x in texts], np.float64).reshape(-1, 4).T
        rows = SubDomains(
            texts,
            types.astype(np.int64),
            rcode == NXDOMAIN,
            first,
            np.where(first > 0, last, np.inf),
            np.array([odds.get(tunnels.find_longest_label(x), np.nan) for x in texts], np.float64),
        )
        weights = tunnels.weigh_sub_domains(rows)
        groups.append(SubDomainGroup(parent, len(texts) << level, rows, weights))
    return groups
