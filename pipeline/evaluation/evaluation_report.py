"""An evaluation as a folder: report.json for programs, index.html for people."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment

from malicious_domains.html.environment import make_environment

from . import filters, plots
from .results import FamilyResult, Report, to_json

_MODELS = ("classic", "language")
_PIPE = r"\|"  # in a Markdown table
_SECTIONS = {  # a field of the report, its template and id: the title
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
    "traffic": "Client-days",
}


def write(report: Report, folder: Path) -> None:
    """Write report.json and index.html, one file without links, into the folder.

    A number that is not finite is written as null, which JSON has, and shown as a dash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(to_json(report), indent=1, allow_nan=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    (folder / "index.html").write_text(page(report), encoding="utf-8")


def head_lines(report: Report) -> list[str]:
    """The report's first table in Markdown, line by line."""
    rows = [
        [x.what, *(filters.shown(x, y) for y in _MODELS), filters.target(x)] for x in report.head
    ]
    cells = [["", *_MODELS, "target"], ["---", "---:", "---:", "---:"], *rows]
    return [f"| {' | '.join(x.replace('|', _PIPE) for x in row)} |" for row in cells]


def page(report: Report) -> str:
    """The report as one HTML page; a section whose part is empty is left out."""
    sections = {key: title for key, title in _SECTIONS.items() if getattr(report, key)}
    template = _environment().get_template("report.html")
    return template.render(
        what="evaluation", report=report, sections=sections, plots=plots, models=_MODELS
    )


def _environment() -> Environment:
    of_rows = (filters.shown, filters.target, filters.difference, _worst_first)
    return make_environment(__package__, {x.__name__.lstrip("_"): x for x in of_rows})


def _worst_first(families: list[FamilyResult]) -> list[FamilyResult]:
    return sorted(families, key=FamilyResult.rank)
