"""Measure `score` on whole files, as a user runs it: time and memory as the lines grow."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from malicious_domains.features.registry import SETS
from malicious_domains.inputs.ordered_pool import default_jobs

from .measure import Row, run_pipeline, sized
from .sample_labels import TOTAL, iterate_hosts

LINES = (sized(100_000), sized(500_000), TOTAL)


def rows() -> Iterator[Row]:
    """Yield the subject's rows."""
    took = run_pipeline("score", "google.com", rounds=sized(5))
    yield "score of one name, whole process", f"{took.seconds:.2f} s"
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "hosts.txt"
        for lines in LINES:
            with path.open("w") as file:
                file.writelines(f"{host}\n" for host in iterate_hosts(lines))
            for model in SETS:
                yield from _score_file(model, path, lines)


def _score_file(model: str, path: Path, lines: int) -> Iterator[Row]:
    for jobs in (1, default_jobs()):
        options = ("--model", model, "--format", "csv", "--jobs", str(jobs), "--input", str(path))
        took = run_pipeline("score", *options, rounds=sized(3))
        what = f"{model}: score of {lines:,} distinct lines, processes: {jobs}"
        yield what, f"{took.seconds:.2f} s"
        yield "  lines a second, start included", f"{lines / took.seconds:,.0f}"
        yield "  peak memory of its largest process", f"{took.peak:,.0f} MB"
