"""Measure the served app under load: many clients that keep their connections, and batches."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from statistics import quantiles
from typing import Any, NamedTuple

from malicious_domains.features.registry import SETS
from malicious_domains.model.artifact import PACKAGED
from pipeline.release.local_server import serve_app

from .measure import SHARE, Row, format_spread, run_alone, sized
from .sample_labels import distinct_labels, iterate_hosts

PATH = "/malicious-domain-classifier"
CLIENTS = 100
REQUESTS = sized(100, 2)  # of each client
BATCH = 1_000  # names in one request, the most that the app takes
BATCHES = 20
LIMIT = 1 if SHARE == 1 else 60  # seconds that no request may take; loose in a run in small
_JSON = "application/json"


class Load(NamedTuple):
    """The answers and times that many clients at once saw."""

    seconds: float  # from the first request to the last answer
    took: list[float]  # seconds of each request that was answered with 200
    errors: int  # all other requests


def rows() -> Iterator[Row]:
    """Yield the subject's rows; raise RuntimeError if a request failed or took over LIMIT.

    The clients run in a process of their own, so that they share no interpreter lock with the rest.
    """
    names = [{"domain": name} for name in iterate_hosts(CLIENTS * REQUESTS)]
    batches = [{"domains": distinct_labels(BATCH)}] * BATCHES
    for model in SETS:
        with serve_app(PACKAGED / model) as url:
            run_alone(post_all, url, names[:10], 1)  # the first request loads the model
            single = run_alone(post_all, url, names[-200:], 1)
            yield f"{model}: HTTP, one client, a request", _format_times(single, 2)
            load = run_alone(post_all, url, names, CLIENTS)
            what = f"{model}: HTTP, {CLIENTS} clients x {REQUESTS} requests"
            yield what, f"{len(load.took) / load.seconds:,.0f} requests/s, {load.errors} errors"
            p50, p99 = (x * 1e3 for x in quantiles(load.took, n=100)[49::49])
            yield "  a request, p50, p99", f"{p50:,.0f} ms, {p99:,.0f} ms"
            longest = max(load.took)
            yield f"  a request, longest (may not exceed {LIMIT} s)", f"{longest * 1e3:,.0f} ms"
            took = run_alone(post_all, url, batches, 1)
            yield f"  a batch of {BATCH:,} names", _format_times(took, 0)
        if load.errors or longest > LIMIT:
            raise RuntimeError(f"{model}: {load.errors} errors, longest {longest:.2f} s")


def post_all(url: str, contents: Sequence[dict[str, Any]], clients: int) -> Load:
    """Send each of the contents in a request, with `clients` clients at once."""
    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        parts = (contents[i::clients] for i in range(clients))
        took = [x for part in pool.map(lambda x: _post(url, x), parts) for x in part]
    return Load(time.perf_counter() - start, took, len(contents) - len(took))


def _post(url: str, contents: Sequence[dict[str, Any]]) -> list[float]:
    """Send one request after the other on one connection; return the seconds of those answered."""
    took = []
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    for content in contents:
        start = time.perf_counter()
        with suppress(OSError, http.client.HTTPException):
            connection.request("POST", PATH, json.dumps(content), {"Content-Type": _JSON})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                took.append(time.perf_counter() - start)
    connection.close()
    return took


def _format_times(load: Load, digits: int) -> str:
    return format_spread([x * 1e3 for x in load.took], "ms", digits)
