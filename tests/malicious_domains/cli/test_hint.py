"""`score --hint`."""

from __future__ import annotations

import csv
import io
import json

from malicious_domains.families.likely_families import load_packaged
from tests.helpers.commands import run_here

NAMES = ("google.com", "xmqjtoevkbhrw.ru", "co.uk")


def test_a_column_more_in_csv() -> None:
    scored = run_here("score", "--hint", "--format", "csv", *NAMES)
    legitimate, flagged, refused = csv.DictReader(io.StringIO(scored.stdout))
    assert flagged["family_hint"] == str(load_packaged().classify("xmqjtoevkbhrw"))
    assert (legitimate["family_hint"], refused["family_hint"]) == ("", "")
    plain = csv.DictReader(io.StringIO(run_here("score", "--format", "csv", *NAMES).stdout))
    both = zip((legitimate, flagged, refused), plain, strict=True)
    assert all(x.pop("family_hint") is not None and x == y for x, y in both)


def test_in_json_lines_and_for_a_person() -> None:
    lines = run_here("score", "--hint", "--format", "jsonl", *NAMES).stdout.splitlines()
    legitimate, flagged, refused = map(json.loads, lines)
    assert flagged["family_hint"]["families"][0].keys() == {"family", "probability"}
    assert legitimate["family_hint"] is None
    assert "family_hint" not in refused
    table = run_here("score", "--hint", "--format", "table", *NAMES).stdout
    assert f"Likely families: {load_packaged().classify('xmqjtoevkbhrw')}." in table
    assert table.count("Likely families") == 1


def test_several_processes_say_the_same() -> None:
    many = [f"{name}" for name in NAMES[:2]] * 20
    one = run_here("score", "--hint", "--format", "csv", "--jobs", "1", *many)
    assert run_here("score", "--hint", "--format", "csv", "--jobs", "2", *many).stdout == one.stdout
