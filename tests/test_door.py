"""The library's one import."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import malicious_domains

ROOT = Path(__file__).parents[1]


def test_its_examples_are_so() -> None:
    result = doctest.testmod(malicious_domains)
    assert (result.failed, result.attempted > 5) == (0, True)


def test_what_it_promises_is_there_and_described() -> None:
    for name in set(malicious_domains.__all__) - {"__version__"}:
        assert getattr(malicious_domains, name).__doc__


def test_it_imports_numpy_and_nothing_heavier() -> None:
    code = (
        "import sys; from malicious_domains import Scorer; Scorer.load().score('google.com')\n"
        "print(*sorted({x.partition('.')[0] for x in sys.modules} - sys.stdlib_module_names))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {x for x in run.stdout.split() if not x.startswith("_")}
    started = {"cython_runtime", "sitecustomize"}  # by Python itself; Debian has the latter
    assert loaded - started <= {"lambda_app", "malicious_domains", "numpy"}
