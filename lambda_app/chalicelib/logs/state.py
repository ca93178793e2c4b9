"""What is kept of a day: each client's unfamiliar labels, and for each label who was told what.

Both are merged by minimum, maximum and union, so that the result is the same in any order and
however often a part comes. Both are bounded, see CLIENTS, MOST and ITEM.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from malicious_domains.clients.common_labels import FEW

from .records import NXDOMAIN

CLIENTS = 16  # of a label that are kept: a sample by hash, the same in whatever order they come
MOST = 5000  # unfamiliar labels of a client's day; with more it is a resolver or a crawler
SHARDS = 32  # parts in which a day's labels are kept
ITEM = 360_000  # bytes of a part, or of a client's day; DynamoDB takes 400 KB with all else in it
LATER = 900  # seconds by which what is kept of a label's last sight may be behind
_SUFFIXES = 7  # of a label that are kept
_OVERHEAD = 80  # bytes of a row as JSON beside its texts, at most
_MARK = 4  # characters that stand for a client
_VOTE = _MARK + 1
POPULAR = "*"


class Row(NamedTuple):
    """A label that a client asked for on a day."""

    told: int  # as in records.py
    first: float  # seconds since the epoch
    last: float
    suffixes: tuple[str, ...]  # under which it was asked for, sorted, the first few

    def with_(self, other: Row) -> Row:
        """Both together."""
        suffixes = self.suffixes
        if other.suffixes != suffixes:
            suffixes = tuple(sorted({*suffixes, *other.suffixes}))[:_SUFFIXES]
        first, last = min(self.first, other.first), max(self.last, other.last)
        return Row(max(self.told, other.told), first, last, suffixes)


Rows = dict[str, Row]  # by label


def merge(rows: Rows, more: Mapping[str, Row]) -> Rows:
    """Rows of one client and day together."""
    found = dict(rows)
    for label, row in more.items():
        found[label] = found[label].with_(row) if label in found else row
    return found


@dataclass(frozen=True)
class Client:
    """A client's day. told: what was last said of it, by keys of telling.py; {} for nothing."""

    rows: Rows = field(default_factory=dict)
    busy: bool = False  # more than MOST labels, or ITEM bytes: its rows are no longer kept
    told: dict[str, Any] = field(default_factory=dict)

    def plus(self, more: Mapping[str, Row], votes: Mapping[str, str]) -> Client:
        """With more rows, without those that can never count: see familiar_to_all()."""
        if self.busy:
            return self
        rows = {
            label: row
            for label, row in merge(self.rows, more).items()
            if row.told == NXDOMAIN or not familiar(votes.get(label, ""))
        }
        busy = len(rows) > MOST or not _has_room(rows)
        return replace(self, rows={} if busy else rows, busy=busy)

    def differs(self, kept: Client) -> bool:
        """Whether it is worth a write: a label asked for again within LATER alone is not."""
        if self.rows.keys() != kept.rows.keys():
            return True
        if (self.busy, self.told) != (kept.busy, kept.told):
            return True
        pairs = ((row, kept.rows[label]) for label, row in self.rows.items())
        return any(
            new.last > old.last + LATER or new._replace(last=old.last) != old for new, old in pairs
        )

    def pack(self) -> bytes:
        """As bytes; unpack() is the way back."""
        return _packed([self.rows, int(self.busy), self.told])

    @classmethod
    def unpack(cls, state: bytes) -> Client:
        """Of bytes of pack(), or of none."""
        if not state:
            return cls()
        rows, busy, told = json.loads(zlib.decompress(state))
        return cls(
            {label: Row(x, a, b, tuple(s)) for label, (x, a, b, s) in rows.items()},
            bool(busy),
            told,
        )


# --- labels: who was told what ---


def mark(client: str) -> str:
    """Four characters that stand for a client."""
    return base64.b64encode(hashlib.blake2b(client.encode(), digest_size=3).digest()).decode()


def vote(client_mark: str, told: int) -> str:
    """What one client says of a label, by its mark()."""
    return f"{client_mark}{told}"


def voters(votes: str) -> dict[str, int]:
    """What the clients of a label were told, by their marks."""
    text = votes.removeprefix(POPULAR)
    return {text[i : i + _MARK]: int(text[i + _MARK]) for i in range(0, len(text) - _MARK, _VOTE)}


def together(votes: str, more: str) -> str:
    """Votes on one label together: of all clients the CLIENTS with the lowest marks."""
    popular = POPULAR if POPULAR in (votes[:1], more[:1]) else ""
    found = voters(votes)
    for client, told in voters(more).items():
        found[client] = max(told, found.get(client, 0))
    return popular + "".join(f"{x}{found[x]}" for x in sorted(found)[:CLIENTS])


def familiar(votes: str) -> bool:
    """Whether a label that resolves for a client is none to look at: it will never be again."""
    return votes.startswith(POPULAR) or len(votes) >= FEW * _VOTE


def lives(votes: str) -> bool:
    """Whether a label is familiar, and exists for half or more of those who were told."""
    told = list(voters(votes).values())
    return familiar(votes) and 2 * told.count(NXDOMAIN) <= sum(x >= NXDOMAIN for x in told)


def shard_of(label: str) -> int:
    """The part in which a label is kept."""
    return zlib.crc32(label.encode()) % SHARDS


def merge_votes(kept: bytes, more: Mapping[str, str]) -> tuple[bytes, dict[str, str], int]:
    """A part with more votes: as bytes, as votes by label, and how many labels found no room.

    Where there is no room for all, votes on labels that are there already come first.
    """
    old = unpack_votes(kept)
    new = dict(old)
    for label, votes in more.items():
        new[label] = together(new.get(label, ""), votes)
    if new == old:
        return kept, old, 0
    known = {label: new[label] for label in old}
    for some in (new, known):
        if len(packed := _packed(some)) <= ITEM:
            return packed, new, len(new) - len(some)
    return kept, new, sum(votes != old.get(label) for label, votes in new.items())


def unpack_votes(state: bytes) -> dict[str, str]:
    """Votes by label, of bytes of merge_votes() or of none."""
    found: dict[str, str] = json.loads(zlib.decompress(state)) if state else {}
    return found


def by_shard(votes: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """Votes by label, by part."""
    found: dict[int, dict[str, str]] = {}
    for label, text in votes.items():
        found.setdefault(shard_of(label), {})[label] = text
    return found


def votes_of(clients: Mapping[str, Mapping[str, Row]], popular: Iterable[str]) -> dict[str, str]:
    """What the rows of clients say of their labels."""
    found: dict[str, dict[str, int]] = {}
    for client, rows in clients.items():
        own = mark(client)
        for label, row in rows.items():
            of_label = found.setdefault(label, {})
            of_label[own] = max(row.told, of_label.get(own, 0))
    known = set(popular)
    return {
        label: (POPULAR if label in known else "")
        + "".join(f"{x}{told[x]}" for x in sorted(told)[:CLIENTS])
        for label, told in found.items()
    }


def _has_room(rows: Rows) -> bool:
    """Whether an item can hold a client's rows: under some zones askers choose long suffixes."""
    size = sum(len(label) + len("".join(row.suffixes)) + _OVERHEAD for label, row in rows.items())
    return size <= ITEM or len(_packed(rows)) <= ITEM  # packing takes time, and makes it smaller


def _packed(value: object) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)
