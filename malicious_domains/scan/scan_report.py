"""Findings as a folder: index.html for people, alarms.jsonl for programs."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np

from .. import __version__
from ..html.environment import make_environment
from . import alarm_formats, plots, terminal
from .findings import Findings
from .timeline import HEIGHT, WIDTH, timeline

DRAWN = 200  # clients with a timeline
ROWS = 2000  # clients in the table
_SECTIONS = {  # a template and id: the title
    "alarms": "Alarms",
    "clients": "Each client's day",
    "shared": "Odd names that clients share",
    "scores": "Scores",
    "answers": "Answers",
    "lines": "What became of every line",
    "made": "How this was made",
}


def write(findings: Findings, folder: Path, command: Sequence[str]) -> None:
    """Write the report into a folder; its page is bounded however many alarms there are.

    command: the words of the command line, which are shown.
    """
    (folder / "index.html").write_text(page(findings, command), encoding="utf-8")
    with (folder / "alarms.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(alarm_formats.objects(findings))


def page(findings: Findings, command: Sequence[str]) -> str:
    """One HTML file without links and without JavaScript."""
    empty = {
        "shared": not findings.shared,
        "clients": not findings.alarmed,
        "scores": not findings.scores,
        "answers": not findings.coded,
    }
    own = (terminal.why, terminal.worst, terminal.moment, terminal.date, timeline)
    template = make_environment(__package__, {x.__name__: x for x in own}).get_template(
        "report.html"
    )
    text = template.render(
        what="scan",
        sections={key: title for key, title in _SECTIONS.items() if not empty.get(key)},
        findings=findings,
        days=_days(findings),
        command=shlex.join(command),
        versions=_versions(),
        show=terminal,
        plots=plots,
        drawn=DRAWN,
        rows=ROWS,
        width=WIDTH,
        height=HEIGHT,
    )
    # A byte of a log that is no text has no place in a file of UTF-8.
    return text.encode("utf-8", "backslashreplace").decode()


def _days(findings: Findings) -> str:
    """The days of the alarms, as one text."""
    days = sorted({x.day for x in findings.alarmed if x.day is not None})
    if not days:
        return ""
    first, last = terminal.date(days[0]), terminal.date(days[-1])
    return str(first) if first == last else f"{first} to {last}"


def _versions() -> dict[str, str]:
    return {
        "malicious-domains": __version__,
        "DuckDB": duckdb.__version__,
        "NumPy": np.__version__,
        "Python": platform.python_version(),
    }
