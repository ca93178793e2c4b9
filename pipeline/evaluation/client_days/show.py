"""The study's tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..results import Found, Scene, Traffic
from .study import ANY, SHOWN, SUM

_HEADS = {
    SUM: "running sum",
    ANY: "any alarm",
    "largest": "largest log-odds",
    "dead": "number of dead",
    "sum": "plain sum",
}


def lines(traffic: Traffic) -> Iterator[str]:
    """All tables: false alarms, means by kind of family and scene, then each family."""
    yield from _false_alarms(traffic)
    for kind in dict.fromkeys(x.kind for x in traffic.scenes[0].means):
        for shown in (SHOWN[:2], SHOWN[2:]):
            yield f"\n{kind}: {_heads(shown)}\n"
            yield from _means(traffic.scenes, kind, shown)
    most = max(x.nxdomain or 0.0 for x in traffic.scenes)
    for scene in traffic.scenes:
        if scene.nxdomain in (None, most):
            yield f"\nby family, {sort(scene)}: {_heads(SHOWN[:2])}\n"
            yield from families(scene)


def _heads(names: Iterable[str]) -> str:
    return " / ".join(_HEADS[x] for x in names)


def sort(scene: Scene) -> str:
    """A scene in words."""
    how = "in a burst" if scene.burst else "over the day"
    codes = "no codes" if scene.nxdomain is None else f"{scene.nxdomain:.0%} NXDOMAIN"
    return f"{codes}, {how}"


def _false_alarms(traffic: Traffic) -> Iterator[str]:
    names = [n for n in next(iter(traffic.cuts.values())) if n not in SHOWN[2:]]
    rows = []
    for codes, alarms in traffic.false_alarms.items():
        for name in names:
            if name in alarms:
                packaged = traffic.packaged[codes].get(name, 1.0)
                shown = (f"{packaged:.1f}", f"{traffic.cuts[codes][name]:.1f}")
                rows.append([codes, name, *shown, f"{1000 * alarms[name]:.2f}"])
    head = ["log", "alarm", "threshold", "cut at 1 in 1,000", "false alarms at the cut in 1,000"]
    yield from _table(head, rows)


def _means(scenes: Sequence[Scene], kind: str, shown: Sequence[str]) -> Iterator[str]:
    rows = [
        [sort(scene), *(_cell(x, shown) for x in scene.means if x.kind == kind)] for scene in scenes
    ]
    yield from _table(["names", *_columns(scenes[0].means)], rows)


def _columns(found: Iterable[Found]) -> list[str]:
    return [f"k = {k}" for k in dict.fromkeys(x.names for x in found)]


def _cell(found: Found, shown: Iterable[str]) -> str:
    return " / ".join(f"{found.share[name]:.0%}" if name in found.share else "–" for name in shown)


def families(scene: Scene) -> Iterator[str]:
    """A row a family: running sum / any alarm, by number of names."""
    of: dict[str, list[Found]] = {}
    for x in scene.families:
        of.setdefault(x.family, []).append(x)
    rows = [
        [family, *(_cell(x, SHOWN[:2]) for x in found)]
        for family, found in sorted(of.items(), key=lambda x: (x[1][0].kind, x[0]))
    ]
    yield from _table(["family", *_columns(scene.families)], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
