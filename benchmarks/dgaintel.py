"""dgaintel 2.3, a character CNN in TensorFlow, beside ours; only where it is installed.

It needs 1.7 GB, in a virtual environment of its own that is no part of this
project's (Python 3.11, as TensorFlow 2.15 wants it):

    python3.11 -m venv build/dgaintel
    build/dgaintel/bin/python -m pip install dgaintel==2.3 tensorflow-cpu==2.15.1
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

from . import inside
from .labels import distinct
from .measure import ROOT, Row, against, alone, one_core, rate, sized, spread

PYTHON = ROOT / "build" / "dgaintel" / "bin" / "python"
LABELS = sized(10_000, 200)
SINGLES = 50
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
    """The rows; raises RuntimeError with what to do if it is not installed."""
    labels = distinct(LABELS)
    with one_core():
        took = _measure(labels)
    batch = took["batch"][1:]  # the first traces the graph
    yield f"dgaintel: get_prob on {LABELS:,} names, one core", rate(LABELS, batch)
    yield against(batch, alone(inside.batch, "language", labels))
    yield "  one name, warm", spread([x * 1e3 for x in took["one"]], "ms", 1)
    yield against(took["one"], alone(inside.singly, "language", labels[:SINGLES]))
    yield "  import", f"{took['import'][0]:.1f} s"


def _measure(labels: list[str]) -> dict[str, list[float]]:
    if not PYTHON.exists():
        raise RuntimeError(f"no {PYTHON}: how to make it stands in benchmarks/dgaintel.py")
    code = _CODE.replace("SINGLES", str(SINGLES))
    run = subprocess.run(
        [str(PYTHON), "-c", code],
        input="\n".join(labels),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"dgaintel: {run.stderr[-2000:]}")
    took: dict[str, list[float]] = json.loads(run.stdout.splitlines()[-1])
    return took
