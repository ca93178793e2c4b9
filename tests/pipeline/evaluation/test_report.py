"""Write the report's page and its Markdown table."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pipeline.evaluation import evaluation_report
from pipeline.evaluation.results import (
    Report,
    Row,
    to_json,
)

HOSTILE = '<script>alert("x")</script>&\u202e'
NAN = math.nan
RECALL = {0.01: 0.9, 0.001: 0.75, 0.0001: 0.5}
TITLES = {
    "data": "Data",
    "head": "Results",
    "original": "Against the H2O demo",
    "curves": "Curves",
    "calibration": "Calibration",
    "operating_points": "Operating points",
    "families": "Families",
    "leave_family_out": "Unseen families",
    "sources": "Unseen sources",
    "lengths": "Length",
    "false_alarms": "Worst false alarms",
    "groups": "Worth of the features",
    "attacks": "Attacks by edits",
    "unseen_edits": "Edits missing in training",
    "audit": "What one feature can excuse",
    "traffic": "Client-days",
}


def curve(power: float) -> Row:
    shares = [x / 50 for x in range(51)]
    return {
        "roc": {"false_positive_rate": shares, "recall": [x**power for x in shares]},
        "precision_recall": {"recall": shares, "precision": [1 - x**9 / 2 for x in shares]},
    }


def rows(names: str, *values: tuple[Any, ...]) -> list[Row]:
    return [dict(zip(names.split(), row, strict=True)) for row in values]


def figures(theirs: float, classic: float, language: float) -> dict[str, Any]:
    return {"theirs": theirs, "classic": classic, "language": language}


def example() -> Report:
    """Return a full report, small, with something hostile wherever text comes from data."""
    return {
        "created": "2026-11-23T16:00:00+00:00",
        "model": HOSTILE,
        "data": rows(
            "rows legitimate malicious families description",
            (370_211, 200_000, 170_211, 35, HOSTILE),
        )[0],
        "head": rows(
            "what target classic language format better",
            ("AUC", 0.97, 0.91, 0.983, "number", "higher"),
            ("a|b", 0.02, 0.0211, NAN, "percent", "lower"),
            ("errors", 400, 560, 1_060, "number", "lower"),
        ),
        "original": {
            "threshold": figures(0.4935, 0.4356, 0.5),
            "rows": [{"what": HOSTILE} | figures(15_889, 15_886, NAN)],
            "error_rate": figures(0.0249, 0.0211, 0.0042),
        },
        "curves": {"classic": curve(0.1), "language": curve(0.05)},
        "calibration": rows(
            "predicted observed rows", (0.05, 0.06, 1200), (0.5, NAN, 0), (0.95, 0.97, 900)
        ),
        "operating_points": rows(
            "operating_point threshold true_negative false_positive false_negative true_positive "
            "false_positive_rate recall",
            ("max_f1", 0.47, 12_345, 10, 20, 3_000, 0.00001, 0.99),
            (0.001, 0.9, 12_355, 0, 3_020, 0, NAN, NAN),
        ),
        "families": [
            {"family": name, "rows": 100, "auc": 0.8, "recall": {**RECALL, 0.001: x / 12}}
            for x, name in enumerate([HOSTILE, *"bcdefghijkl"])
        ],
        "leave_family_out": rows(
            "folds macro_auc recall worst",
            ([[HOSTILE, "goz"], ["conficker"]], 0.97, RECALL, [HOSTILE]),
        )[0],
        "sources": rows(
            "source rows false_positive_rate at",
            (HOSTILE, 9, 0.02, {0.01: 0.03, 0.001: NAN, 0.0001: NAN}),
        ),
        "lengths": rows(
            "from to legitimate false_positive_rate malicious missed",
            (1, 3, 40, 0.1, 0, None),
            (4, 4, 50, 0.0, 7, 0.3),
        ),
        "false_alarms": rows(
            "name source probability segmentation unlikely",
            *((f"{HOSTILE}{i}", HOSTILE, 0.99, f"{HOSTILE}|d", HOSTILE) for i in range(32)),
        ),
        "groups": rows(
            "without features macro_auc recall",
            ("nothing", [HOSTILE], 0.98, RECALL),
            (HOSTILE, ["x"], 0.96, {0.01: 0.875, 0.001: 0.76, 0.0001: NAN}),
        ),
        "attacks": rows("edit missed", (HOSTILE, RECALL), ("best two edits", RECALL)),
        "unseen_edits": rows("edit missed missed_unseen", (HOSTILE, 0.25, 0.375)),
        "audit": rows("feature turned cheap", (HOSTILE, 0.125, True), ("entropy", 0.5, False)),
        "traffic": {
            "infected_days": 24,
            "clean": rows(
                "network codes client_days alarms bound", (HOSTILE, True, 20_000, 3, 4e-4)
            ),
            "rates": rows(
                "codes confidence score alarms client_days expected",
                (True, "high", 1.0, 3, 20_000, 0.175),
            ),
            "found": rows(
                "family kind codes nxdomain burst share",
                ("mean", "looks random", True, 0.97, True, {5: 0.98}),
                (HOSTILE, "looks random", False, None, False, {5: 0.4}),
            ),
        },
    }


def parsed(page: str) -> ElementTree.Element:
    """Return the page's tree; it is written so that XML's strict parser takes it too."""
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))


def text(page: str, section: str) -> str:
    found = parsed(page).find(f".//section[@id='{section}']")
    assert found is not None
    return re.sub(r"\s+", " ", " ".join(found.itertext()))


@pytest.fixture(scope="module")
def page() -> str:
    return evaluation_report.render_page(example())


def test_every_section_in_order(page: str) -> None:
    root = parsed(page)
    assert [x.text for x in root.iter("h2")] == list(TITLES.values())
    assert [x.get("href") for x in root.iter("a")] == [f"#{x}" for x in TITLES]
    assert page.count("<svg") == 3


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
    page = evaluation_report.render_page({key: example()[key]})
    assert [x.text for x in parsed(page).iter("h2")] == [TITLES[key]]


def test_nothing_at_all_is_a_page() -> None:
    assert not list(parsed(evaluation_report.render_page({})).iter("section"))


def test_the_files_are_the_page_and_the_report_with_null_for_nan(tmp_path: Path, page: str) -> None:
    evaluation_report.write_report(example(), tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == page  # the same twice
    read = json.loads((tmp_path / "report.json").read_text())
    assert list(read) == [*example()]
    assert read["calibration"][1]["observed"] is None
    recall = {"0.01": 0.9, "0.001": 0.75, "0.0001": 0.5}
    assert read["families"] == [
        {"family": name, "rows": 100, "auc": 0.8, "recall": {**recall, "0.001": x / 12}}
        for x, name in enumerate([HOSTILE, *"bcdefghijkl"])
    ]


def test_the_shape_of_the_json() -> None:
    """Programs read it: no key is renamed, and a part that is missing has none."""
    rates = ["0.01", "0.001", "0.0001"]
    beside = ["theirs", "classic", "language"]
    counts = ["true_negative", "false_positive", "false_negative", "true_positive"]
    found = to_json(example())
    assert keys(found["data"]) == ["rows", "legitimate", "malicious", "families", "description"]
    assert keys(found["head"]) == ["what", "target", "classic", "language", "format", "better"]
    assert keys(found["original"]) == ["threshold", "rows", "error_rate"]
    assert keys(found["original"]["threshold"]) == beside
    assert keys(found["original"]["rows"]) == ["what", *beside]
    assert keys(found["original"]["error_rate"]) == beside
    assert keys(found["curves"]) == ["classic", "language"]
    of_model = found["curves"]["classic"]
    assert keys(of_model) == ["roc", "precision_recall"]
    assert keys(of_model["roc"]) == ["false_positive_rate", "recall"]
    assert keys(of_model["precision_recall"]) == ["recall", "precision"]
    assert keys(found["calibration"]) == ["predicted", "observed", "rows"]
    at_threshold = ["operating_point", "threshold", *counts, "false_positive_rate", "recall"]
    assert keys(found["operating_points"]) == at_threshold
    assert keys(found["families"]) == ["family", "rows", "auc", "recall"]
    assert keys(found["leave_family_out"]) == ["folds", "macro_auc", "recall", "worst"]
    assert keys(found["leave_family_out"]["recall"]) == rates
    assert found["leave_family_out"]["folds"] == [[HOSTILE, "goz"], ["conficker"]]
    assert keys(found["sources"]) == ["source", "rows", "false_positive_rate", "at"]
    assert keys(found["sources"][0]["at"]) == rates
    lengths = ["from", "to", "legitimate", "false_positive_rate", "malicious", "missed"]
    assert keys(found["lengths"]) == lengths
    alarm = ["name", "source", "probability", "segmentation", "unlikely"]
    assert keys(found["false_alarms"]) == alarm
    assert keys(found["groups"]) == ["without", "features", "macro_auc", "recall"]
    traffic = ["infected_days", "clean", "rates", "found"]
    assert keys(found["traffic"]) == traffic
    shares = ["family", "kind", "codes", "nxdomain", "burst", "share"]
    assert keys(found["traffic"]["found"]) == shares
    assert to_json({"model": "classic"}) == {"model": "classic"}


def keys(part: Any) -> list[str]:
    """Return the keys of a part of the report, or of its first row."""
    return list(part[0] if isinstance(part, list) else part)


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


def test_the_worth_of_features(page: str) -> None:
    assert "0.9600 87.50% 76.00%" in text(page, "groups")


def test_the_target_is_judged(page: str) -> None:
    shown = text(page, "head")
    assert "≥ 0.97 ✓ met" in shown
    assert "≤ 400 ✗ missed" in shown


def test_the_originals_table_ends_with_the_error_rate(page: str) -> None:
    shown = text(page, "original")
    assert "threshold 0.4935 0.4356 0.5000" in shown
    assert "error rate 2.49% 2.11% 0.42%" in shown


def test_client_days(page: str) -> None:
    shown = text(page, "traffic")
    assert "with 20,000 3 0.04%" in shown
    assert "mean, looks random 97% NXDOMAIN, in a burst 98.00%" in shown
    assert "no response codes, over the day 40.00%" in shown


def test_small_rates_keep_their_digits(page: str) -> None:
    assert "0.001%" in text(page, "operating_points")


def test_head_lines() -> None:
    assert evaluation_report.head_lines(example()) == [
        "|  | classic | language | target |",
        "| --- | ---: | ---: | ---: |",
        "| AUC | 0.9100 | 0.9830 | ≥ 0.97 |",
        r"| a\|b | 2.11% | – | ≤ 2% |",
        "| errors | 560 | 1,060 | ≤ 400 |",
    ]
