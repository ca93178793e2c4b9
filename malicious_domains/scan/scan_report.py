"""Findings as a folder: index.html for people, alarms.jsonl for programs."""

from __future__ import annotations

import math
import platform
import shlex
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from .. import __version__
from ..clients.finding_json import format_date, format_time
from ..html.pages import make_environment
from ..html.plots import draw_svg, put_legend_above
from . import terminal
from .alarm_formats import format_jsonl
from .findings import Finding, Findings

MAX_TIMELINES = 200  # clients with a timeline
MAX_ROWS = 2000  # clients in the table
MAX_NAMES = 20  # of an alarm
_SECTIONS = {  # a template and id: the title
    "alarms": "Alarms",
    "next": "What to do next",
    "clients": "Each client's day",
    "shared": "Suspicious names that clients share",
    "scores": "Scores",
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
        "scores": not findings.scores,
        "answers": not findings.has_rcodes,
    }
    filters: dict[str, Callable[..., Any]] = {
        "why": terminal.explain_finding,
        "clauses": terminal.list_clauses,
        "strongest": terminal.list_strongest,
        "time": format_time,
        "date": format_date,
        "timeline": arrange_timeline,
    }
    text = (
        make_environment(__package__, filters)
        .get_template("report.html")
        .render(
            what="scan",
            sections={key: title for key, title in _SECTIONS.items() if not empty.get(key)},
            findings=findings,
            days=_format_days(findings),
            command=shlex.join(command),
            versions={
                "malicious-domains": __version__,
                "DuckDB": duckdb.__version__,
                "NumPy": np.__version__,
                "Python": platform.python_version(),
            },
            terminal=terminal,
            draw_histogram=draw_histogram,
            max_timelines=MAX_TIMELINES,
            max_rows=MAX_ROWS,
            max_names=MAX_NAMES,
            width=_WIDTH,
            height=_HEIGHT,
        )
    )
    # A log's byte that is not UTF-8 cannot be written as such.
    return text.encode("utf-8", "backslashreplace").decode()


def _format_days(findings: Findings) -> str:
    days = sorted({x.day for x in findings.alarmed if x.day is not None})
    if not days:
        return ""
    first, last = format_date(days[0]), format_date(days[-1])
    return str(first) if first == last else f"{first} to {last}"


# --- the histogram of running sums ---

_DAYS_COLOR, _THRESHOLD_COLOR = "#5b7fe0", "#e0603f"
_BINS = 50
_BEYOND = 4  # times the threshold; higher sums are in the last bin


def draw_histogram(scores: Sequence[float], threshold: float) -> Markup:
    """Draw the client-days by their running sum, and the threshold."""
    top = max(min(max(scores, default=0.0), _BEYOND * threshold), 1.2 * threshold)
    beyond = sum(score > top for score in scores)  # they are in the last bin

    def draw(axes: Axes) -> None:
        counts, edges = np.histogram(np.minimum(scores, top), _BINS, (0.0, top))
        heights = np.maximum(counts.astype(np.float64), 0.5)
        color = _DAYS_COLOR
        axes.stairs(heights, edges, baseline=0.5, fill=True, color=color, alpha=0.35)
        axes.stairs(heights, edges, baseline=0.5, color=color, linewidth=1.2, label="client-days")
        label = f"threshold, {threshold:g}"
        axes.axvline(threshold, color=_THRESHOLD_COLOR, linestyle="--", label=label)
        axes.set(yscale="log", xlabel="running sum (log-odds)", ylabel="client-days", xlim=(0, top))
        if beyond:
            axes.annotate(
                f"{beyond:,} from {top:g} on", (1, 0.9), xycoords="axes fraction", ha="right"
            )
        axes.set_ylim(bottom=0.5, top=2 * max(heights.max(), 1.0))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}" if y >= 1 else ""))
        axes.yaxis.set_minor_locator(NullLocator())
        put_legend_above(axes)

    return draw_svg("sums", "Histogram of the days' running sums, and the threshold", draw)


# --- the timeline of a client's day ---

_WIDTH, _HEIGHT = 720, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 30, 26, 24
_MAX_DOTS = 300  # names drawn, those of the most weight


class Dot(NamedTuple):
    """A name at its place in the drawing."""

    x: float
    y: float
    name: str
    weight: float
    nxdomain: bool
    in_alarm: bool
    time: str


class Tick(NamedTuple):
    """A tick of an axis."""

    at: float
    text: str


class Timeline(NamedTuple):
    """The points of a plot, and how many names are left out."""

    dots: list[Dot]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    left_out: int


def arrange_timeline(finding: Finding) -> Timeline:
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
        Dot(
            place_x(times[i]),
            place_y(x.weight),
            x.name,
            x.weight,
            x.nxdomain,
            x.name in in_alarm,
            _format_clock(x.first_seen, 0.0) if x.first_seen == x.first_seen else "",
        )
        for i, x in ((i, names[i]) for i in indices)
    ]
    ends = {start, end} if timed else ()
    x_ticks = [Tick(place_x(x), _format_clock(x, end - start)) for x in sorted(ends)]
    y_ticks = [Tick(place_y(x), f"{x:g}") for x in sorted({low, 0.0, high})]
    return Timeline(dots, x_ticks, y_ticks, len(names) - len(dots))


def _format_clock(seconds: float, span: float) -> str:
    style = "%H:%M" if span >= 300 else "%H:%M:%S"
    return datetime.fromtimestamp(seconds, UTC).strftime(style)
