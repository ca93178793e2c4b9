"""Noticing that a cluster has lost a node, which H2O's client does not: it waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any

import h2o
import requests
from h2o.exceptions import H2OConnectionError

from .nodes import ClusterError, Node, end

_OWN, _JOINED = 0.5, 3.0  # seconds between two looks
_ENDING = 5.0  # seconds that a killed process may take to be gone
_SILENT = 40.0  # seconds without a sign of life; while garbage is collected, a JVM gives none
_ANSWER = 10.0  # seconds that a cluster elsewhere may take to say how it is


class Watch:
    """Looks at a cluster from a thread, and remembers what was wrong first."""

    def __init__(
        self, look: Callable[[], str], every: float, sure: float, give_up: Callable[[], None]
    ) -> None:
        """look says what is wrong, or nothing; give_up is called once, when something is.

        every: seconds between two looks; sure: seconds after which a look shows a node's end.
        """
        self.lost = ""
        self._look, self._every, self._sure, self._give_up = look, every, sure, give_up
        self._found = Future[None]()  # done when something is lost
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            if lost := self._look():
                self.lost = lost
                self._found.set_result(None)
                self._give_up()
                return

    def check(self) -> None:
        """Raise ClusterError if the cluster is not what it was; looks once more itself."""
        self.lost = self.lost or self._look()
        if self.lost:
            raise ClusterError(f"{self.lost}; nothing is written, and the command can be repeated")

    def _answer(self, ask: Callable[[], Any]) -> Any:
        """What ask returns or raises, or ClusterError as soon as a node is lost.

        Where no answer came, that is soon: a process that is killed closes its ports first.
        """
        answer = _begun(ask)
        wait([answer, self._found], return_when=FIRST_COMPLETED)
        if not answer.done():
            self.check()  # raises
        try:
            return answer.result()
        except H2OConnectionError:
            wait([self._found], self._sure)
            self.check()
            raise

    @contextmanager
    def over(self, connection: Any) -> Iterator[None]:
        """Every request of H2O's client in the block fails once the cluster has lost a node.

        One that is under way does, too: it may be one that is never answered. The client retries
        failed questions about a job for 90 s, but not a ClusterError. Whatever it raises, the
        block raises ClusterError if a node was lost.
        """
        ask = connection.request

        def request(*args: Any, **kwargs: Any) -> Any:
            if self.lost:
                self.check()
            return self._answer(lambda: ask(*args, **kwargs))

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


def _begun(ask: Callable[[], Any]) -> Future[Any]:
    """What ask will return or raise, from a thread of its own that nothing waits for at the end."""
    answer = Future[Any]()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer


def of_own(nodes: Sequence[Node]) -> Watch:
    """Watch nodes of ours: if one ends, the others are ended too."""

    def look() -> str:
        return next(filter(None, (node.ended for node in nodes)), "")

    def give_up() -> None:
        for node in nodes:
            end(node)

    return Watch(look, _OWN, _ENDING, give_up)


def of_joined(url: str) -> Watch:
    """Watch a cluster elsewhere by what its nodes have heard of each other.

    Each of them tells the others every second that it lives. H2O itself takes a minute to miss
    one, and the others wait for it ever after.
    """
    size, answered = h2o.cluster().cloud_size, time.monotonic()

    def look() -> str:
        nonlocal answered
        try:
            found = requests.get(f"{url}/3/Cloud?skip_ticks=true", timeout=_ANSWER).json()
            missing = _missing(found, size)
        except (requests.RequestException, ValueError, KeyError) as error:
            if time.monotonic() - answered < _SILENT:
                return ""
            return f"H2O at {url} does not answer any more: {type(error).__name__}"
        answered = time.monotonic()
        return missing and f"H2O at {url} has lost a node: {missing}"

    return Watch(look, _JOINED, _SILENT + _JOINED + _ANSWER, lambda: None)


def _missing(found: dict[str, Any], size: int) -> str:
    """What is wrong with a cluster by its /3/Cloud, where times are milliseconds; or nothing."""
    newest = max(node["last_ping"] for node in found["nodes"])
    for node in found["nodes"]:
        if newest - node["last_ping"] > 1000 * _SILENT:
            return f"nothing was heard of {node['ip_port']} for {_SILENT:.0f} s"
    return "" if found["cloud_size"] == size else f"{found['cloud_size']} of {size} are there"
