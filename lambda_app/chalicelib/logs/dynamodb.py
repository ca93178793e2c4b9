"""DynamoDB as a store of states that several functions change at once.

Every item has pk, sk, state (bytes), version, and expires (when DynamoDB removes it). A state is
written only over the version that it was made of; else it is read and made anew.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

THREADS = 8
_BATCH = 100  # keys that DynamoDB reads at once
_TRIES = 30  # of a write that others keep coming before
_PAUSE = 0.02  # seconds, at first


class Key(NamedTuple):
    """An item's key."""

    pk: str
    sk: str = "-"

    @property
    def attributes(self) -> dict[str, Any]:
        """As DynamoDB takes it."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


class Item(NamedTuple):
    """What is kept under a key; version 0 for nothing."""

    state: bytes = b""
    version: int = 0


class BusyError(RuntimeError):
    """An item that others change all the time."""


class Table:
    """The items of one table."""

    def __init__(self, client: Any, name: str) -> None:
        """Take boto3's client for DynamoDB and the table's name."""
        self._client, self._name = client, name

    def read(self, keys: Iterable[Key], consistent: bool = False) -> dict[Key, Item]:
        """The items of keys, an empty one for each that is not there."""
        found = {key: Item() for key in keys}
        waiting = [key.attributes for key in found]
        pause = _PAUSE
        while waiting:
            ask = {"Keys": waiting[:_BATCH], "ConsistentRead": consistent}
            answer = self._client.batch_get_item(RequestItems={self._name: ask})
            for item in answer["Responses"].get(self._name, []):
                found[Key(item["pk"]["S"], item["sk"]["S"])] = _item(item)
            left = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            if len(left) == len(waiting[:_BATCH]):
                time.sleep(pause)
                pause = min(2 * pause, 2.0)
            waiting = left + waiting[_BATCH:]
        return found

    def update(self, key: Key, known: Item, change: Callable[[bytes], bytes], expires: int) -> Item:
        """Change a state, of what is known of it or of what others have made of it meanwhile.

        change: the new state of an old one, b"" for none; the same writes nothing. Returns what
        is kept then. Raises BusyError.
        """
        for attempt in range(_TRIES):
            state = change(known.state)
            if state == known.state:
                return known
            item = Item(state, known.version + 1)
            if self._write(key, item, expires):
                return item
            time.sleep(random.uniform(0, _PAUSE * min(2**attempt, 32)))
            known = self.read([key], consistent=True)[key]
        raise BusyError(f"{key.pk}: changed by others {_TRIES} times in a row")

    def _write(self, key: Key, item: Item, expires: int) -> bool:
        """Whether nobody has changed it meanwhile."""
        new = {
            **key.attributes,
            "state": {"B": item.state},
            "version": {"N": str(item.version)},
            "expires": {"N": str(expires)},
        }
        if item.version == 1:
            condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        else:
            condition = {
                "ConditionExpression": "#version = :old",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":old": {"N": str(item.version - 1)}},
            }
        try:
            self._client.put_item(TableName=self._name, Item=new, **condition)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def begin(self, key: Key, who: str, expires: int) -> int | None:
        """Note that somebody begins something; returns how often it failed, None if it is done.

        Who begins it for a second time died of it the first time: that is a failure.
        """
        try:
            answer = self._note(
                key,
                "ADD #begun :who SET #expires = :expires",
                {":who": {"SS": [who]}, ":expires": {"N": str(expires)}},
                ConditionExpression="attribute_not_exists(#done)",
                ReturnValues="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        old = answer.get("Attributes", {})
        if who in old.get("begun", {}).get("SS", ()):
            return self.failed(key)
        return int(old.get("failures", {}).get("N", 0))

    def failed(self, key: Key) -> int:
        """Count a failure of what was begun; returns how many there are."""
        answer = self._note(
            key, "ADD #failures :one", {":one": {"N": "1"}}, ReturnValues="UPDATED_NEW"
        )
        return int(answer["Attributes"]["failures"]["N"])

    def leave(self, key: Key, who: str) -> None:
        """Note that somebody gave up what he began, and did not die of it."""
        self._note(key, "DELETE #begun :who", {":who": {"SS": [who]}})

    def finish(self, key: Key, expires: int) -> None:
        """Mark what was begun as done."""
        change = "SET #done = :done, #expires = :expires REMOVE #begun"
        self._note(key, change, {":done": {"BOOL": True}, ":expires": {"N": str(expires)}})

    def _note(self, key: Key, change: str, values: dict[str, Any], **more: Any) -> Any:
        """Change an item of something that is begun and done, by the names in the texts."""
        names = re.findall(r"#(\w+)", change + more.get("ConditionExpression", ""))
        return self._client.update_item(
            TableName=self._name,
            Key=key.attributes,
            UpdateExpression=change,
            ExpressionAttributeNames={f"#{name}": name for name in names},
            ExpressionAttributeValues=values,
            **more,
        )

    def forget(self, key: Key) -> None:
        """Let what was begun be as if it never was."""
        self._client.delete_item(TableName=self._name, Key=key.attributes)

    def all_of(self, pk: str) -> Iterator[tuple[str, Item]]:
        """The items under a pk, with their sk."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )
        for page in pages:
            for item in page["Items"]:
                yield item["sk"]["S"], _item(item)


def each(run: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """What a function returns for each value, some at a time: AWS's answers are waited for."""
    if len(values) < 2:
        return [run(value) for value in values]
    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(run, values))


def _item(item: dict[str, Any]) -> Item:
    return Item(item["state"]["B"], int(item["version"]["N"]))
