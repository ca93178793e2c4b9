"""Examples in docstrings hold, and run what is public in the rooms that users import."""

from __future__ import annotations

import doctest
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType, ModuleType

import pytest

ROOT = Path(__file__).parents[1]
TOPS = ("malicious_domains", "pipeline", "lambda_app/chalicelib", "benchmarks", "data")
ROOMS = ("names", "features", "model", "families", "clients")
# Public things of these rooms that no example runs: give a new one an example instead.
NO_EXAMPLE = {
    "common_labels.find_nxdomain_pairs",
    "common_labels.find_rare_pairs",
    "dga_index.DgaIndex.load",
    "dga_index.DgaIndex.save",
    "errors.Invalid.reason",
    "finding_json.describe_alarm",
    "finding_json.describe_name",
    "glm.Linear.contributions",
    "language_tables.Lexicon.arrays",
    "language_tables.Lexicon.load",
    "public_suffix.format_zones",
    "scorer.Scorer.list_probabilities",
    "segmentation.positions",
    "site.Site.load",
    "site.adapt_thresholds",
}


def name_module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = [
    name_module(path)
    for top in TOPS
    for path in sorted((ROOT / top).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


SLOW = ("malicious_domains.names.dga_index",)  # it builds an index


@pytest.mark.parametrize(
    "module", [pytest.param(x, marks=pytest.mark.slow) if x in SLOW else x for x in MODULES]
)
def test_the_examples_of_a_module_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert (result.failed, result.attempted > 0) == (0, True)


def list_public(module: ModuleType) -> Iterator[tuple[str, CodeType]]:
    """Yield the functions and methods that a module defines without an underscore."""
    own = {k: x for k, x in vars(module).items() if getattr(x, "__module__", "") == module.__name__}
    members = {
        f"{name}.{key}": member
        for name, x in own.items()
        if inspect.isclass(x) and not name.startswith("_")
        for key, member in vars(x).items()
    }
    for name, x in (own | members).items():
        x = x.__func__ if isinstance(x, classmethod | staticmethod) else x
        x = x.fget if isinstance(x, property) else x.func if isinstance(x, cached_property) else x
        code = getattr(inspect.unwrap(x), "__code__", None) if callable(x) else None
        if isinstance(code, CodeType) and not name.rpartition(".")[2].startswith("_"):
            yield name, code


def list_missing() -> Iterator[str]:
    """Yield what no example of the library's top or of the rooms runs."""
    rooms = [ROOT / "malicious_domains" / room for room in ROOMS]
    names = [name_module(path) for room in rooms for path in sorted(room.rglob("*.py"))]
    modules = [importlib.import_module(name) for name in ["malicious_domains", *names]]
    run = set[CodeType]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            run.add(frame.f_code)

    sys.setprofile(note)
    for module in modules:
        doctest.testmod(module)
    sys.setprofile(None)
    for module in modules:
        for name, code in list_public(module):
            if code not in run:
                yield f"{module.__name__.rpartition('.')[2]}.{name}"


@pytest.mark.slow
def test_examples_run_all_that_is_public() -> None:
    """In a process of its own, which has cached nothing yet."""
    code = "from tests.test_examples import list_missing; print(*list_missing())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (set(run.stdout.split()), run.stderr) == (NO_EXAMPLE, "")
