"""Measure scoring inside a process: a million labels, a request in the handler."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from statistics import quantiles

from malicious_domains.features import registry
from malicious_domains.model.scorer import Scorer

from .measure import ROOT, Row, format_spread, run_alone, sized, time_rounds
from .sample_labels import TOTAL, distinct_labels, iterate_hosts

REQUESTS = sized(5_000, 200)


def rows() -> Iterator[Row]:
    """Yield the subject's rows."""
    for model in registry.SETS:
        took = run_alone(time_probability, model)
        what = f"{model}: probability(), {TOTAL:,} distinct labels, one thread"
        yield what, format_spread([TOTAL / seconds for seconds in took], "names/s")
        load = time_rounds(partial(Scorer.load, model))
        requests = run_alone(time_requests, model, list(iterate_hosts(REQUESTS)))
        for name, seconds in zip(("p50", "p99"), quantiles(requests, n=100)[49::49], strict=True):
            yield f"  one warm request inside the handler, {name}", f"{seconds * 1e6:,.0f} us"
        yield "  load and verify", format_spread([seconds * 1e3 for seconds in load], "ms", 1)


def time_probability(model: str) -> list[float]:
    """Return the seconds of each round of `probability()` on a million labels, in one thread."""
    scorer, labels = Scorer.load(model), distinct_labels(TOTAL)
    return time_rounds(lambda: scorer.probability(labels), 5)


def time_requests(model: str, names: list[str]) -> list[float]:
    """Return the seconds of one warm request after the other inside the Lambda's handler."""
    os.environ["MODEL"] = model
    sys.path.insert(0, str(ROOT / "lambda_app"))
    from app import app

    event = json.loads((ROOT / "tests" / "data" / "event.json").read_text())
    took = []
    for name in [names[0], *names]:
        event["body"] = json.dumps({"domain": name})
        with redirect_stdout(io.StringIO()):  # the line of the log is part of the time
            start = time.perf_counter()
            answer = app(event, None)
            took.append(time.perf_counter() - start)
        if answer["statusCode"] != 200:
            raise RuntimeError(answer["body"])
    return took[1:]
