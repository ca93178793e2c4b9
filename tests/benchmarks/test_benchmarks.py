"""Run the benchmarks in small, without looking at their figures."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as program
from benchmarks import load

ROOT = Path(__file__).parents[2]


def run_subjects(*subjects: str) -> dict[str, str]:
    """Return the figures of a run a thousandth as large, by what they measure."""
    command = [sys.executable, "-m", "benchmarks", *subjects]
    environment = os.environ | {"BENCH_SHARE": "0.001"}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    machine, *lines = run.stdout.splitlines()
    assert machine.startswith("machine: ")
    return {what.strip(): figure for what, figure in (re.split(r"  +", x.strip()) for x in lines)}


def test_answers_on_a_kept_connection_do_not_wait(app_url: str) -> None:
    """In two pieces each would take 40 ms: Nagle's algorithm and a delayed acknowledgement."""
    run = load.post_all(app_url, [{"domain": f"name{i}.com"} for i in range(60)], 1)
    assert run.errors == 0
    assert min(run.took) < 0.03


@pytest.mark.slow
def test_subjects_yield_their_rows() -> None:
    figures = run_subjects("scoring", "load", "files", "scan", "known")
    assert {
        "language: probability(), 1,000 distinct labels, one thread",
        "classic: HTTP, 100 clients x 2 requests",
        "a batch of 1,000 names",
        "language: score of 1,000 lines, processes: 1",
        "many pairs: DuckDB counting pairs, 4,000 lines",
        "few pairs: scan of 10,000 lines",
        "as a multiple of DuckDB's time",
        "matching 1,000 names",
        "universities: expected in it, found",
    } <= set(figures)
    banjori = figures["banjori: names; by match; with certainty; by the model"]
    assert banjori.startswith("15,372; 100%")
    assert all(re.search(r"\d", figure) for figure in figures.values())


def test_every_subject_yields_rows() -> None:
    for module, function in program.SUBJECTS.values():
        assert callable(getattr(importlib.import_module(f"benchmarks.{module}"), function))


def test_an_unknown_subject_is_an_error_that_lists_the_subjects() -> None:
    result = CliRunner().invoke(program.main, ["speed"])
    assert result.exit_code == 2
    assert "'speed' is not one of 'scoring', 'load'" in result.output
