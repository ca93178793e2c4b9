"""Training as a user runs it, whole processes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.corpus import embedded
from pipeline.h2o_cluster.cluster import cluster

from .measure import Row, pipeline, spread, times


def rows() -> Iterator[Row]:
    """The subject's rows."""
    yield "H2O, start and stop", spread(times(_h2o, 3), "s", 2)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        data, out = Path(folder) / "embedded.csv", str(Path(folder) / "model")
        embedded.write(data)
        took = pipeline("train", "--features", "classic", "--data", str(data), "--out", out)
        what = "train classic on 165,579 rows, prove and export, whole process"
        yield what, f"{took.seconds:.1f} s"
        took = pipeline("train", "--out", out)
        yield "train language, its corpus made first, whole process", f"{took.seconds:.1f} s"


def _h2o() -> None:
    with cluster():
        pass
