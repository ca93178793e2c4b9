"""Compare with dgaintel 2.3, a character CNN in TensorFlow, on the same labels in the same run.

dgaintel takes 1.7 GB, in a virtual environment of its own (Python 3.11, for TensorFlow 2.15):

    python3.11 -m venv build/dgaintel
    build/dgaintel/bin/python -m pip install dgaintel==2.3 tensorflow-cpu==2.15.1
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

from . import in_process
from .measure import (
    ROOT,
    Row,
    compare_times,
    format_rate,
    format_spread,
    one_core,
    run_alone,
    sized,
)
from .sample_labels import distinct_labels

PYTHON = ROOT / "build" / "dgaintel" / "bin" / "python"
LABELS = sized(10_000, 200)
SINGLE_LABELS = 50
_CODE = """
import json, sys, time
start = time.perf_counter()
from dgaintel import get_prob
took = {"import": [time.perf_counter() - start], "batch": [], "one": []}
names = [label + ".com" for label in sys.stdin.read().split()]
for kind, asked in [("batch", names)] * 4 + [("one", [name]) for name in names[:SINGLES]]:
    start = time.perf_counter()
    get_prob(asked, raw=True)
    took[kind].append(time.perf_counter() - start)
print(json.dumps(took))
"""


def rows() -> Iterator[Row]:
    """Yield the subject's rows; raise RuntimeError if dgaintel is not installed."""
    labels = distinct_labels(LABELS)
    with one_core():
        took = _run_dgaintel(labels)
    batch = took["batch"][1:]  # the first one traces the graph
    yield f"dgaintel: get_prob on {LABELS:,} names, one core", format_rate(LABELS, batch)
    yield compare_times(batch, run_alone(in_process.time_batches, "language", labels))
    yield "  one name, warm", format_spread([x * 1e3 for x in took["one"]], "ms", 1)
    singles = run_alone(in_process.time_single_labels, "language", labels[:SINGLE_LABELS])
    yield compare_times(took["one"], singles)
    yield "  import", f"{took['import'][0]:.1f} s"


def _run_dgaintel(labels: list[str]) -> dict[str, list[float]]:
    if not PYTHON.exists():
        raise RuntimeError(f"{PYTHON} is missing; install it as benchmarks/dgaintel.py says")
    run = subprocess.run(
        [str(PYTHON), "-c", _CODE.replace("SINGLES", str(SINGLE_LABELS))],
        input="\n".join(labels),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"dgaintel: {run.stderr[-2000:]}")
    took: dict[str, list[float]] = json.loads(run.stdout.splitlines()[-1])
    return took
