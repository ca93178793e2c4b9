"""The lines of data/zones.txt."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

PATH = Path(__file__).parents[3] / "data" / "zones.txt"


class Line(NamedTuple):
    kind: str
    zone: str
    source: str
    reason: str


def lines() -> list[Line]:
    found = []
    for text in PATH.read_text(encoding="ascii").splitlines():
        if text and not text.startswith("#"):
            what, source, reason = text.split(" | ")
            kind, zone = what.split(" ")
            found.append(Line(kind, zone, source, reason))
    return found


LINES = lines()
ASSIGNED = {line for line in LINES if line.kind == "assigned"}
LOOKUP = {line for line in LINES if line.kind == "lookup"}
CHOSEN = {line for line in LINES if line.kind == "chosen"}
