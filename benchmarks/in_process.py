"""Run the scorer in a process of its own; import no more than the Lambda does."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from malicious_domains.model.scorer import Scorer

from .measure import ROOT, one_core, read_peak, time_rounds


class BatchRun(NamedTuple):
    """Times and memory of `probability()` on many labels."""

    seconds: list[float]  # of each round
    before: float  # peak MB before the first round: Python, NumPy, the labels, the artifact
    peak: float  # peak MB after the last one


def time_probability(model: str, path: Path, rounds: int) -> BatchRun:
    """Score the labels of a file, one a line, on one core."""
    labels = path.read_text().split()
    scorer = Scorer.load(model)
    before = read_peak()
    with one_core():
        took = time_rounds(lambda: scorer.probability(labels), rounds)
    return BatchRun(took, before, read_peak())


def time_batches(model: str, labels: list[str]) -> list[float]:
    """Return the seconds of each of five rounds of `probability()` on one core."""
    scorer = Scorer.load(model)
    with one_core():
        return time_rounds(lambda: scorer.probability(labels), 5)


def time_single_labels(model: str, labels: list[str]) -> list[float]:
    """Return the seconds that `score()` takes for each label, on one core, when it is warm."""
    scorer, took = Scorer.load(model), []
    with one_core():
        for label in [labels[0], *labels]:
            start = time.perf_counter()
            scorer.score(label)
            took.append(time.perf_counter() - start)
    return took[1:]


def time_requests(model: str, names: list[str]) -> list[float]:
    """Return the seconds of one warm request after the other inside the Lambda's handler."""
    os.environ["MODEL"] = model
    sys.path.insert(0, str(ROOT / "lambda_app"))
    from app import app

    event = json.loads((ROOT / "tests" / "data" / "event.json").read_text())
    took = []
    with one_core():
        for name in [names[0], *names]:
            event["body"] = json.dumps({"domain": name})
            with redirect_stdout(io.StringIO()):  # the line of the log is part of the time
                start = time.perf_counter()
                answer = app(event, None)
                took.append(time.perf_counter() - start)
            if answer["statusCode"] != 200:
                raise RuntimeError(answer["body"])
    return took[1:]
