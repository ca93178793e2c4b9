"""allow build: from a list of the web to one that score takes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.helpers.commands import run_here

DGA = "xmqjtoevkbhrw.com"
RANKED = f"1,google.com\n2,{DGA}\n3,qqxqxqwwq.com\n"


@pytest.fixture
def ranked(tmp_path: Path) -> Path:
    path = tmp_path / "tranco.csv.gz"
    path.write_bytes(gzip.compress(RANKED.encode()))
    return path


def test_a_list_of_the_web_is_compiled_and_allows_its_first_names(
    ranked: Path, tmp_path: Path
) -> None:
    out = tmp_path / "allow.npy"
    built = run_here("allow", "build", ranked, "--top", "2", "--out", out)
    assert (built.returncode, built.stderr) == (0, f"{out}: 2 names, {out.stat().st_size} bytes\n")
    scored = run_here("score", "--format", "csv", "--allow", out, f"www.{DGA}", "qqxqxqwwq.com")
    allowed, other = scored.stdout.splitlines()[1:]
    assert (allowed.split(",")[2], allowed.endswith(f"judged,allowed: {DGA},")) == ("0", True)
    assert other.split(",")[2] == "1"


def test_lists_are_put_together(ranked: Path, tmp_path: Path) -> None:
    ours, out = tmp_path / "ours.txt", tmp_path / "allow.npy"
    ours.write_text("# ours\nintra.example\ngoogle.com\n")
    built = run_here("allow", "build", ranked, ours, "--out", out)
    assert "4 names" in built.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.csv", "--out", "allow.npy"], "absent.csv: no allow list"),
        (["/dev/null", "--out", "allow.npy"], "no name in /dev/null"),
        (["/dev/null", "--out", "allow.txt"], "must end in .npy"),
        (["/dev/null", "--out", "absent/allow.npy"], "there is no folder absent"),
        (["/dev/null", "--out", "allow.npy", "--top", "0"], "--top"),
        (["--out", "allow.npy"], "LIST"),
    ],
)
def test_what_cannot_be_built_is_said(arguments: list[str], message: str) -> None:
    failed = run_here("allow", "build", *arguments)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_compiled_list_has_no_order(ranked: Path, tmp_path: Path) -> None:
    out = tmp_path / "allow.npy"
    run_here("allow", "build", ranked, "--out", out)
    before = out.read_bytes()
    failed = run_here("allow", "build", out, "--top", "1", "--out", out)
    assert failed.returncode == 2
    assert "compiled, and has no first names" in failed.stderr
    assert out.read_bytes() == before
