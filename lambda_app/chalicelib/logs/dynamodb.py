"""Keep states in a DynamoDB table that several functions change at once.

Every item has pk, sk, state (bytes), version, and expires (when DynamoDB removes it). A state is
written only over the version that it was made from; otherwise it is read and made again.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

DAY = 86_400
PARTS = 16  # in which a day's items of clients are kept
MAX_STATE = 360_000  # bytes; an item of DynamoDB has up to 400 KB, the other attributes included
THREADS = 8
_KEPT_DAYS = 2  # for which a day's state is kept after its end
_BATCH = 100  # keys that DynamoDB reads at once
_ATTEMPTS = 30  # at a write that others get ahead of
_PAUSE = 0.02  # seconds, at first
_In, _Out = TypeVar("_In"), TypeVar("_Out")


def name_part(folder: str, part: int) -> str:
    """Return the pk of a part of a folder.

    >>> name_part("2026-11-26/clients", 3)
    '2026-11-26/clients/03'
    """
    return f"{folder}/{part:02}"


class Key(NamedTuple):
    """An item's key."""

    pk: str
    sk: str = "-"

    @classmethod
    def of_client(cls, folder: str, client: str) -> Key:
        """Return the key of a client's item in one of the PARTS of a folder."""
        part = hashlib.blake2b(client.encode(), digest_size=1).digest()[0] % PARTS
        return cls(name_part(folder, part), client)

    @property
    def attributes(self) -> dict[str, Any]:
        """The key in DynamoDB's form."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


class Item(NamedTuple):
    """The state under a key; version 0 if there is none."""

    state: bytes = b""
    version: int = 0


class BusyError(RuntimeError):
    """An item is changed by others all the time."""


class Table(NamedTuple):
    """The items of one table."""

    client: Any  # boto3's for DynamoDB
    name: str

    def read(self, keys: Iterable[Key], consistent: bool = False) -> dict[Key, Item]:
        """Read the items of keys; an absent one is empty."""
        items = {key: Item() for key in keys}
        waiting = [key.attributes for key in items]
        pause = _PAUSE
        while waiting:
            request = {"Keys": waiting[:_BATCH], "ConsistentRead": consistent}
            answer = self.client.batch_get_item(RequestItems={self.name: request})
            for item in answer["Responses"].get(self.name, []):
                key = Key(item["pk"]["S"], item["sk"]["S"])
                items[key] = Item(item["state"]["B"], int(item["version"]["N"]))
            left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if len(left) == len(waiting[:_BATCH]):
                time.sleep(pause)
                pause = min(2 * pause, 2.0)
            waiting = left + waiting[_BATCH:]
        return items

    def update(self, key: Key, known: Item, change: Callable[[bytes], bytes], day: int) -> Item:
        """Change the state of a day, starting from a known one, and return what is kept then.

        change: makes the new state from the old one, which is b"" for none; if they are equal,
        nothing is written. It is called again if others have changed the state meanwhile. Raises
        BusyError.
        """
        for attempt in range(_ATTEMPTS):
            state = change(known.state)
            if state == known.state:
                return known
            item = Item(state, known.version + 1)
            if self._write(key, item, day):
                return item
            time.sleep(random.uniform(0, _PAUSE * min(2**attempt, 32)))
            known = self.read([key], consistent=True)[key]
        raise BusyError(f"{key.pk}: changed by others {_ATTEMPTS} times in a row")

    def list_items(self, pk: str) -> Iterator[str]:
        """List the sort keys of the items under a pk."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )
        for page in pages:
            yield from (item["sk"]["S"] for item in page["Items"])

    def _write(self, key: Key, item: Item, day: int) -> bool:
        """Write an item unless it has been changed meanwhile; return whether it was written."""
        new = {
            **key.attributes,
            "state": {"B": item.state},
            "version": {"N": str(item.version)},
            "expires": {"N": str((day + 1 + _KEPT_DAYS) * DAY)},
        }
        try:
            self.client.put_item(
                TableName=self.name,
                Item=new,
                ConditionExpression="attribute_not_exists(pk) OR #version = :old",
                ExpressionAttributeNames={"#version": "version"},
                ExpressionAttributeValues={":old": {"N": str(item.version - 1)}},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def map_threads(work: Callable[[_In], _Out], values: Sequence[_In]) -> list[_Out | Exception]:
    """Apply a function to each value, several at a time; what it raises stands in its place."""

    def try_one(value: _In) -> _Out | Exception:
        try:
            return work(value)
        except Exception as error:
            return error

    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(try_one, values))


def pack_state(value: object) -> bytes:
    """Pack a JSON value as a state.

    >>> unpack_state(pack_state({"a": [1, 2]}))
    {'a': [1, 2]}
    """
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def unpack_state(state: bytes) -> Any:
    """Unpack a state of pack_state()."""
    return json.loads(zlib.decompress(state))
