"""An evaluation as a folder: report.json for programs, index.html for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from . import html, plots
from .html import Cell, Html, Row, caption, details, escape, figure, join, table, tiles

_PAGE = Path(__file__).with_name("report.html")
_MODELS = ("classic", "language")
_RATES = ("0.01", "0.001", "0.0001")
_BAR = "0.001"  # the false-positive rate whose recall ranks the families
_WORST = 10
_SHOWN = 30
_PIPE = r"\|"  # in a Markdown table


class Section(NamedTuple):
    """A part of the page, made of one key of the report."""

    key: str
    title: str
    body: Callable[[Any], Html]


def write(report: dict[str, Any], folder: Path) -> None:
    """Write report.json and index.html, one file without links, into the folder.

    A number that is not finite is written as null, which JSON has, and shown as a dash.
    """
    report = html.finite(report)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=1, allow_nan=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    (folder / "index.html").write_text(page(report), encoding="utf-8")


def head_lines(report: dict[str, Any]) -> list[str]:
    """The report's first table in Markdown, line by line."""
    rows = [
        [x["what"], *(html.shown(x, y) for y in _MODELS), html.target(x)]
        for x in html.finite(report.get("head") or [])
    ]
    cells = [["", *_MODELS, "target"], ["---", "---:", "---:", "---:"], *rows]
    return [f"| {' | '.join(x.replace('|', _PIPE) for x in row)} |" for row in cells]


def page(report: dict[str, Any]) -> str:
    """The report as one HTML page; a section whose key is missing is left out."""
    sections = [x for x in _SECTIONS if report.get(x.key)]
    links = "".join(f'<a href="#{x.key}">{escape(x.title)}</a>' for x in sections)
    bodies = "\n".join(
        f'<section id="{x.key}"><h2>{escape(x.title)}</h2>\n{x.body(report[x.key])}</section>'
        for x in sections
    )
    facts = [f"{x}: {report[x]}" for x in ("model", "created") if report.get(x)]
    template = Template(_PAGE.read_text(encoding="utf-8"))
    return template.substitute(facts=escape(" · ".join(facts)), links=links, bodies=bodies)


# --- sections ---


def _data(data: Row) -> Html:
    facts = [(x, html.number(data[x])) for x in data if isinstance(data[x], int | float)]
    return join(tiles(facts), html.paragraph(data.get("description", "")))


def _head(head: list[Row]) -> Html:
    rows = [
        [html.text(x["what"]), *(html.compared(x, y) for y in _MODELS), html.judged(x)]
        for x in head
    ]
    return figure(
        table(["", *_MODELS, "target"], rows),
        "The better of the two models is bold; the target is held against the language model.",
    )


def _original(original: Row) -> Html:
    columns = ("theirs", *_MODELS)
    threshold = {"what": "threshold", **(original.get("threshold") or {})}
    rate = {"what": "error rate", "format": "percent", **(original.get("error_rate") or {})}
    last = [rate] if original.get("error_rate") else []
    rows = [
        [html.text(x["what"]), *(html.numeric(html.shown(x, y)) for y in columns)]
        for x in (threshold, *original["rows"], *last)
    ]
    return figure(
        table(["", "the original", *_MODELS], rows),
        "The original's own counts beside ours, each model at its own threshold.",
    )


def _curves(curves: Row) -> Html:
    return html.pair(
        figure(
            Html(plots.roc(curves)),
            "Malicious names found, for the share of legitimate names wrongly flagged "
            "(logarithmic; a rate of zero lies on the left edge). Further up and left is better.",
        ),
        figure(
            Html(plots.precision_recall(curves)),
            "How many of the flagged names are malicious, for the share of malicious names "
            "found. Nearer the top right corner is better.",
        ),
    )


def _histogram(counts: Row) -> Html:
    return figure(
        Html(plots.histogram(counts)),
        "Names by score: above 0 malicious is likelier than not. Where the two classes overlap, "
        "every threshold errs. Counts are logarithmic, so the tails look larger than they are.",
    )


def _calibration(bins: list[Row]) -> Html:
    rows = [
        [html.percent(x.get(y)) for y in ("predicted", "observed")] + [html.number(x["rows"])]
        for x in bins
    ]
    return join(
        figure(
            Html(plots.calibration(bins)),
            "On the dashed diagonal, of names given 70% seven in ten are malicious. Above it the "
            "model says too little, below it too much. Larger dots stand for more names.",
        ),
        details("The numbers", table(["predicted", "observed", "rows"], rows)),
    )


def _operating_points(points: list[Row]) -> Html:
    return join(
        Html(f'<div class="cards">{join(*map(_confusion, points))}</div>'),
        caption(
            "Rows are what names are, columns what they are called; errors are coloured. The "
            "thresholds are those of the packaged model, the scores those of models that have not "
            "seen the name or its family."
        ),
    )


def _confusion(point: Row) -> Html:
    facts = [
        ("threshold", html.plain(point.get("threshold"), ".6g")),
        ("false positives", html.percent(point.get("false_positive_rate"))),
        ("recall", html.percent(point.get("recall"))),
    ]
    return join(
        Html(f'<div class="card"><h3>{escape(_point(point["operating_point"]))}</h3>'),
        html.matrix(point),
        tiles(facts),
        Html("</div>"),
    )


