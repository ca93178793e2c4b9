"""What a user would take instead, on the same labels in the same run."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import inside, other_h2o, other_java, other_ngrams
from .labels import distinct
from .measure import Row, alone, rate, sized

LABELS = sized(100_000, 500)
SINGLES = sized(2_000, 50)


def rows() -> Iterator[Row]:
    """The subject's rows."""
    labels = distinct(LABELS)
    ours = {model: alone(inside.batch, model, labels) for model in ("classic", "language")}
    for model, took in ours.items():
        yield f"{model}: ours, probability() on {LABELS:,} labels, one core", rate(LABELS, took)
    single = alone(inside.singly, "classic", labels[:SINGLES])
    yield "classic: ours, one label, warm", f"{statistics.median(single) * 1e6:,.0f} us"
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        yield from other_java.rows(Path(folder), labels, ours["classic"], single)
        yield from other_h2o.rows(Path(folder), labels, ours["classic"], single)
        yield from other_ngrams.rows(Path(folder), labels, ours["classic"], single)
