"""A client's new names by time and points, as places in a drawing."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import NamedTuple

from .findings import Finding, QueriedName

WIDTH, HEIGHT = 720, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 10, 10, 24
_MOST = 300  # names drawn; of more, those of most points
_STEPS = (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600)  # seconds between marks
_MARKS = 6


class Dot(NamedTuple):
    """A name; x and y in the drawing."""

    x: float
    y: float
    name: str
    points: float
    dead: bool
    counts: bool  # an alarm names it
    when: str


class Mark(NamedTuple):
    """A mark on an axis."""

    at: float
    text: str


class Timeline(NamedTuple):
    """What is drawn, and how many names are left out."""

    dots: list[Dot]
    across: list[Mark]
    up: list[Mark]
    left_out: int


def timeline(found: Finding) -> Timeline:
    """A client's day; names without a time stand in their order where none has one."""
    timed = any(x.first == x.first for x in found.asked)
    indices = [i for i, x in enumerate(found.asked) if not timed or x.first == x.first]
    indices = sorted(sorted(indices, key=lambda i: -found.asked[i].points)[:_MOST])
    if not indices:
        return Timeline([], [], [], len(found.asked))
    times = {i: found.asked[i].first if timed else float(i) for i in indices}
    start, end = min(times.values()), max(times.values())
    points = [found.asked[i].points for i in indices]
    low, high = min(0.0, math.floor(min(points))), max(1.0, math.ceil(max(points)))
    counts = {x.name for alarm in found.alarms for x in found.named(alarm)}

    def across(time: float) -> float:
        room = WIDTH - _LEFT - _RIGHT
        return round(_LEFT + room * ((time - start) / (end - start) if end > start else 0.5), 1)

    def up(value: float) -> float:
        room = HEIGHT - _TOP - _BOTTOM
        return round(_TOP + room * (high - value) / (high - low), 1)

    dots = [
        Dot(across(times[i]), up(x.points), x.name, x.points, x.dead, x.name in counts, _when(x))
        for i, x in ((i, found.asked[i]) for i in indices)
    ]
    marks = [Mark(across(t), _clock(t, end - start)) for t in _times(start, end)] if timed else []
    levels = sorted({low, 0.0, high})
    return Timeline(
        dots, marks, [Mark(up(x), f"{x:g}") for x in levels], len(found.asked) - len(dots)
    )


def _when(x: QueriedName) -> str:
    return _clock(x.first, 0.0) if x.first == x.first else ""


def _times(start: float, end: float) -> list[float]:
    """Round times between two, six at most; the first alone if there is none between."""
    step = next((x for x in _STEPS if (end - start) / x <= _MARKS), _STEPS[-1])
    first = math.ceil(start / step) * step
    found = [float(first + step * k) for k in range(_MARKS + 1) if first + step * k <= end]
    return found or [start]


def _clock(seconds: float, span: float) -> str:
    form = "%H:%M" if span >= 300 else "%H:%M:%S"
    return datetime.fromtimestamp(seconds, UTC).strftime(form)
