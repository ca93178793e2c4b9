"""What is measured of ours in a process of its own; imports no more than the Lambda does."""

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

from .measure import ROOT, one_core, peak, times


class Scoring(NamedTuple):
    """probability() on many labels."""

    seconds: list[float]  # of each round
    before: float  # MB at most before the first: Python, NumPy, the labels, the artifact
    peak: float  # MB at most after the last


def probability(model: str, path: Path, rounds: int) -> Scoring:
    """Score the labels of a file, one a line, on one core."""
    labels = path.read_text().split()
    scorer = Scorer.load(model)
    before = peak()
    with one_core():
        took = times(lambda: scorer.probability(labels), rounds)
    return Scoring(took, before, peak())


def batch(model: str, labels: list[str]) -> list[float]:
    """Seconds of each round of probability() on one core: ours, beside another's."""
    scorer = Scorer.load(model)
    with one_core():
        return times(lambda: scorer.probability(labels), 5)


def singly(model: str, labels: list[str]) -> list[float]:
    """Seconds of each label alone, after the first; parsed and explained, too."""
    scorer, took = Scorer.load(model), []
    with one_core():
        for label in [labels[0], *labels]:
            start = time.perf_counter()
            scorer.score(label)
            took.append(time.perf_counter() - start)
    return took[1:]


def requests(model: str, names: list[str]) -> list[float]:
    """Seconds of one request after the other inside the handler, of which the first is warm."""
    os.environ["MODEL"] = model
    sys.path.insert(0, str(ROOT / "lambda_app"))
    from app import app

    event = json.loads((ROOT / "tests" / "data" / "event.json").read_text())
    took = []
    with one_core():
        for name in [names[0], *names]:
            event["body"] = json.dumps({"domain": name})
            with redirect_stdout(io.StringIO()):  # the log's line, too, takes its time
                start = time.perf_counter()
                answer = app(event, None)
                took.append(time.perf_counter() - start)
            if answer["statusCode"] != 200:
                raise RuntimeError(answer["body"])
    return took[1:]