def _point(name: str | float) -> str:
    return "Maximal F1" if isinstance(name, str) else f"Set for {100 * name:g}% false positives"


def _families(families: list[Row]) -> Html:
    ranked = sorted(families, key=lambda x: (_recall(x, _BAR) or 0, x.get("auc") or 0))
    rows = [
        [
            html.marked(x["family"], rank < _WORST),
            html.number(x.get("rows")),
            html.number(x.get("auc")),
            html.percent(_recall(x, "0.01")),
            html.bar(_recall(x, _BAR)),
            html.percent(_recall(x, "0.0001")),
        ]
        for rank, x in enumerate(ranked)
    ]
    return figure(
        table(["family", "rows", "AUC", *map(html.recall_at, _RATES)], rows),
        f"Share of each family found while 1%, 0.1% and 0.01% of the legitimate names are "
        f"flagged, the worst at 0.1% first; {_WORST} are marked.",
    )


def _leave_family_out(result: Row) -> Html:
    recalls = [(html.recall_at(x), html.percent(_recall(result, x))) for x in _RATES]
    folds = [
        [html.number(i), html.names(fold)]
        for i, fold in enumerate(result.get("folds") or [], start=1)
    ]
    worst = Html(f"<div>Worst found: {html.names(result.get('worst') or []).html}</div>")
    return join(
        tiles([("macro AUC", html.number(result.get("macro_auc"))), *recalls]),
        caption("Means over families, each judged by a model that has never seen it."),
        worst if result.get("worst") else Html(""),
        details(f"The {len(folds)} folds", table(["fold", "families held out"], folds)),
    )


def _sources(sources: list[Row]) -> Html:
    rows = [
        [
            html.text(x["source"]),
            html.number(x.get("rows")),
            html.percent(x.get("false_positive_rate")),
            *(html.percent((x.get("at") or {}).get(rate)) for rate in _RATES[:2]),
        ]
        for x in sources
    ]
    return figure(
        table(["source held out", "rows", "flagged", "flagged at 1%", "flagged at 0.1%"], rows),
        "Each source of legitimate names judged by a model that has never seen it: the share "
        "flagged at the default threshold, and at those that flag 1% and 0.1% of the others.",
    )


def _lengths(bins: list[Row]) -> Html:
    rows = [
        [
            html.numeric(plots.span(x)),
            html.number(x.get("legitimate")),
            html.percent(x.get("false_positive_rate")),
            html.number(x.get("malicious")),
            html.percent(x.get("missed")),
        ]
        for x in bins
    ]
    return join(
        figure(
            Html(plots.lengths(bins)),
            "Share of each class judged wrongly, by the characters of the label (logarithmic; "
            "a rate of zero lies on the bottom edge). Lower is better.",
        ),
        figure(
            table(["characters", "legitimate", "flagged", "malicious", "missed"], rows),
            "The same in numbers: a rate over few names says little.",
        ),
    )


def _false_alarms(alarms: list[Row]) -> Html:
    head = ["", "name", "source", "probability", "read as", "least likely part"]
    rows = [_alarm(rank, x) for rank, x in enumerate(alarms, start=1)]
    rest = details(f"The other {len(rows) - _SHOWN}", table(head, rows[_SHOWN:]))
    return join(
        figure(
            table(head, rows[:_SHOWN]),
            "Legitimate names that the model is surest are malicious, the pieces it reads them "
            "as, and the characters it finds least likely.",
        ),
        rest if len(rows) > _SHOWN else Html(""),
    )


def _alarm(rank: int, row: Row) -> list[Cell]:
    return [
        html.number(rank),
        html.code(row["name"]),
        html.text(row.get("source") or html.NONE),
        html.plain(row.get("probability"), ".6f"),
        html.code((row.get("segmentation") or html.NONE).replace("|", " · ")),
        html.code(row.get("unlikely") or html.NONE),
    ]


def _groups(groups: list[Row]) -> Html:
    whole = next((x for x in groups if x["without"] == "nothing"), groups[0])
    rows = [
        [
            html.text(x["without"]),
            html.change(x.get("macro_auc"), whole.get("macro_auc"), "number"),
            *(html.change(_recall(x, y), _recall(whole, y), "percent") for y in _RATES[:2]),
            html.names(x.get("features") or []),
        ]
        for x in groups
    ]
    return figure(
        table(["without", "macro AUC", *map(html.recall_at, _RATES[:2]), "features"], rows),
        "The model trained again without each group of features, and the difference to the whole "
        "model (of shares in percentage points): the more it loses, the more the group is worth.",
    )


def _recall(row: Row, rate: str) -> float | None:
    value: float | None = (row.get("recall") or {}).get(rate)
    return value


_SECTIONS = (
    Section("data", "Data", _data),
    Section("head", "Results", _head),
    Section("original", "Against the original", _original),
    Section("curves", "Curves", _curves),
    Section("histogram", "Scores", _histogram),
    Section("calibration", "Calibration", _calibration),
    Section("operating_points", "Operating points", _operating_points),
    Section("families", "Families", _families),
    Section("leave_family_out", "Unseen families", _leave_family_out),
    Section("sources", "Unseen sources", _sources),
    Section("lengths", "Length", _lengths),
    Section("false_alarms", "Worst false alarms", _false_alarms),
    Section("groups", "Worth of the features", _groups),
)
