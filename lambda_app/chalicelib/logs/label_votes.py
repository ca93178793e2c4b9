"""Keep a day's labels: the rcode that each of a label's clients got, as short texts of votes.

A vote is a client's hash and its rcode. Of a label's clients the MAX_VOTERS with the lowest hashes
are kept: a sample that does not depend on the order in which they come.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping

from malicious_domains.clients.common_labels import FEW
from malicious_domains.clients.finding_json import format_date

from . import dynamodb
from .dynamodb import Key, Table, map_threads, pack_state, unpack_state
from .records import NXDOMAIN, DayRows

MAX_VOTERS = 16
MANY = 100  # clients from which on it does not matter how many there are
SHARDS = 32  # in which a day's labels are kept
ALLOWED = "*"  # before the votes on a label of an allow list
_HASH = 4  # characters of a client's hash
_VOTE = _HASH + 1

Votes = dict[str, str]  # by label


def hash_client(client: str) -> str:
    """Hash a client to four characters.

    >>> hash_client("10.0.0.1")
    'kIFH'
    """
    return base64.b64encode(hashlib.blake2b(client.encode(), digest_size=3).digest()).decode()


def parse_votes(votes: str) -> dict[str, int]:
    """Parse the votes on a label: the rcode by a client's hash.

    >>> parse_votes("*kIFH2")
    {'kIFH': 2}
    """
    text = votes.removeprefix(ALLOWED)
    return {text[i : i + _HASH]: int(text[i + _HASH]) for i in range(0, len(text) - _HASH, _VOTE)}


def _format_votes(rcodes: Mapping[str, int], is_allowed: bool) -> str:
    """Write rcodes by a client's hash as votes, those of the lowest MAX_VOTERS hashes."""
    kept = sorted(rcodes)[:MAX_VOTERS]
    return ALLOWED * is_allowed + "".join(f"{client}{rcodes[client]}" for client in kept)


def merge_votes(votes: str, more: str) -> str:
    """Merge votes on one label.

    >>> merge_votes("kIFH1", "*kIFH2")
    '*kIFH2'
    """
    rcodes = parse_votes(votes)
    for client, rcode in parse_votes(more).items():
        rcodes[client] = max(rcode, rcodes.get(client, 0))
    return _format_votes(rcodes, ALLOWED in (votes[:1], more[:1]))


def count_clients(votes: Iterable[str], many: int = MANY) -> int:
    """Count the clients that votes are of; from `many` on it stops.

    >>> count_clients(["kIFH2", "*kIFH1"])
    1
    """
    clients: set[str] = set()
    for text in votes:
        clients.update(parse_votes(text))
        if len(clients) >= many:
            break
    return len(clients)


def is_common(votes: str) -> bool:
    """Return whether a label is allowed or common; where it resolves, it can never count again.

    >>> is_common("*kIFH2"), is_common("kIFH2")
    (True, False)
    """
    return votes.startswith(ALLOWED) or len(votes) >= FEW * _VOTE


def _is_baseline(votes: str) -> bool:
    """Return whether a label is common, and exists for half or more of those with an rcode."""
    rcodes = list(parse_votes(votes).values())
    return is_common(votes) and 2 * rcodes.count(NXDOMAIN) <= sum(x >= NXDOMAIN for x in rcodes)


def _collect_votes(rows: DayRows) -> Votes:
    """Collect the votes in the rows of a day's clients."""
    rcodes: dict[str, dict[str, int]] = {}
    for client, labels in rows.clients.items():
        own = hash_client(client)
        for label, row in labels.items():
            of_label = rcodes.setdefault(label, {})
            of_label[own] = max(row.rcode, of_label.get(own, 0))
    return {label: _format_votes(x, label in rows.allowed) for label, x in rcodes.items()}


def merge_shard(state: bytes, more: Votes) -> tuple[bytes, Votes, int]:
    """Merge votes into a shard's state.

    Returns the new state, all votes, and how many labels, new ones first, found no room.

    >>> merge_shard(pack_state({"a": "kIFH1"}), {"a": "kIFH2", "b": "*"})[1:]
    ({'a': 'kIFH2', 'b': '*'}, 0)
    """
    old: Votes = unpack_state(state)
    new = old | {label: merge_votes(old.get(label, ""), votes) for label, votes in more.items()}
    if new == old:
        return state, old, 0
    for kept in (new, {label: new[label] for label in old}):
        if len(packed := pack_state(kept)) <= dynamodb.MAX_STATE:
            return packed, new, len(new) - len(kept)
    return state, new, sum(votes != old.get(label) for label, votes in new.items())


def add_labels(table: Table, day: int, rows: DayRows, counts: Counter[str]) -> Votes:
    """Merge the labels of rows into a day's, and return the votes on all of the day's labels."""
    keys = _list_keys(day)
    items = table.read(keys)
    shards: dict[Key, Votes] = {key: {} for key in keys}
    for label, votes in _collect_votes(rows).items():
        shards[keys[zlib.crc32(label.encode()) % SHARDS]][label] = votes

    def update(key: Key) -> Votes:
        merged: tuple[bytes, Votes, int] = (b"", {}, 0)

        def change(old: bytes) -> bytes:
            nonlocal merged
            merged = merge_shard(old, shards[key])
            return merged[0]

        table.update(key, items[key], change, day)
        counts["unkept_labels"] += merged[2]
        return merged[1]

    all_votes: Votes = {}
    for votes in map_threads(update, keys):
        all_votes |= votes
    return all_votes


def read_baseline(table: Table, day: int) -> frozenset[str]:
    """Return the labels that were common on the day before, read again after an hour at most.

    Objects of that day may come late.
    """
    return _read_baseline(table, day, int(time.monotonic() // 3600))


@functools.lru_cache(1)
def _read_baseline(table: Table, day: int, _: int) -> frozenset[str]:
    items = table.read(_list_keys(day - 1)).values()
    votes = (x for item in items for x in unpack_state(item.state).items())
    return frozenset(label for label, text in votes if _is_baseline(text))


def _list_keys(day: int) -> list[Key]:
    return [Key(f"{format_date(day)}/labels/{shard:02}") for shard in range(SHARDS)]
