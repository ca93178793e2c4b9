"""Keep what a client asks for below registrable names on a day: the state of tunnels.

It is an item of its own beside the client's labels. Of too many sub-domains, or bytes, a sample is
kept: one in 2 ** level below a name, by a hash, which is the same in whatever order they come. One
more item of the day keeps in the same form the clients with an alarm below each name.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from malicious_domains.clients import tunnels
from malicious_domains.clients.finding_json import format_date

from . import dynamodb
from .dynamodb import Item, Key, Table, pack_state, unpack_state
from .label_votes import MANY, count_clients, hash_client
from .records import NXDOMAIN, SubDomainRows, SubRow
from .samples import merge_rows, sample_rows

if TYPE_CHECKING:
    from .client_days import DayJudge

BELOW = "below"  # the kind of the items
EVERYBODY = "shared"  # stands for a client where a tunnel of several is reported
MAX_SHARERS = 32  # clients that are kept of a registrable name
_MAX_PARENTS = 50  # names of an alarm that are kept, the strongest
_SEEN = SubRow(0, 0, 0.0, 0.0)  # all that is kept of a client
_ROW = 70  # bytes of a row as JSON, at most, without its sub-domain


class Sample(NamedTuple):
    """The sub-domains that are kept below a registrable name."""

    level: int
    rows: dict[str, SubRow]

    def _thin(self, level: int) -> Sample:
        """Return the sample at a higher level."""
        return Sample(level, sample_rows(self.rows, level))


State = dict[str, Sample]  # by registrable name


def merge_sub_domains(old: State, more: SubDomainRows, most: int = tunnels.MAX_KEPT) -> State:
    """Merge more sub-domains, `most` below a name, and keep what an item has room for.

    >>> rows = {f"n{i}": SubRow(2, 1, 9.0, 9.0) for i in range(9)}
    >>> merge_sub_domains({}, {"example.com": rows}, most=4)["example.com"].level
    1
    """
    state = dict(old)
    for parent, rows in more.items():
        old_sample = state.get(parent, Sample(0, {}))
        merged = Sample(0, merge_rows(old_sample.rows, rows))._thin(old_sample.level)
        while len(merged.rows) > most:
            merged = merged._thin(merged.level + 1)
        state[parent] = merged
    while not _fits(state):  # each time the largest are halved
        sizes = {parent: sum(map(len, x.rows)) for parent, x in state.items()}
        largest = max(sizes.values())
        for parent in [x for x in state if 2 * sizes[x] >= largest]:
            state[parent] = state[parent]._thin(state[parent].level + 1)
        state = {parent: x for parent, x in state.items() if x.rows}
    return state


def _fits(state: State) -> bool:
    """Return whether an item has room for a state; what is small is not packed."""
    names = [*chain.from_iterable(kept.rows for kept in state.values())]
    size = sum(map(len, names)) + _ROW * len(names)
    return size <= dynamodb.MAX_STATE // 2 or len(pack_state(state)) <= dynamodb.MAX_STATE


def _unpack_sub_domains(state: bytes, parents: Set[str] = frozenset()) -> State:
    """Restore a state, {} from b""; to save time only rows below `parents` can be merged."""
    packed = unpack_state(state)
    for parent in parents & packed.keys():
        packed[parent][1] = {x: SubRow(*row) for x, row in packed[parent][1].items()}
    return {parent: Sample(*kept) for parent, kept in packed.items()}


def update_sub_domains(
    table: Table, items: Mapping[Key, Item], more: Mapping[Key, SubDomainRows], day: int, most: int
) -> dict[Key, State | Exception]:
    """Merge rows into items of the day; return all that is kept in each, or why it failed.

    >>> more = {"example.com": {"www": SubRow(2, 1, 9.0, 9.0)}}
    >>> items = {Key("day"): Item(pack_state(merge_sub_domains({}, more)))}
    >>> update_sub_domains(Table(None, "logs"), items, {Key("day"): more}, 0, 9)[Key("day")]
    {'example.com': Sample(level=0, rows={'www': SubRow(rcode=2, types=1, first=9.0, last=9.0)})}
    """
    states: dict[Key, State] = {}

    def change(key: Key, state: bytes) -> bytes:
        new = more.get(key, {})
        old = _unpack_sub_domains(state, new.keys())
        states[key] = merge_sub_domains(old, new, most)
        return state if states[key] == old else pack_state(states[key])

    changes = [(key, item, partial(change, key)) for key, item in items.items()]
    results = zip(items, table.update_all(changes, day), strict=True)
    return {key: x if isinstance(x, Exception) else states[key] for key, x in results}


def make_columns(states: Mapping[str, State]) -> tunnels.Columns:
    """Return what clients asked for, as far as it can raise an alarm, without the log-odds.

    >>> sample = Sample(1, {"www": SubRow(2, 1, 9.0, 9.0)})  # one in two
    >>> make_columns({"10.0.0.1": {"example.com": sample}})["number"].tolist()
    [2]
    """
    low, high = tunnels.SHORTEST, tunnels.LONGEST
    rows = [
        (client, 0, parent, text, *row, len(kept.rows) << kept.level)
        for client, state in states.items()
        for parent, kept in sorted(state.items())
        # What cannot weigh more than is free, whatever the model says, is left out.
        if kept.level or 2 * sum(min(max(len(x), low), high) for x in kept.rows) > tunnels.FREE
        for text, row in sorted(kept.rows.items())
    ]
    names = ("client", "day", "parent", "sub_domain", *SubRow._fields, "number")
    columns = tunnels.make_columns(names, rows)
    first, last = (columns[x].astype(np.float64) for x in ("first", "last"))
    more = {"nxdomain": columns["rcode"] == NXDOMAIN, "first_seen": first}
    return {**columns, **more, "last_seen": np.where(first > 0, last, np.inf)}


def share_tunnels(table: Table, day: int, judge: DayJudge) -> set[str]:
    """Move what several clients ask for from their verdicts to that on EVERYBODY.

    Returns the clients whose findings this may change, besides those that were judged now.
    """
    own: SubDomainRows = {}
    for client, evidence in judge.tunnels.items():
        for parent in dict.fromkeys(y for x in evidence for y in x.parents[:_MAX_PARENTS]):
            own.setdefault(parent, {})[client] = _SEEN
    key = Key(f"{format_date(day)}/sharers")
    items = table.read([key], consistent=True)
    state = update_sub_domains(table, items, {key: own}, day, MAX_SHARERS)[key]
    if isinstance(state, Exception):
        raise state
    shared = {x: y for x, y in state.items() if len(y.rows) >= tunnels.SHARED}
    if not shared:
        return set()
    sharers = sorted({client for x in shared.values() for client in x.rows})
    others = {Key.of_client(day, x, BELOW): x for x in sharers if x not in judge.groups}
    states = table.read(others, consistent=True).items()
    judge.judge_tunnels({others[x]: _unpack_sub_domains(y.state) for x, y in states})
    level = max(x.level for x in shared.values())
    asking = chain([f"{hash_client(x)}0" for x in sharers], judge.votes.values())
    number = count_clients(asking, MANY << level) >> level
    kept = {(client, day): judge.groups[client] for client in sharers if client in judge.groups}
    every = kept | {(client, day): groups for client, groups in judge.groups.items()}
    single = tunnels.judge_tunnels(every, number, judge.thresholds.scale).days
    judge.tunnels = {client: evidence for (client, _), evidence in single.items()}
    judge.tunnels[EVERYBODY] = tunnels.judge_tunnels(kept, number, judge.thresholds.scale).shared
    is_known = _unpack_sub_domains(items[key].state, own.keys()) == state
    return {EVERYBODY} if is_known else {EVERYBODY, *sharers}
