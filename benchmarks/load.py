"""The served app under load: many clients that keep their connections, and batches."""

from __future__ import annotations

from collections.abc import Iterator

from malicious_domains.features.registry import SETS
from malicious_domains.model.artifact import PACKAGED
from pipeline.release.local_server import running

from . import client
from .labels import distinct, hosts
from .measure import SHARE, Row, alone, peak, percentiles, sized, spread

CLIENTS = 100
REQUESTS = sized(100, 2)  # of each client
BATCH = 1_000  # names at once, the most that the app takes
BATCHES = 20
LIMIT = 1 if SHARE == 1 else 60  # seconds that no request may take; in small, none is too slow


def rows() -> Iterator[Row]:
    """The subject's rows; raises RuntimeError if a request failed or took over LIMIT."""
    names, failed = list(hosts(CLIENTS * REQUESTS)), []
    for model in SETS:
        with running(PACKAGED / model) as (url, pid):
            alone(client.single, url, names[:10], 1)  # the model is loaded by the first
            yield from _one(model, url, names[-200:])
            load = alone(client.single, url, names, CLIENTS)
            yield from _many(model, load)
            if load.errors or max(load.took) > LIMIT:
                failed.append(f"{model}: {load.errors} errors, longest {max(load.took):.2f} s")
            took = alone(client.batches, url, distinct(BATCH), BATCHES)
            yield f"  a batch of {BATCH:,} names", spread([x * 1e3 for x in took], "ms")
            yield "  peak memory of the server", f"{peak(pid):,.0f} MB"
    if failed:
        raise RuntimeError("; ".join(failed))


def _one(model: str, url: str, names: list[str]) -> Iterator[Row]:
    load = alone(client.single, url, names, 1)
    yield f"{model}: HTTP, one client, a request", spread([x * 1e3 for x in load.took], "ms", 2)


def _many(model: str, load: client.Load) -> Iterator[Row]:
    half, most = percentiles(load.took)
    what = f"{model}: HTTP, {CLIENTS} clients x {REQUESTS} requests"
    yield what, f"{len(load.took) / load.seconds:,.0f} requests/s"
    yield "  errors; connections closed by the server", f"{load.errors}; {load.reconnected}"
    yield "  a request, p50", f"{half * 1e3:,.0f} ms"
    yield "  a request, p99", f"{most * 1e3:,.0f} ms"
    yield f"  a request, longest (may not exceed {LIMIT} s)", f"{max(load.took) * 1e3:,.0f} ms"
    yield "  the clients' own share of a core", f"{load.busy:.0%}"
