"""Measure how long the Lambda takes to start, and the size of its package.

INIT is what AWS's emulator reports under AWS's runtime: the time from the start of Python until it
asks for the first event. The cases take turns, so that a drift of the machine affects all alike.
The floor is a function that imports Chalice and NumPy and has one route.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.release import package
from pipeline.release.local_server import APP

from .lambda_runtime import emulated
from .measure import Row, format_spread

ROUNDS = 20
PATH = "/malicious-domain-classifier"
BARE = "def app(event, context):\n    return {'statusCode': 200}\n"
CHALICE = f"""
from chalice.app import Chalice

app = Chalice(app_name="floor")


@app.route("{PATH}", methods=["POST"])
def answer():
    return {{}}
"""
FLOOR = "import numpy\n" + CHALICE


class Case(NamedTuple):
    """A folder to start, and its environment."""

    folder: Path
    environment: Mapping[str, str] = {}


class Times(NamedTuple):
    """Milliseconds of every start."""

    init: list[float]
    first: list[float]  # of the first request


def rows(rounds: int = ROUNDS) -> Iterator[Row]:
    """Yield the packages' sizes, INIT and first request of every case, and the app's multiple."""
    with tempfile.TemporaryDirectory(prefix="cold-start-") as name:
        folder = Path(name)
        for architecture in package.ARCHITECTURES:
            yield from _measure_sizes(
                package.build_package(folder / architecture, architecture), architecture
            )
        cases = _make_cases(folder, folder / package.X86_64 / "deployment.zip")
        times = _time_starts(cases, rounds)
        for case, took in times.items():
            yield f"{case}, INIT", format_spread(took.init, "ms", 1)
            yield f"{case}, first request", format_spread(took.first, "ms", 1)
        floor = statistics.median(times["Chalice and NumPy, no app (the floor)"].init)
        for model in ("language", "classic"):
            ratio = statistics.median(times[f"the app, {model}"].init) / floor
            yield f"the app, {model}, INIT as a multiple of the floor", f"{ratio:.2f}"


def _measure_sizes(zipped: Path, architecture: str) -> Iterator[Row]:
    unpacked = sum(entry.file_size for entry in zipfile.ZipFile(zipped).infolist())
    yield f"deployment zip, {architecture}", f"{zipped.stat().st_size / 1e6:.1f} MB"
    yield f"deployment zip, {architecture}, unpacked", f"{unpacked / 1e6:.1f} MB"


def _make_cases(folder: Path, zipped: Path) -> dict[str, Case]:
    app, raw = folder / "app", folder / "raw"
    zipfile.ZipFile(zipped).extractall(app)
    zipfile.ZipFile(package.run_chalice_package(folder / "chalice")).extractall(raw)
    bare = folder / "bare"
    bare.mkdir()
    (bare / "app.py").write_text(BARE)
    package.compile_modules(bare)
    return {
        "bare handler": Case(bare),
        "Chalice alone": Case(_replace_app(app, CHALICE, folder / "chalice-alone")),
        "Chalice and NumPy, no app (the floor)": Case(_replace_app(app, FLOOR, folder / "floor")),
        "the floor as Chalice packages it": Case(
            _replace_app(raw, FLOOR, folder / "raw-floor", False)
        ),
        "the app, language": Case(app, {"MODEL": "language"}),
        "the app, classic": Case(app, {"MODEL": "classic"}),
    }


def _replace_app(unpacked: Path, source: str, folder: Path, compiled: bool = True) -> Path:
    """Copy an unpacked package, with another app in it."""
    shutil.copytree(
        unpacked, folder, ignore=shutil.ignore_patterns("chalicelib", "malicious_domains")
    )
    (folder / "app.py").write_text(source)
    if compiled:
        package.compile_modules(folder)
    return folder


def _time_starts(cases: dict[str, Case], rounds: int) -> dict[str, Times]:
    times = {name: Times([], []) for name in cases}
    event = json.loads((APP.parent / "tests" / "data" / "event.json").read_text())
    event["body"] = json.dumps({"domain": "www.example.co.uk"})
    for _ in range(rounds):
        for name, case in cases.items():
            environment = package.read_variables() | dict(case.environment)
            with emulated(case.folder, environment=environment) as function:
                if function(event).get("statusCode") != 200:
                    raise SystemExit(f"{name} does not answer with 200:\n{function.log}")
                times[name].init.append(function.init)
                times[name].first.append(function.invocations[0])
    return times
