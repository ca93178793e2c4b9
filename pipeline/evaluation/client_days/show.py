"""Format the study's tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..results import Detection, Scenario, StudyResult
from .study import ANY, SHOWN, SUM

_HEADS = {
    SUM: "running sum",
    ANY: "any alarm",
    "largest": "largest log-odds",
    "dead": "NXDOMAIN names",
    "sum": "plain sum",
}
_FALSE_ALARMS = (
    "log",
    "alarm",
    "packaged threshold",
    "threshold at 1 in 1,000",
    "false alarms in 1,000",
)


def format_study(study: StudyResult) -> Iterator[str]:
    """Yield all tables: false alarms, means by kind of family and scenario, then each family."""
    yield from _format_table(_FALSE_ALARMS, _list_false_alarms(study))
    names = ["names", *_head_counts(study.scenes[0].means)]
    for kind in dict.fromkeys(x.kind for x in study.scenes[0].means):
        for shown in (SHOWN[:2], SHOWN[2:]):
            yield f"\n{kind}: {_head_scores(shown)}\n"
            rows = [
                [describe(x), *(_format_shares(y, shown) for y in x.means if y.kind == kind)]
                for x in study.scenes
            ]
            yield from _format_table(names, rows)
    most = max(x.nxdomain or 0.0 for x in study.scenes)
    for scenario in study.scenes:
        if scenario.nxdomain in (None, most):
            yield f"\nby family, {describe(scenario)}: {_head_scores(SHOWN[:2])}\n"
            head = ["family", *_head_counts(scenario.families)]
            yield from _format_table(head, _list_families(scenario))


def describe(scenario: Scenario) -> str:
    """Describe a scenario in a few words."""
    how = "in a burst" if scenario.burst else "over the day"
    codes = "no codes" if scenario.nxdomain is None else f"{scenario.nxdomain:.0%} NXDOMAIN"
    return f"{codes}, {how}"


def _list_false_alarms(study: StudyResult) -> list[list[str]]:
    names = [n for n in next(iter(study.cuts.values())) if n not in SHOWN[2:]]
    rows = []
    for log, alarms in study.false_alarms.items():
        for name in names:
            if name in alarms:
                packaged = study.packaged[log].get(name, 1.0)
                figures = f"{packaged:.1f}", f"{study.cuts[log][name]:.1f}"
                rows.append([log, name, *figures, f"{1000 * alarms[name]:.2f}"])
    return rows


def _list_families(scenario: Scenario) -> list[list[str]]:
    """Return a row for each family: running sum / any alarm, by number of names."""
    by_family: dict[str, list[Detection]] = {}
    for x in scenario.families:
        by_family.setdefault(x.family, []).append(x)
    ordered = sorted(by_family.items(), key=lambda x: (x[1][0].kind, x[0]))
    return [[family, *(_format_shares(x, SHOWN[:2]) for x in row)] for family, row in ordered]


def _head_scores(names: Iterable[str]) -> str:
    return " / ".join(_HEADS[x] for x in names)


def _head_counts(detections: Iterable[Detection]) -> list[str]:
    return [f"k = {k}" for k in dict.fromkeys(x.names for x in detections)]


def _format_shares(detection: Detection, shown: Iterable[str]) -> str:
    share = detection.share
    return " / ".join(f"{share[name]:.0%}" if name in share else "–" for name in shown)


def _format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
