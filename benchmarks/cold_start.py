"""Measure how long the Lambda takes to start, and the size of its package.

INIT is the time from the start of Python until AWS's runtime asks for the first event. The cases
take turns, so that a drift of the machine affects all alike. The floor is a function that imports
Chalice and NumPy and has one route.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.release import package
from pipeline.release.local_server import APP
from pipeline.release.stage_settings import read_config

from .lambda_runtime import emulated
from .measure import Row, format_spread, sized

ROUNDS = sized(20)
PATH = "/malicious-domain-classifier"
FLOOR = f"""
import numpy
from chalice.app import Chalice

app = Chalice(app_name="floor")


@app.route("{PATH}", methods=["POST"])
def answer():
    return {{}}
"""
FLOOR_CASE = "Chalice and NumPy, no app (the floor)"


def rows() -> Iterator[Row]:
    """Yield the packages' sizes, INIT and first request of every case, and the app's multiple."""
    with tempfile.TemporaryDirectory(prefix="cold-start-") as name:
        folder = Path(name)
        for kind in package.ARCHITECTURES:
            zipped = package.build_package(folder / kind, kind)
            size = package.describe_zip(zipped).rpartition(", ")[0]
            yield f"deployment zip, {kind}", size
        times = _time_starts(_make_cases(folder, folder / package.X86_64 / "deployment.zip"))
        floor = statistics.median(init for init, _ in times[FLOOR_CASE])
        for case, took in times.items():
            init, first = zip(*took, strict=True)
            yield f"{case}, INIT", format_spread(init, "ms", 1)
            yield "  as a multiple of the floor", f"{statistics.median(init) / floor:.2f}"
            yield "  first request", format_spread(first, "ms", 1)


def _make_cases(folder: Path, zipped: Path) -> dict[str, tuple[Path, str]]:
    """Unpack what is compared; return the folder to start, and the model, of each case."""
    app, floor = folder / "app", folder / "floor"
    zipfile.ZipFile(zipped).extractall(app)
    shutil.copytree(app, floor, ignore=shutil.ignore_patterns("chalicelib", "malicious_domains"))
    (floor / "app.py").write_text(FLOOR)
    package.compile_modules(floor)
    return {
        FLOOR_CASE: (floor, ""),
        "the app, language": (app, "language"),
        "the app, classic": (app, "classic"),
    }


def _time_starts(cases: dict[str, tuple[Path, str]]) -> dict[str, list[tuple[float, float]]]:
    """Start each case in turn; return the milliseconds of INIT and of the first request."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    event = json.loads((APP.parent / "tests" / "data" / "event.json").read_text())
    event["body"] = json.dumps({"domain": "www.example.co.uk"})
    for _ in range(ROUNDS):
        for name, (folder, model) in cases.items():
            environment = read_config("dev").environment_variables | {"MODEL": model}
            with emulated(folder, environment=environment) as function:
                if function(event).get("statusCode") != 200:
                    raise RuntimeError(f"{name} does not answer with 200:\n{function.log}")
                times[name].append((function.init, function.invocations[0]))
    return times
