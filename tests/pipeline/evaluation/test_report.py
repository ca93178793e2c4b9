"""The report's page and its Markdown table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pipeline.evaluation import html, report

HOSTILE = '<script>alert("x")</script>&\u202e'
RECALL = {"0.01": 0.9, "0.001": 0.75, "0.0001": 0.5}
TITLES = {
    "data": "Data",
    "head": "Results",
    "original": "Against the original",
    "curves": "Curves",
    "histogram": "Scores",
    "calibration": "Calibration",
    "operating_points": "Operating points",
    "families": "Families",
    "leave_family_out": "Unseen families",
    "sources": "Unseen sources",
    "lengths": "Length",
    "false_alarms": "Worst false alarms",
    "groups": "Worth of the features",
}


def curve(power: float) -> dict[str, Any]:
    shares = [x / 50 for x in range(51)]
    return {
        "roc": {"false_positive_rate": shares, "recall": [x**power for x in shares]},
        "precision_recall": {"recall": shares, "precision": [1 - x**9 / 2 for x in shares]},
    }


def example() -> dict[str, Any]:
    """A full report, small, with something hostile wherever text comes from data."""
    return {
        "created": "2026-11-23T16:00:00+00:00",
        "model": HOSTILE,
        "data": {"rows": 370_211, "families": 35, "description": HOSTILE},
        "head": [
            {"what": "AUC", "classic": 0.91, "language": 0.983, "target": 0.97},
            {"what": "a|b", "classic": 0.0211, "language": None, "target": 0.02}
            | {"better": "lower", "format": "percent"},
            {"what": "errors", "classic": 560, "language": 1_060, "target": 400}
            | {"better": "lower"},
        ],
        "original": {
            "threshold": {"theirs": 0.4935, "classic": 0.4356, "language": 0.5},
            "rows": [{"what": HOSTILE, "theirs": 15_889, "classic": 15_886, "language": None}],
            "error_rate": {"theirs": 0.0249, "classic": 0.0211, "language": 0.0042},
        },
        "curves": {"classic": curve(0.1), "language": curve(0.05)},
        "histogram": {"edges": [-2, -1, 0, 1], "legitimate": [9, 3, 0], "malicious": [0, 5, 900]},
        "calibration": [
            {"predicted": 0.05, "observed": 0.06, "rows": 1200},
            {"predicted": 0.5, "observed": float("nan"), "rows": 0},
            {"predicted": 0.95, "observed": 0.97, "rows": 900},
        ],
        "operating_points": [
            {"operating_point": "max_f1", "threshold": 0.47, "true_negative": 12_345}
            | {"false_positive": 10, "false_negative": 20, "true_positive": 3_000}
            | {"false_positive_rate": 0.00001, "recall": 0.99},
            {"operating_point": 0.001, "threshold": 0.9},
        ],
        "families": [
            {"family": name, "rows": 100, "auc": 0.8, "recall": {**RECALL, "0.001": x / 12}}
            for x, name in reversed(list(enumerate([HOSTILE, *"bcdefghijkl"])))
        ],
        "leave_family_out": {"folds": [[HOSTILE, "goz"], ["conficker"]], "macro_auc": 0.97}
        | {"recall": RECALL, "worst": [HOSTILE]},
        "sources": [
            {"source": HOSTILE, "rows": 9, "false_positive_rate": 0.02, "at": {"0.01": 0.03}}
        ],
        "lengths": [
            {"from": 1, "to": 3, "legitimate": 40, "false_positive_rate": 0.1}
            | {"malicious": 0, "missed": None},
            {"from": 4, "to": 4, "legitimate": 50, "false_positive_rate": 0.0}
            | {"malicious": 7, "missed": 0.3},
        ],
        "false_alarms": [
            {"name": f"{HOSTILE}{i}", "source": HOSTILE, "probability": 0.99}
            | {"segmentation": f"{HOSTILE}|d", "unlikely": HOSTILE}
            for i in range(32)
        ],
        "groups": [
            {"without": "nothing", "features": [HOSTILE], "macro_auc": 0.98, "recall": RECALL},
            {"without": HOSTILE, "features": ["x"], "macro_auc": 0.96}
            | {"recall": {"0.01": 0.875, "0.001": 0.76}},
        ],
    }


def parsed(page: str) -> ElementTree.Element:
    """The page's tree; it is written so that XML's strict parser takes it too."""
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))


def text(page: str, section: str) -> str:
    found = parsed(page).find(f".//section[@id='{section}']")
    assert found is not None
    return re.sub(r"\s+", " ", " ".join(found.itertext()))


@pytest.fixture(scope="module")
def page() -> str:
    return report.page(html.finite(example()))


def test_every_section_in_order(page: str) -> None:
    root = parsed(page)
    assert [x.text for x in root.iter("h2")] == list(TITLES.values())
    assert [x.get("href") for x in root.iter("a")] == [f"#{x}" for x in TITLES]
    assert page.count("<svg") == 5


def test_one_file_without_script_or_link(page: str) -> None:
    assert not re.search(r"<(script|link|img|iframe|object)\b|@import|url\((?!#)", page)
    assert all(x.startswith("#") for x in re.findall(r'(?:href|src)="([^"]*)"', page))
    names = re.findall(r' id="([^"]*)"', page)
    assert len(names) == len(set(names))
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', page)) <= set(names)


def test_what_is_hostile_is_text(page: str) -> None:
    assert "\u202e" not in page
    assert page.count("&lt;script&gt;") > 100
    assert not list(parsed(page).iter("script"))


@pytest.mark.parametrize("key", TITLES)
def test_a_section_without_its_key_is_left_out(key: str) -> None:
    part = {key: example()[key]}
    assert [x.text for x in parsed(report.page(html.finite(part))).iter("h2")] == [TITLES[key]]


def test_nothing_at_all_is_a_page() -> None:
    assert not list(parsed(report.page({})).iter("section"))


def test_the_files_are_the_same_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        report.write(example(), tmp_path / name)
    for name in ("report.json", "index.html"):
        one, two = (tmp_path / x / name for x in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_the_json_is_the_report_with_null_for_nan(tmp_path: Path) -> None:
    report.write(example(), tmp_path)
    read = json.loads((tmp_path / "report.json").read_text())
    assert list(read) == list(example())
    assert read["calibration"][1]["observed"] is None
    assert read["families"] == example()["families"]


def test_families_worst_first_and_ten_marked(page: str) -> None:
    shown = text(page, "families")
    assert shown.count("worst ten") == 10
    assert shown.index("script") < shown.index(" b ") < shown.index(" k ") < shown.index(" l ")
    assert 'style="width:50.0%"' in page


def test_thirty_false_alarms_and_the_rest_folded(page: str) -> None:
    section = parsed(page).find(".//section[@id='false_alarms']")
    assert section is not None
    assert len(section.findall("./figure//tbody/tr")) == 30
    assert len(section.findall("./details//tbody/tr")) == 2


def test_differences_to_the_whole_model(page: str) -> None:
    shown = text(page, "groups")
    assert "0.9600 −0.0200" in shown
    assert "87.50% −2.50" in shown
    assert "76.00% +1.00" in shown


def test_the_better_is_bold_and_the_target_judged(page: str) -> None:
    assert "<b>0.9830</b>" in page
    assert "<b>560</b>" in page
    shown = text(page, "head")
    assert "≥ 0.97 ✓ met" in shown
    assert "≤ 400 ✗ missed" in shown


def test_the_originals_table_ends_with_the_error_rate(page: str) -> None:
    shown = text(page, "original")
    assert "threshold 0.4935 0.4356 0.5000" in shown
    assert "error rate 2.49% 2.11% 0.42%" in shown


def test_small_rates_keep_their_digits(page: str) -> None:
    assert "0.001%" in text(page, "operating_points")


def test_head_lines() -> None:
    assert report.head_lines(example()) == [
        "|  | classic | language | target |",
        "| --- | ---: | ---: | ---: |",
        "| AUC | 0.9100 | 0.9830 | ≥ 0.97 |",
        r"| a\|b | 2.11% | – | ≤ 2% |",
        "| errors | 560 | 1,060 | ≤ 400 |",
    ]
