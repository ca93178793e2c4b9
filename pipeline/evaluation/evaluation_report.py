"""Write an evaluation as a folder: report.json for programs, index.html for people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import log10
from pathlib import Path

from malicious_domains.html import pages

from .results import Report, Row, to_json

_MODELS = ("classic", "language")
_PIPE = r"\|"  # in a Markdown table
_FORMATS = {"number": pages.format_number, "percent": pages.format_percent}
_SECTIONS = {  # a part of the report, which names its template and its id: the title
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


def write_report(report: Report, folder: Path) -> None:
    """Write report.json and index.html, which has no links to other files, into a folder.

    A number that is not finite is null in JSON, and a dash on the page.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report({"model": "classic", "attacks": []}, Path(folder))
    ...     Path(folder, "report.json").read_text().split()
    ['{', '"model":', '"classic"', '}']
    """
    text = json.dumps(to_json(report), indent=1, allow_nan=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    (folder / "index.html").write_text(render_page(report), encoding="utf-8")


def head_lines(report: Report) -> list[str]:
    """Return the report's first table in Markdown, line by line.

    >>> row = {"what": "AUC", "target": 0.97, "format": "number", "better": "higher"}
    >>> print(*head_lines({"head": [row | {"classic": 0.9, "language": 0.98}]}), sep="\\n")
    |  | classic | language | target |
    | --- | ---: | ---: | ---: |
    | AUC | 0.9000 | 0.9800 | ≥ 0.97 |
    """
    rows = [[x["what"], *(_shown(x, y) for y in _MODELS), _target(x)] for x in report["head"]]
    cells = [["", *_MODELS, "target"], ["---", "---:", "---:", "---:"], *rows]
    return [f"| {' | '.join(x.replace('|', _PIPE) for x in row)} |" for row in cells]


def render_page(report: Report) -> str:
    """Render the report as one HTML page; a section whose part is empty is left out."""
    sections = {key: title for key, title in _SECTIONS.items() if report.get(key)}
    filters = {x.__name__[1:]: x for x in (_shown, _target, _met, _trace)}
    template = pages.make_environment(__package__, filters).get_template("report.html")
    return template.render(what="evaluation", report=report, sections=sections, models=_MODELS)


def _shown(row: Row, model: str) -> str:
    """Format a model's figure as its row is formatted."""
    return _FORMATS[row["format"]](row[model])


def _target(row: Row) -> str:
    """Format a row's target, with the side that is better.

    >>> _target({"target": 0.02, "format": "percent", "better": "lower"})
    '≤ 2%'
    """
    if not pages.is_finite(row["target"]):
        return pages.NONE
    percent = row["format"] == "percent"
    value = f"{100 * row['target']:g}%" if percent else f"{row['target']:g}"
    return f"{'≤' if row['better'] == 'lower' else '≥'} {value}"


def _met(row: Row) -> bool | None:
    """Return whether the language model meets the target; None if one of them is missing."""
    if not (pages.is_finite(row["language"]) and pages.is_finite(row["target"])):
        return None
    sign = -1 if row["better"] == "lower" else 1
    return bool(sign * row["language"] >= sign * row["target"])


def _trace(across: Iterable[float], up: Iterable[float], decades: int = 0) -> str:
    """Return the points of a curve in an SVG of 100 by 100 units, without those not measured.

    decades: of a logarithmic x axis, which ends at 1; 0 for a linear one.

    >>> _trace([0.1, 1.0], [0.0, 1.0], decades=5)
    '80.0,100.0 100.0,0.0'
    """
    if decades:
        across = (1 + log10(max(x, 10.0**-decades)) / decades for x in across)
    points = (x for x in zip(across, up, strict=True) if pages.is_finite(x[1]))
    return " ".join(f"{100 * x:.1f},{100 - 100 * y:.1f}" for x, y in points)
