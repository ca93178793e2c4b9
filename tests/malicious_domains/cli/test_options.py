"""Options of score that change what is judged, or how it is written."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

from malicious_domains.model.artifact import CHECKSUM, MODEL, PACKAGED, format_checksum
from tests.helpers.commands import run_here


def rows(*arguments: str) -> list[dict[str, str]]:
    scored = run_here("score", "--format", "csv", *arguments)
    assert scored.returncode == 0, scored.stderr
    return [*csv.DictReader(io.StringIO(scored.stdout))]


def test_zones_of_ones_own() -> None:
    host = "xmqjtoevkbhrw.dyn.example.com"
    assert [row["name"] for row in rows(host)] == ["example"]
    (chosen,) = rows("--chosen", "dyn.example.com", host)
    assert (chosen["name"], chosen["label"]) == ("xmqjtoevkbhrw", "1")
    (assigned,) = rows("--assigned", "duckdns.org", "xmqjtoevkbhrw.duckdns.org")
    assert (assigned["name"], assigned["label"]) == ("duckdns", "0")
    assert assigned["reason"] == "assigned: duckdns.org"


def test_a_zone_that_is_none_is_named() -> None:
    for option in ("--chosen", "--assigned"):
        failed = run_here("score", option, "no zone", "google.com")
        assert (failed.returncode, failed.stdout) == (2, "")
        assert "no zone" in failed.stderr
        assert "Traceback" not in failed.stderr


def test_cells_that_a_spreadsheet_would_run() -> None:
    formula = "=cmd|' /C calc'!A0"
    guarded = run_here("score", "--format", "csv", "--", formula)
    assert f"\n'{formula}," in guarded.stdout
    raw = run_here("score", "--format", "csv", "--raw", "--", formula)
    assert f"\n{formula}," in raw.stdout


def test_a_model_without_the_usual_point_is_judged_at_its_own(tmp_path: Path) -> None:
    """Unless another point was asked for."""
    folder = shutil.copytree(PACKAGED / "classic", tmp_path / "mine")
    metadata = json.loads((folder / MODEL).read_bytes()) | {"operating_points": []}
    text = json.dumps(metadata).encode()
    (folder / MODEL).write_bytes(text)
    (folder / CHECKSUM).write_bytes(format_checksum(text))
    scored = run_here("score", "-m", folder, "-f", "jsonl", "google.com")
    assert json.loads(scored.stdout)["operating_point"] == "max_f1"
    assert "no operating point 0.001" in scored.stderr
    failed = run_here("score", "-m", folder, "--operating-point", "0.001", "google.com")
    assert (failed.returncode, failed.stdout) == (2, "")
