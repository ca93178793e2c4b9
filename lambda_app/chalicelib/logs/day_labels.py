"""A day's labels: who was told what about them, merged into what is kept."""

from __future__ import annotations

import time
from collections import Counter

from . import finding_json, state
from .days import Asks, expires
from .dynamodb import Key, Table, each
from .state import SHARDS


def labels_key(day: int, shard: int) -> Key:
    """Where a part of a day's labels is kept."""
    return Key(f"{finding_json.date(day)}/labels/{shard:02}")


def add_labels(table: Table, day: int, asks: Asks, counts: Counter[str]) -> dict[str, str]:
    """Merge what clients were told into what is kept; returns all of the day's votes by label."""
    keys = [labels_key(day, shard) for shard in range(SHARDS)]
    items = table.read(keys)
    more = state.by_shard(state.votes_of(asks.clients, asks.popular))

    def update(shard: int) -> dict[str, str]:
        key = keys[shard]
        if shard not in more:
            return state.unpack_votes(items[key].state)
        merged: tuple[bytes, dict[str, str], int] = (b"", {}, 0)

        def change(old: bytes) -> bytes:
            nonlocal merged
            merged = state.merge_votes(old, more[shard])
            return merged[0]

        table.update(key, items[key], change, expires(day))
        counts["unkept_labels"] += merged[2]
        return merged[1]

    found: dict[str, str] = {}
    for votes in each(update, range(SHARDS)):
        found |= votes
    return found


class Yesterday:
    """Labels that were familiar on the day before, read once by a function that stays warm."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._day, self._labels, self._until = -1, frozenset[str](), 0.0

    def of(self, table: Table, day: int) -> frozenset[str]:
        """Those of the day before a day; read again each hour, as objects may come late."""
        if day != self._day or time.monotonic() > self._until:
            items = table.read([labels_key(day - 1, shard) for shard in range(SHARDS)])
            votes = (x for item in items.values() for x in state.unpack_votes(item.state).items())
            self._labels = frozenset(label for label, text in votes if state.lives(text))
            self._day, self._until = day, time.monotonic() + 3600
        return self._labels
