"""Findings as a folder: index.html for people, alarms.jsonl for programs."""

from __future__ import annotations

import math
import platform
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from .. import __version__
from ..clients.client_day import QueriedName
from ..clients.finding_json import format_date, format_time
from ..html.pages import make_environment
from . import terminal
from .alarm_formats import format_jsonl
from .client_names import ClientNames
from .events_db import EventsDatabase
from .findings import Finding, Findings
from .reading.read_logs import Reading
from .reading.second_reading import find_places
from .verdicts import key_of

MAX_TIMELINES = 200  # clients with a timeline and the places of their evidence
MAX_NAMES = 20  # of an alarm
MAX_ROWS = 2000  # clients in the table
_SECTIONS = {  # a template and id: the title
    "alarms": "Alarms",
    "next": "What to do next",
    "clients": "Each client's day",
    "shared": "Suspicious names that clients share",
    "answers": "Answers",
    "lines": "What became of every line",
    "made": "How this was made",
}


def write_report(findings: Findings, folder: Path, command: Sequence[str]) -> None:
    """Write the report into a folder; its page is bounded however many alarms there are.

    command: the words of the command line, which are shown.
    """
    (folder / "index.html").write_text(render_page(findings, command), encoding="utf-8")
    with (folder / "alarms.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(format_jsonl(findings))


def render_page(findings: Findings, command: Sequence[str]) -> str:
    """Return one HTML file without links and without JavaScript."""
    empty = {
        "shared": not findings.shared,
        "clients": not findings.alarmed,
        "next": not findings.alarmed,
        "answers": not findings.has_rcodes,
    }
    filters: dict[str, Callable[..., Any]] = {"time": format_time, "date": format_date}
    filters |= {"clauses": terminal.list_clauses, "timeline": _arrange_timeline}
    text = (
        make_environment(__package__, filters)
        .get_template("report.html")
        .render(
            what="scan",
            sections={key: title for key, title in _SECTIONS.items() if not empty.get(key)},
            findings=findings,
            command=shlex.join(command),
            versions={
                "malicious-domains": __version__,
                "DuckDB": duckdb.__version__,
                "Python": platform.python_version(),
            },
            terminal=terminal,
            max_timelines=MAX_TIMELINES,
            max_rows=MAX_ROWS,
            max_names=MAX_NAMES,
            width=_WIDTH,
            height=_HEIGHT,
        )
    )
    # A log's byte that is not UTF-8 cannot be written as such.
    return text.encode("utf-8", "backslashreplace").decode()


# --- the timeline of a client's day ---

_WIDTH, _HEIGHT = 720, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 30, 26, 24
_MAX_DOTS = 300  # names drawn, those of the most weight


class Timeline(NamedTuple):
    """The points of a plot, in its own pixels, and how many names are left out."""

    dots: list[tuple[float, float, QueriedName, bool]]  # x, y, a name, whether an alarm names it
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    left_out: int


def _arrange_timeline(finding: Finding) -> Timeline:
    """Return a client's rare names by time and weight; by their order if none has a time."""
    names = finding.rare_names
    timed = any(x.first_seen == x.first_seen for x in names)
    indices = [i for i, x in enumerate(names) if not timed or x.first_seen == x.first_seen]
    indices = sorted(sorted(indices, key=lambda i: -names[i].weight)[:_MAX_DOTS])
    if not indices:
        return Timeline([], [], [], len(names))
    times = {i: names[i].first_seen if timed else float(i) for i in indices}
    start, end = min(times.values()), max(times.values())
    weights = [names[i].weight for i in indices]
    low, high = min(0.0, math.floor(min(weights))), max(1.0, math.ceil(max(weights)))
    in_alarm = {x.name for alarm in finding.alarms for x in finding.list_names(alarm)}

    def place_x(time: float) -> float:
        share = (time - start) / (end - start) if end > start else 0.5
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * share, 1)

    def place_y(weight: float) -> float:
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - weight) / (high - low), 1)

    dots = [
        (place_x(times[i]), place_y(x.weight), x, x.name in in_alarm)
        for i, x in ((i, names[i]) for i in indices)
    ]
    ends = {start, end} if timed else ()
    style = "%H:%M" if end - start >= 300 else "%H:%M:%S"
    x_ticks = [(place_x(x), f"{datetime.fromtimestamp(x, UTC):{style}}") for x in sorted(ends)]
    y_ticks = [(place_y(x), f"{x:g}") for x in sorted({low, 0.0, high})]
    return Timeline(dots, x_ticks, y_ticks, len(names) - len(dots))


# --- where the evidence stands ---


def add_places(
    findings: Findings, database: EventsDatabase, reading: Reading, clients: ClientNames
) -> Findings:
    """Return findings with the places of each alarm's first names, and of the first that resolve.

    Reads the logs once more.
    """
    first, rest = findings.alarmed[:MAX_TIMELINES], findings.alarmed[MAX_TIMELINES:]
    queries = database.find_queries([y for x in first for y in _list_shown(x)])
    located = find_places(reading.files, {query for _, query in queries}, reading.zone)
    places = {(clients.name_client(x), *key): place for (x, *key), place in located.items() if x}

    def locate(x: Finding) -> Finding:
        key = key_of(x)
        own = ((name, places.get((*key, query))) for name, query in reversed(queries))
        return replace(x, places={name: place for name, place in own if place})

    return replace(findings, alarmed=[*map(locate, first), *rest])


def _list_shown(x: Finding) -> list[str]:
    return [
        y.name
        for names in map(x.list_names, x.alarms)
        for y in [*names[:MAX_NAMES], *[y for y in names if not y.nxdomain][:MAX_NAMES]]
    ]
