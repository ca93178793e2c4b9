"""Keep what a client asks for below registrable names on a day: the state of tunnels.

It is an item of its own beside the client's labels. Of too many sub-domains, or bytes, a sample is
kept: one in 2 ** level below a name, by a hash, which is the same in whatever order they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from malicious_domains.clients import tunnels
from malicious_domains.clients.finding_json import format_date
from malicious_domains.clients.tunnels import SubDomains, TunnelEvidence

from . import dynamodb
from .dynamodb import Item, Key, Table, pack_state, unpack_state
from .records import NXDOMAIN, Below, SubRow

_LEVELS = 32  # bits of a sub-domain's hash
_ROW = 70  # bytes of a row as JSON, at most, without its sub-domain
_PARTS = 16  # in which a day's items are kept


class Kept(NamedTuple):
    """The sub-domains that are kept below a registrable name."""

    level: int
    rows: dict[str, SubRow]


State = dict[str, Kept]  # by registrable name


def merge_below(old: State, more: Below) -> State:
    """Merge more sub-domains into a state, and keep what an item has room for."""
    state = dict(old)
    for parent, rows in more.items():
        level, merged = state.get(parent, Kept(0, {}))
        merged = dict(merged)
        for sub_domain, row in rows.items():
            merged[sub_domain] = merged[sub_domain].merge(row) if sub_domain in merged else row
        state[parent] = _sample(level, merged)
        while len(state[parent].rows) > tunnels.MAX_KEPT:
            state[parent] = _sample(state[parent].level + 1, merged)
    while not _fits(state):  # each time the largest are halved
        sizes = {parent: sum(map(len, x.rows)) for parent, x in state.items()}
        largest = max(sizes.values())
        for parent in [x for x in state if 2 * sizes[x] >= largest]:
            state[parent] = _sample(state[parent].level + 1, state[parent].rows)
        state = {parent: x for parent, x in state.items() if x.rows}
    return state


def _fits(state: State) -> bool:
    """Return whether an item has room for a state; what is small is not packed."""
    size = sum(len(x) + _ROW for kept in state.values() for x in kept.rows)
    return size <= dynamodb.MAX_STATE // 2 or len(pack_state(state)) <= dynamodb.MAX_STATE


def _sample(level: int, rows: dict[str, SubRow]) -> Kept:
    if not level:
        return Kept(0, rows)
    most = 1 << max(_LEVELS - level, 0)
    return Kept(level, {x: y for x, y in rows.items() if _hash(x) < most})


def _hash(sub_domain: str) -> int:
    return int(tunnels.hash_sub_domain(sub_domain)[:8], 16)


def _unpack(state: bytes) -> State:
    packed = unpack_state(state) if state else {}
    return {
        parent: Kept(int(level), {x: SubRow(*row) for x, row in rows.items()})
        for parent, (level, rows) in packed.items()
    }


def update_below(table: Table, key: Key, item: Item, more: Below, day: int) -> State:
    """Merge what a client asked for into its item of the day; return all that is kept."""
    merged: State = {}

    def change(state: bytes) -> bytes:
        nonlocal merged
        old = _unpack(state)
        merged = merge_below(old, more)
        return state if merged == old else pack_state(merged)

    table.update(key, item, change, day)
    return merged


def make_key(day: int, client: str) -> Key:
    """Return the key of what a client asked for on a day."""
    part = hashlib.blake2b(client.encode(), digest_size=1).digest()[0] % _PARTS
    return Key(f"{format_date(day)}/below/{part:02}", client)


def judge_kept(state: State, odds: Mapping[str, float], scale: float) -> list[TunnelEvidence]:
    """Return the alarms of what is kept of a client's day.

    odds: the log-odds of longest labels; scale: that of a network's own thresholds.
    """
    groups = []
    for parent, (level, kept) in state.items():
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
        groups.append(tunnels.Below(parent, len(texts) << level, rows, weights))
    return tunnels.judge_below(groups, scale)
