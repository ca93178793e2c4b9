"""The benchmarks run, in small: their figures are not looked at."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import client

ROOT = Path(__file__).parents[2]


def table(*subjects: str, status: int = 0) -> dict[str, str]:
    """Figures by what they are of, of a run a thousandth as large."""
    command = [sys.executable, "-m", "benchmarks", *subjects]
    environment = os.environ | {"BENCH_SHARE": "0.001"}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == status, run.stderr
    machine, *lines = run.stdout.splitlines()
    assert machine.startswith("machine: ")
    return {what.strip(): figure for what, figure in (re.split(r"  +", x.strip()) for x in lines)}


@pytest.mark.timing
def test_answers_on_a_kept_connection_do_not_wait(app_url: str) -> None:
    """In two pieces each would take 40 ms: Nagle's algorithm and a delayed acknowledgement."""
    load = client.single(app_url, [f"name{i}.com" for i in range(30)], 1)
    assert (load.errors, load.reconnected) == (0, 0)
    assert statistics.median(load.took) < 0.03


@pytest.mark.slow
def test_scoring_load_and_files_give_their_rows() -> None:
    figures = table("scoring", "load", "files")
    assert {
        "language: probability(), 1,000 distinct labels, one core",
        "num_words by a Python set and two loops",
        "classic: HTTP, 100 clients x 2 requests",
        "a batch of 1,000 names",
        "language: score of 1,000 distinct lines, processes: 1",
    } <= set(figures)
    assert all(re.search(r"\d", figure) for figure in figures.values())


@pytest.mark.slow
def test_scan_gives_its_rows_beside_the_floor() -> None:
    figures = table("scan")
    assert {
        "scan of 1,000 lines, whole process",
        "DuckDB reading 10,000 lines of TSV, counting pairs",
        "scan of 10,000 lines of JSON",
        "as a multiple of DuckDB's time",
    } <= set(figures)


@pytest.mark.slow
def test_others_give_their_rows_beside_ours() -> None:
    figures = table("others")
    assert {
        "classic: features by H2O's string functions, all cores",
        "scikit-learn, character n-grams: predict_proba, one core",
        "classic's errors on the validation split, known families",
    } <= set(figures)
    assert any("in Java" in what for what in figures)


def test_an_unknown_subject_is_refused_with_those_there_are() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "no subject speed; known are scoring, load" in run.stderr
