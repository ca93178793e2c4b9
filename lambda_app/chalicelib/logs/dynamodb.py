"""Keep states in a DynamoDB table that several functions change at once.

Every item has pk, sk, state (bytes), version, and expires (when DynamoDB removes it). A state is
written only over the version that it was made from; otherwise it is read and made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from malicious_domains.clients.finding_json import format_date

DAY = 86_400
_PARTS = 16  # in which a day's items of clients are kept
MAX_STATE = 360_000  # bytes; an item of DynamoDB has up to 400 KB, the other attributes included
THREADS = 8
_KEPT_DAYS = 2  # for which a day's state is kept after its end
_BATCH = 100  # keys that DynamoDB reads at once
_TRANSACTION = 25  # items that are written at once; fewer are written one by one
_ATTEMPTS = 30  # at a write that others get ahead of
_PAUSE = 0.02  # seconds, at first


class Key(NamedTuple):
    """An item's key."""

    pk: str
    sk: str = "-"

    @classmethod
    def of_client(cls, day: int, client: str, kind: str = "clients") -> Key:
        """Return the key of a client's item of a day, in one of the parts of a kind of items.

        >>> Key.of_client(20_783, "10.0.0.1")
        Key(pk='2026-11-26/clients/10', sk='10.0.0.1')
        """
        part = hashlib.blake2b(client.encode(), digest_size=1).digest()[0] % _PARTS
        return cls(f"{format_date(day)}/{kind}/{part:02}", client)

    @property
    def _attributes(self) -> dict[str, Any]:
        """The key in DynamoDB's form."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


class Item(NamedTuple):
    """The state under a key; version 0 if there is none."""

    state: bytes = b""
    version: int = 0

    def _set(self, state: bytes) -> Item:
        """Return the item's next version, itself if nothing has changed."""
        return self if state == self.state else Item(state, self.version + 1)


Change = tuple[Key, Item, Callable[[bytes], bytes]]  # the arguments of Table.update()


class BusyError(RuntimeError):
    """An item is changed by others all the time."""


class Table(NamedTuple):
    """The items of one table."""

    client: Any  # boto3's for DynamoDB
    name: str

    def read(self, keys: Iterable[Key], consistent: bool = False) -> dict[Key, Item]:
        """Read the items of keys; an absent one is empty."""
        items = {key: Item() for key in keys}
        waiting = [key._attributes for key in items]
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
        nothing is written. It is called again if others have changed the state. Raises BusyError.

        >>> Table(None, "logs").update(Key("day"), Item(b"same", 1), lambda state: state, 20_783)
        Item(state=b'same', version=1)
        """
        for attempt in range(_ATTEMPTS):
            item = known._set(change(known.state))
            if item == known:
                return known
            with contextlib.suppress(self.client.exceptions.ConditionalCheckFailedException):
                self.client.put_item(**self._put(key, item, day))
                return item
            time.sleep(random.uniform(0, _PAUSE * min(2**attempt, 32)))
            known = self.read([key], consistent=True)[key]
        raise BusyError(f"{key.pk}: changed by others {_ATTEMPTS} times in a row")

    def list_clients(self, day: int) -> Iterator[str]:
        """List the clients of a day."""
        query = {"TableName": self.name, "KeyConditionExpression": "pk = :pk"}
        for part in range(_PARTS):
            values = {":pk": {"S": f"{format_date(day)}/clients/{part:02}"}}
            paginator = self.client.get_paginator("query")
            for page in paginator.paginate(**query, ExpressionAttributeValues=values):
                yield from (item["sk"]["S"] for item in page["Items"])

    def update_all(self, changes: Sequence[Change], day: int) -> list[Item | Exception]:
        """Change states as update() does; what it raises stands in an item's place.

        Many are written in transactions, which take a tenth of the time and cost twice as much.

        >>> changes = [(Key("day"), Item(), change) for change in (bytes, lambda state: state[0])]
        >>> Table(None, "logs").update_all(changes, 20_783)
        [Item(state=b'', version=0), IndexError('index out of range')]
        """
        parts = [changes[i : i + _TRANSACTION] for i in range(0, len(changes), _TRANSACTION)]
        return [x for part in map_threads(lambda x: self._update_part(x, day), parts) for x in part]

    def _update_part(self, changes: Sequence[Change], day: int) -> list[Item | Exception]:
        if len(changes) == _TRANSACTION:
            with contextlib.suppress(Exception):  # one raises, others are quicker, it is too much
                items = [known._set(change(known.state)) for _, known, change in changes]
                pairs = [(x, y) for x, y in zip(changes, items, strict=True) if y != x[1]]
                puts = [{"Put": self._put(x[0], y, day)} for x, y in pairs]
                if puts:
                    self.client.transact_write_items(TransactItems=puts)
                return [*items]
        return [attempt(self.update, *x, day) for x in changes]

    def _put(self, key: Key, item: Item, day: int) -> dict[str, Any]:
        """Return the request that writes an item unless it has been changed meanwhile."""
        numbers = {"version": item.version, "expires": (day + 1 + _KEPT_DAYS) * DAY}
        new = key._attributes | {x: {"N": str(y)} for x, y in numbers.items()}
        return {
            "TableName": self.name,
            "Item": new | {"state": {"B": item.state}},
            "ConditionExpression": "attribute_not_exists(pk) OR #version = :old",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":old": {"N": str(item.version - 1)}},
        }


def attempt(work: Callable[..., Any], *args: Any) -> Any:
    """Return what a function returns, or the exception that it raises.

    >>> attempt(len, "abc"), attempt(len, 5)
    (3, TypeError("object of type 'int' has no len()"))
    """
    try:
        return work(*args)
    except Exception as error:
        return error


def map_threads(work: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """Apply a function to each value, several at a time, as it mostly waits for AWS.

    >>> map_threads(len, ["a", "bc"])
    [1, 2]
    """
    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(work, values))


def pack_state(value: object) -> bytes:
    """Pack a JSON value as a state.

    >>> unpack_state(pack_state({"a": [1, 2]}))
    {'a': [1, 2]}
    """
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def unpack_state(state: bytes) -> Any:
    """Unpack a state of pack_state(); {} from b""."""
    return json.loads(zlib.decompress(state)) if state else {}
