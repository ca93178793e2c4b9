"""Clients of the served app; run in a process of their own, so that they share no lock with it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

PATH = "/malicious-domain-classifier"
_TIMEOUT = 60  # seconds


class Load(NamedTuple):
    """What many clients at once saw."""

    seconds: float  # from the first request to the last answer
    took: list[float]  # seconds of each request that was answered
    errors: int  # requests that were not, or not with 200
    reconnected: int  # answers after which the server closed the connection
    busy: float  # share of one core that the clients themselves took


class Client:
    """One connection, kept as long as the server keeps it."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=_TIMEOUT)
        self.took: list[float] = []
        self.errors = self.reconnected = 0

    def post(self, content: dict[str, Any]) -> None:
        """Send one request and wait for the whole answer."""
        body, kind = json.dumps(content), {"Content-Type": "application/json"}
        start = time.perf_counter()
        try:
            self._connection.request("POST", PATH, body, kind)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.errors += 1
            self._connection.close()
            return
        self.took.append(time.perf_counter() - start)
        self.errors += answer.status != 200
        self.reconnected += self._connection.sock is None

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def post_each(self, names: Sequence[str]) -> None:
        """One request a name, one after the other."""
        for name in names:
            self.post({"domain": name})


def single(url: str, names: Sequence[str], clients: int) -> Load:
    """Ask for each name alone, by so many clients at once."""
    ours = [Client(url) for _ in range(clients)]
    threads = [
        threading.Thread(target=client.post_each, args=(names[i::clients],))
        for i, client in enumerate(ours)
    ]
    start, busy = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in ours:
        client.close()
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    return Load(
        seconds,
        [x for client in ours for x in client.took],
        sum(client.errors for client in ours),
        sum(client.reconnected for client in ours),
        busy / seconds,
    )


def batches(url: str, names: Sequence[str], count: int) -> list[float]:
    """Seconds of asking for all names at once, so many times on one connection."""
    client = Client(url)
    for _ in range(count):
        client.post({"domains": list(names)})
    client.close()
    if client.errors:
        raise RuntimeError(f"{client.errors} of {count} batches failed")
    return client.took
