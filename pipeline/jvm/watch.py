"""Noticing that a cluster has lost a node, which H2O's client does not: it waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import h2o
import requests
from h2o.exceptions import H2OConnectionError

from .nodes import ClusterError, Node, end

_OWN, _JOINED = 0.5, 5.0  # seconds between two looks
_ENDING = 5  # seconds that a killed process may take to be gone
_ANSWER = 20  # seconds that a cluster elsewhere may take to say how it is


class Watch:
    """Looks at a cluster from a thread, and remembers what was wrong first."""

    def __init__(self, look: Callable[[], str], every: float, give_up: Callable[[], None]) -> None:
        """look says what is wrong, or nothing; give_up is called once, when something is."""
        self.lost = ""
        self._look, self._every, self._give_up = look, every, give_up
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            if lost := self._look():
                self.lost = lost
                self._give_up()
                return

    def check(self) -> None:
        """Raise ClusterError if the cluster is not what it was; looks once more itself."""
        self.lost = self.lost or self._look()
        if self.lost:
            raise ClusterError(f"{self.lost}; nothing is written, and the command can be repeated")

    def _settle(self) -> None:
        """After an answer that did not come: raise ClusterError if a node is gone, or soon is.

        A process that is killed closes its ports before it has ended.
        """
        until = time.monotonic() + _ENDING
        while time.monotonic() < until:
            self.check()
            time.sleep(0.1)

    @contextmanager
    def over(self, connection: Any) -> Iterator[None]:
        """Every request of H2O's client in the block fails once the cluster has lost a node.

        The client retries failed questions about a job for 90 s, but not a ClusterError. One
        that is under way ends with the nodes, if they are ours. Whatever it raises, the block
        raises ClusterError if a node was lost.
        """
        ask = connection.request

        def request(*args: Any, **kwargs: Any) -> Any:
            if self.lost:
                self.check()
            try:
                return ask(*args, **kwargs)
            except H2OConnectionError:
                self._settle()
                raise

        connection.request = request
        self._thread.start()
        try:
            yield
        except Exception:
            self.check()
            raise
        finally:
            self._ended.set()
            connection.request = ask


def of_own(nodes: Sequence[Node]) -> Watch:
    """Watch nodes of ours: if one ends, the others are ended too, and so is what waits for them."""

    def look() -> str:
        return next(filter(None, (node.ended for node in nodes)), "")

    def give_up() -> None:
        for node in nodes:
            end(node)

    return Watch(look, _OWN, give_up)


def of_joined(url: str) -> Watch:
    """Watch a cluster elsewhere by what it says of itself; H2O takes a minute to miss a node."""
    size = h2o.cluster().cloud_size

    def look() -> str:
        try:
            found = requests.get(f"{url}/3/Cloud", timeout=_ANSWER).json()
        except (requests.RequestException, ValueError) as error:
            return f"H2O at {url} does not answer any more: {type(error).__name__}"
        if found["cloud_healthy"] and found["cloud_size"] == size:
            return ""
        return f"H2O at {url} has lost a node: {found['bad_nodes']} of {size} are not well"

    return Watch(look, _JOINED, lambda: None)
