"""--engine spark: what it refuses, and a command as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.helpers.commands import ROOT, run, run_here

SCAN, SCORE = ("scan", "dns.json", "--out", "alarms"), ("score", "--input", "names.txt")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (*SCAN, "--engine", "spark", "--state", "days"),
            "does not support --state: leave out one of the two",
        ),
        ((*SCAN, "--engine", "spark", "--jobs", "2"), "does not support --jobs"),
        ((*SCAN[:2], "--engine", "spark"), "say where to write the alarms, --out DIR"),
        ((*SCAN, "--master", "local[2]"), "--master is for --engine spark"),
        ((*SCORE, "--engine", "spark", "--raw"), "does not support --raw"),
        ((*SCORE, "--engine", "spark"), "say what to read and where to write"),
        (("score", "a.com", "--engine", "spark"), "does not support [NAME]..."),
        ((*SCORE, "--out", "scored"), "--out is for --engine spark"),
        ((*SCORE, "--conf", "a=b"), "--conf is for --engine spark"),
        ((*SCORE, "--engine", "spark", "--out", "o", "--conf", "a"), "expected KEY=VALUE"),
    ],
)
def test_what_an_engine_does_not_know_is_refused(arguments: tuple[str, ...], message: str) -> None:
    refused = run_here(*arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr


def test_without_pyspark_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pyspark'] = None\nfrom malicious_domains.cli import main\n"
        f"sys.exit(main({[*SCORE, '--engine', 'spark', '--out', 'scored']!r}))"
    )
    failed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    told = "score: --engine spark needs pyspark: pip install 'malicious-domains[spark]'\n"
    assert (failed.returncode, failed.stderr) == (2, told)


@pytest.mark.slow
def test_a_command_starts_a_session_of_its_own(tmp_path: Path) -> None:
    """tests/malicious_domains/spark has the others in one session."""
    names, out = tmp_path / "names.txt", tmp_path / "scored"
    names.write_text("google.com\nxmqjtoevkbhrw.ru\n")
    options = ("--engine", "spark", "--master", "local[1]", "--conf", "spark.app.name=tried")
    scored = run("score", "--input", names, *options, "--out", out)
    assert (scored.returncode, scored.stdout) == (0, ""), scored.stderr
    assert [x["label"] for x in pq.read_table(out).to_pylist()] == [0, 1]
    assert scored.stderr.splitlines()[-2:] == [
        "score: 2 judged (1 flagged), 0 skipped, 0 invalid", f"score: written {out}",
    ]  # fmt: skip
