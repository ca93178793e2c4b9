"""`score` on whole files, as a user runs it: time and memory as lines grow."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from malicious_domains.features.registry import SETS
from malicious_domains.scoring.workers import cores

from .labels import TOTAL, hosts
from .measure import Row, pipeline, sized

LINES = (sized(100_000), sized(500_000), TOTAL)


def rows() -> Iterator[Row]:
    """The subject's rows."""
    took = pipeline("score", "google.com", rounds=sized(5))
    yield "score of one name, whole process", f"{took.seconds:.2f} s"
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "hosts.txt"
        for lines in LINES:
            with path.open("w") as file:
                file.writelines(f"{host}\n" for host in hosts(lines))
            for model in SETS:
                yield from _score(model, path, lines)


def _score(model: str, path: Path, lines: int) -> Iterator[Row]:
    for jobs in (1, cores()):
        command = ("--model", model, "--format", "csv", "--jobs", str(jobs), "--input", str(path))
        took, peak, _ = pipeline("score", *command, rounds=sized(3))
        yield f"{model}: score of {lines:,} distinct lines, processes: {jobs}", f"{took:.2f} s"
        yield "  lines a second, start included", f"{lines / took:,.0f}"
        yield "  peak memory of its largest process", f"{peak:,.0f} MB"
