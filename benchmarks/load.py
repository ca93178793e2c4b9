"""Measure the served app under load: many clients that keep their connections, and batches."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from malicious_domains.features.registry import SETS
from malicious_domains.model.artifact import PACKAGED
from pipeline.release.local_server import start_app

from .measure import SHARE, Row, find_percentiles, format_spread, read_peak, run_alone, sized
from .sample_labels import distinct_labels, iterate_hosts

PATH = "/malicious-domain-classifier"
CLIENTS = 100
REQUESTS = sized(100, 2)  # of each client
BATCH = 1_000  # names in one request, the most that the app takes
BATCHES = 20
LIMIT = 1 if SHARE == 1 else 60  # seconds that no request may take; loose in a run in small
_TIMEOUT = 60  # seconds


def rows() -> Iterator[Row]:
    """Yield the subject's rows; raise RuntimeError if a request failed or took over LIMIT.

    The clients run in a process of their own, so that they share no interpreter lock with the rest.
    """
    names, failures = list(iterate_hosts(CLIENTS * REQUESTS)), []
    for model in SETS:
        with start_app(PACKAGED / model) as (url, pid):
            run_alone(post_names, url, names[:10], 1)  # the first request loads the model
            single = run_alone(post_names, url, names[-200:], 1)
            what = f"{model}: HTTP, one client, a request"
            yield what, format_spread([x * 1e3 for x in single.took], "ms", 2)
            load = run_alone(post_names, url, names, CLIENTS)
            yield from _describe_load(model, load)
            if load.errors or max(load.took) > LIMIT:
                failures.append(f"{model}: {load.errors} errors, longest {max(load.took):.2f} s")
            took = run_alone(post_batches, url, distinct_labels(BATCH), BATCHES)
            yield f"  a batch of {BATCH:,} names", format_spread([x * 1e3 for x in took], "ms")
            yield "  peak memory of the server", f"{read_peak(pid):,.0f} MB"
    if failures:
        raise RuntimeError("; ".join(failures))


class Load(NamedTuple):
    """What many clients at once saw."""

    seconds: float  # from the first request to the last answer
    took: list[float]  # seconds of each request that was answered
    errors: int  # requests without an answer, or whose status was not 200
    reconnected: int  # answers after which the server closed the connection
    busy: float  # share of one core that the clients themselves took


def _describe_load(model: str, load: Load) -> Iterator[Row]:
    median, p99 = find_percentiles(load.took)
    what = f"{model}: HTTP, {CLIENTS} clients x {REQUESTS} requests"
    yield what, f"{len(load.took) / load.seconds:,.0f} requests/s"
    yield "  errors; connections closed by the server", f"{load.errors}; {load.reconnected}"
    yield "  a request, p50", f"{median * 1e3:,.0f} ms"
    yield "  a request, p99", f"{p99 * 1e3:,.0f} ms"
    yield f"  a request, longest (may not exceed {LIMIT} s)", f"{max(load.took) * 1e3:,.0f} ms"
    yield "  the clients' own share of a core", f"{load.busy:.0%}"


class _Client:
    """A client with one connection, which it keeps as long as the server does."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=_TIMEOUT)
        self.took: list[float] = []
        self.errors = self.reconnected = 0

    def post(self, content: dict[str, Any]) -> None:
        """Send one request and wait for the whole answer."""
        body, headers = json.dumps(content), {"Content-Type": "application/json"}
        start = time.perf_counter()
        try:
            self._connection.request("POST", PATH, body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.errors += 1
            self._connection.close()
            return
        self.took.append(time.perf_counter() - start)
        self.errors += answer.status != 200
        self.reconnected += self._connection.sock is None

    def post_all(self, contents: Sequence[dict[str, Any]]) -> None:
        """Send one request after the other, then close the connection."""
        for content in contents:
            self.post(content)
        self._connection.close()


def post_names(url: str, names: Sequence[str], clients: int) -> Load:
    """Ask for each name in a request of its own, with `clients` clients at once."""
    contents = [{"domain": name} for name in names]
    posting = [_Client(url) for _ in range(clients)]
    threads = [
        threading.Thread(target=client.post_all, args=(contents[i::clients],))
        for i, client in enumerate(posting)
    ]
    start, busy = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    return Load(
        seconds,
        [x for client in posting for x in client.took],
        sum(client.errors for client in posting),
        sum(client.reconnected for client in posting),
        busy / seconds,
    )


def post_batches(url: str, names: Sequence[str], count: int) -> list[float]:
    """Ask for all names at once, `count` times on one connection; return the seconds of each."""
    client = _Client(url)
    client.post_all([{"domains": list(names)}] * count)
    if client.errors:
        raise RuntimeError(f"{client.errors} of {count} batches failed")
    return client.took
