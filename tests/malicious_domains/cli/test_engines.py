"""--engine spark: what it refuses, and the two commands as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.helpers.commands import ROOT, run, run_here
from tests.helpers.route53 import day

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
def test_a_scan_writes_parquet_and_ends_as_scan_does(tmp_path: Path) -> None:
    (tmp_path / "dns.json").write_text("".join(json.dumps(x) + "\n" for x in day(12)))
    out = tmp_path / "alarms"
    options = ("--engine", "spark", "--master", "local[2]", "--out", out)
    found = run("scan", tmp_path / "dns.json", *options, "--conf", "spark.sql.shuffle.partitions=2")
    assert (found.returncode, found.stdout) == (1, ""), found.stderr
    local = run("scan", tmp_path / "dns.json", "--format", "jsonl")
    clients = [json.loads(line)["client"] for line in local.stdout.splitlines()]
    assert pq.read_table(out)["client"].to_pylist() == clients
    said = [x for x in found.stderr.splitlines() if x.startswith("scan: ")]
    assert said == [*local.stderr.splitlines(), f"scan: written {out}"]
