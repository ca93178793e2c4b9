"""An evaluation as a folder: report.json for programs, index.html for people."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, NewType

from . import plots

Row = dict[str, Any]
Html = NewType("Html", str)  # made below only: what comes from data passes _escape first

_RATES = ("0.01", "0.001", "0.0001")
_BAR = "0.001"  # the false-positive rate whose recall ranks the families
_WORST = 10
_SHOWN = 30
_NONE = "–"
_PIPE = r"\|"  # in a Markdown table
_COUNTS = ("true_negative", "false_positive", "false_negative", "true_positive")


class Cell(NamedTuple):
    """A table's cell; numbers stand to the right."""

    html: Html
    number: bool


class Section(NamedTuple):
    """A part of the page, made of one key of the report."""

    key: str
    title: str
    body: Callable[[Any], Html]


def write(report: dict[str, Any], folder: Path) -> None:
    """Write report.json and index.html, one file without links, into the folder.

    A number that is not finite is written as null, which JSON has, and shown as a dash.
    """
    report = _finite(report)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=1, allow_nan=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    (folder / "index.html").write_text(page(report), encoding="utf-8")


def head_lines(report: dict[str, Any]) -> list[str]:
    """The report's first table in Markdown, line by line."""
    rows = [
        [x["what"], _shown(x, "classic"), _shown(x, "language"), _target(x)]
        for x in _finite(report.get("head") or [])
    ]
    cells = [["", "classic", "language", "target"], ["---", "---:", "---:", "---:"], *rows]
    return [f"| {' | '.join(x.replace('|', _PIPE) for x in row)} |" for row in cells]


def page(report: dict[str, Any]) -> str:
    """The report as one HTML page; a section whose key is missing is left out."""
    sections = [x for x in _SECTIONS if report.get(x.key)]
    links = "".join(f'<a href="#{x.key}">{_escape(x.title)}</a>' for x in sections)
    bodies = "\n".join(
        f'<section id="{x.key}"><h2>{_escape(x.title)}</h2>\n{x.body(report[x.key])}</section>'
        for x in sections
    )
    facts = [f"{x}: {report[x]}" for x in ("model", "created") if report.get(x)]
    return _PAGE.format(style=_STYLE, facts=_escape(" · ".join(facts)), links=links, bodies=bodies)


# --- sections ---


def _data(data: Row) -> Html:
    tiles = [(x, _number(data[x])) for x in data if isinstance(data[x], int | float)]
    return _join(_tiles(tiles), _paragraph(data.get("description", "")))


def _head(head: list[Row]) -> Html:
    rows = [
        [_text(x["what"]), _compared(x, "classic"), _compared(x, "language"), _judged(x)]
        for x in head
    ]
    return _figure(
        _table(["", "classic", "language", "target"], rows),
        "The better of the two models is bold; the target is held against the language model.",
    )


def _compared(row: Row, model: str) -> Cell:
    value, other = row.get(model), row.get("classic" if model == "language" else "language")
    shown = _escape(_shown(row, model))
    if value is None or other is None or value == other:
        return Cell(shown, True)
    better = (value > other) == (row.get("better") != "lower")
    return Cell(Html(f"<b>{shown}</b>") if better else shown, True)


def _judged(row: Row) -> Cell:
    value, target, shown = row.get("language"), row.get("target"), _escape(_target(row))
    if value is None or target is None:
        return Cell(shown, True)
    met = value <= target if row.get("better") == "lower" else value >= target
    mark = '<span class="good">✓ met</span>' if met else '<span class="bad">✗ missed</span>'
    return Cell(Html(f"{shown} {mark}"), True)


def _original(original: Row) -> Html:
    columns = ("theirs", "classic", "language")
    threshold = {"what": "threshold", **(original.get("threshold") or {})}
    rate = {"what": "error rate", "format": "percent", **(original.get("error_rate") or {})}
    last = [rate] if original.get("error_rate") else []
    rows = [
        [_text(x["what"]), *(_figures(_shown(x, column)) for column in columns)]
        for x in (threshold, *original["rows"], *last)
    ]
    return _figure(
        _table(["", "the original", "classic", "language"], rows),
        "The original's own counts beside ours, each model at its own threshold.",
    )


def _curves(curves: Row) -> Html:
    return _pair(
        _figure(
            Html(plots.roc(curves)),
            "Malicious names found, for the share of legitimate names wrongly flagged "
            "(logarithmic; a rate of zero lies on the left edge). Further up and left is better.",
        ),
        _figure(
            Html(plots.precision_recall(curves)),
            "How many of the flagged names are malicious, for the share of malicious names "
            "found. Nearer the top right corner is better.",
        ),
    )


def _histogram(counts: Row) -> Html:
    return _figure(
        Html(plots.histogram(counts)),
        "Names by score: above 0 malicious is likelier than not. Where the two classes overlap, "
        "every threshold errs. Counts are logarithmic, so the tails look larger than they are.",
    )


def _calibration(bins: list[Row]) -> Html:
    rows = [
        [_percent(x.get(y)) for y in ("predicted", "observed")] + [_number(x["rows"])] for x in bins
    ]
    return _join(
        _figure(
            Html(plots.calibration(bins)),
            "On the dashed diagonal, of names given 70% seven in ten are malicious. Above it the "
            "model says too little, below it too much. Larger dots stand for more names.",
        ),
        _details("The numbers", _table(["predicted", "observed", "rows"], rows)),
    )


def _operating_points(points: list[Row]) -> Html:
    return _join(
        Html(f'<div class="cards">{_join(*map(_confusion, points))}</div>'),
        _caption("Rows are what names are, columns what they are called; errors are coloured."),
    )


def _confusion(point: Row) -> Html:
    counts = {key: _number(value).html for key, value in point.items() if key in _COUNTS}
    facts = [
        ("threshold", _figures(_plain(point.get("threshold"), ".6g"))),
        ("false positives", _percent(point.get("false_positive_rate"))),
        ("recall", _percent(point.get("recall"))),
    ]
    return _join(
        Html(f'<div class="card"><h3>{_escape(_point(point["operating_point"]))}</h3>'),
        Html(_MATRIX.format(**dict.fromkeys(_COUNTS, _NONE) | counts)),
        _tiles(facts),
        Html("</div>"),
    )


def _point(name: str | float) -> str:
    if name == "max_f1":
        return "Maximal F1"
    return name if isinstance(name, str) else f"Set for {100 * name:g}% false positives"


def _families(families: list[Row]) -> Html:
    ranked = sorted(families, key=lambda x: (_recall(x, _BAR) or 0, x.get("auc") or 0))
    rows = [
        [
            _marked(x["family"], rank < _WORST),
            _number(x.get("rows")),
            _number(x.get("auc")),
            _percent(_recall(x, "0.01")),
            _bar(_recall(x, _BAR)),
            _percent(_recall(x, "0.0001")),
        ]
        for rank, x in enumerate(ranked)
    ]
    return _figure(
        _table(["family", "rows", "AUC", *map(_recall_at, _RATES)], rows),
        f"Share of each family found while 1%, 0.1% and 0.01% of the legitimate names are "
        f"flagged, the worst at 0.1% first; {_WORST} are marked.",
    )


def _marked(name: str, worst: bool) -> Cell:
    mark = ' <span class="mark">worst ten</span>' if worst else ""
    return Cell(Html(f"<code>{_escape(name)}</code>{mark}"), False)


def _bar(share: float | None) -> Cell:
    width = 100 * min(max(share or 0, 0), 1)
    bar = f'<span class="bar"><i style="width:{width:.1f}%"></i></span>'
    return Cell(Html(f'{bar}<span class="value">{_percent(share).html}</span>'), True)


def _leave_family_out(result: Row) -> Html:
    recalls = [(_recall_at(x), _percent(_recall(result, x))) for x in _RATES]
    folds = [
        [_number(i), _names(fold)] for i, fold in enumerate(result.get("folds") or [], start=1)
    ]
    worst = Html(f"<div>Worst found: {_names(result.get('worst') or []).html}</div>")
    return _join(
        _tiles([("macro AUC", _number(result.get("macro_auc"))), *recalls]),
        _caption("Means over families, each judged by a model that has never seen it."),
        worst if result.get("worst") else Html(""),
        _details(f"The {len(folds)} folds", _table(["fold", "families held out"], folds)),
    )


def _sources(sources: list[Row]) -> Html:
    rows = [
        [_text(x["source"]), _number(x.get("rows")), _percent(x.get("false_positive_rate"))]
        + [_percent((x.get("at") or {}).get(rate)) for rate in _RATES[:2]]
        for x in sources
    ]
    return _figure(
        _table(["source held out", "rows", "flagged", "flagged at 1%", "flagged at 0.1%"], rows),
        "Each source of legitimate names judged by a model that has never seen it: the share "
        "flagged at the default threshold, and at those that flag 1% and 0.1% of the others.",
    )


def _lengths(bins: list[Row]) -> Html:
    rows = [
        [
            _figures(plots.span(x)),
            _number(x.get("legitimate")),
            _percent(x.get("false_positive_rate")),
            _number(x.get("malicious")),
            _percent(x.get("missed")),
        ]
        for x in bins
    ]
    return _join(
        _figure(
            Html(plots.lengths(bins)),
            "Share of each class judged wrongly, by the characters of the label (logarithmic; "
            "a rate of zero lies on the bottom edge). Lower is better.",
        ),
        _figure(
            _table(["characters", "legitimate", "flagged", "malicious", "missed"], rows),
            "The same in numbers: a rate over few names says little.",
        ),
    )


def _false_alarms(alarms: list[Row]) -> Html:
    head = ["", "name", "source", "probability", "read as", "least likely part"]
    rows = [_alarm(rank, x) for rank, x in enumerate(alarms, start=1)]
    rest = _details(f"The other {len(rows) - _SHOWN}", _table(head, rows[_SHOWN:]))
    return _join(
        _figure(
            _table(head, rows[:_SHOWN]),
            "Legitimate names that the model is surest are malicious, the pieces it reads them "
            "as, and the characters it finds least likely.",
        ),
        rest if len(rows) > _SHOWN else Html(""),
    )


def _alarm(rank: int, row: Row) -> list[Cell]:
    return [
        _number(rank),
        _code(row["name"]),
        _text(row.get("source") or _NONE),
        _figures(_plain(row.get("probability"), ".6f")),
        _code((row.get("segmentation") or _NONE).replace("|", " · ")),
        _code(row.get("unlikely") or _NONE),
    ]


def _groups(groups: list[Row]) -> Html:
    whole = next((x for x in groups if x["without"] == "nothing"), groups[0])
    rows = [
        [
            _text(x["without"]),
            _change(x.get("macro_auc"), whole.get("macro_auc"), "number"),
            *(_change(_recall(x, y), _recall(whole, y), "percent") for y in _RATES[:2]),
            _names(x.get("features") or []),
        ]
        for x in groups
    ]
    return _figure(
        _table(["without", "macro AUC", *map(_recall_at, _RATES[:2]), "features"], rows),
        "The model trained again without each group of features, and the difference to the whole "
        "model (of shares in percentage points): the more it loses, the more the group is worth.",
    )


def _change(value: float | None, whole: float | None, form: str) -> Cell:
    text = ""
    if value is not None and whole is not None and value != whole:
        text = _difference(value - whole, form)
    return Cell(Html(f'{_FORMATS[form](value)} <small class="change">{text}</small>'), True)


def _difference(change: float, form: str) -> str:
    text = f"{100 * change:+.2f}" if form == "percent" else f"{change:+.4f}"
    return text.replace("-", "−")


# --- numbers ---


def _format_number(value: float | None) -> str:
    if value is None:
        return _NONE
    if float(value).is_integer() and (isinstance(value, int) or abs(value) >= 10):
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"


def _format_percent(value: float | None) -> str:
    if value is None:
        return _NONE
    # Two digits that count where two decimals would show none.
    return f"{100 * value:.2f}%" if value == 0 or abs(value) >= 1e-3 else f"{100 * value:.2g}%"


_FORMATS = {"number": _format_number, "percent": _format_percent}


def _shown(row: Row, column: str) -> str:
    return _FORMATS[row.get("format", "number")](row.get(column))


def _target(row: Row) -> str:
    if row.get("target") is None:
        return _NONE
    percent = row.get("format") == "percent"
    value = f"{100 * row['target']:g}%" if percent else f"{row['target']:g}"
    return f"{'≤' if row.get('better') == 'lower' else '≥'} {value}"


def _plain(value: float | None, form: str) -> str:
    return _NONE if value is None else format(value, form)


def _recall(row: Row, rate: str) -> float | None:
    value: float | None = (row.get("recall") or {}).get(rate)
    return value


def _recall_at(rate: str) -> str:
    return f"recall at {100 * float(rate):g}%"


def _finite(value: Any) -> Any:
    """The same with None for numbers that are not finite."""
    if isinstance(value, dict):
        return {key: _finite(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# --- HTML ---


def _escape(text: object) -> Html:
    """Text for HTML; what does not print, such as a change of direction, is spelled out."""
    printed = (x if x.isprintable() else x.encode("unicode_escape").decode() for x in str(text))
    return Html(escape("".join(printed)))


def _join(*parts: Html) -> Html:
    return Html("\n".join(parts))


def _text(text: str) -> Cell:
    return Cell(_escape(text), False)


def _code(text: str) -> Cell:
    return Cell(Html(f"<code>{_escape(text)}</code>"), False)


def _names(names: Sequence[str]) -> Cell:
    listed = ", ".join(f"<code>{_escape(x)}</code>" for x in names)
    return Cell(Html(f'<span class="list">{listed}</span>'), False)


def _figures(text: str) -> Cell:
    return Cell(_escape(text), True)


def _number(value: float | None) -> Cell:
    return _figures(_format_number(value))


def _percent(value: float | None) -> Cell:
    return _figures(_format_percent(value))


def _table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    first = rows[0] if rows else [Cell(Html(""), False)] * len(head)
    titles = (_cell("th", Cell(_escape(x), y.number)) for x, y in zip(head, first, strict=True))
    body = "\n".join(f"<tr>{''.join(_cell('td', x) for x in row)}</tr>" for row in rows)
    # tabindex: what scrolls has to be reached with the keyboard too.
    return Html(
        f'<div class="scroll" tabindex="0"><table><thead><tr>{"".join(titles)}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(tag: str, cell: Cell) -> str:
    kind = ' class="n"' if cell.number else ""
    return f"<{tag}{kind}>{cell.html}</{tag}>"


def _tiles(facts: Iterable[tuple[str, Cell]]) -> Html:
    tiles = "".join(f"<div><dt>{_escape(x)}</dt><dd>{y.html}</dd></div>" for x, y in facts)
    return Html(f"<dl>{tiles}</dl>")


def _figure(content: Html, caption: str) -> Html:
    return Html(f"<figure>{content}<figcaption>{_escape(caption)}</figcaption></figure>")


def _pair(*figures: Html) -> Html:
    return Html(f'<div class="pair">{_join(*figures)}</div>')


def _paragraph(text: str) -> Html:
    return Html(f"<p>{_escape(text)}</p>" if text else "")


def _caption(text: str) -> Html:
    return Html(f'<p class="caption">{_escape(text)}</p>')


def _details(title: str, content: Html) -> Html:
    return Html(f"<details><summary>{_escape(title)}</summary>{content}</details>")


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


_MATRIX = """<table class="matrix">
<thead><tr><th></th><th class="n">passed</th><th class="n">flagged</th></tr></thead>
<tbody><tr><th>legitimate</th><td class="n">{true_negative}</td>
<td class="n bad">{false_positive}</td></tr>
<tr><th>malicious</th><td class="n bad">{false_negative}</td>
<td class="n">{true_positive}</td></tr></tbody></table>"""

_STYLE = """
:root { color-scheme: light dark; --page: #fcfcfb; --text: #1c2126; --soft: #5b646d;
  --line: #e0e3e6; --card: #f3f4f5; --accent: #3d63c4; --good: #1a7a58; --bad: #b6401f; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --text: #e4e7ea; --soft: #9ba4ad;
  --line: #2d3237; --card: #1d2125; --accent: #8aa5f2; --good: #56c398; --bad: #f08a68; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
  overflow-wrap: break-word; }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.2; letter-spacing: -0.015em; }
h2 { margin: 0 0 0.75rem; font-size: 1.3rem; letter-spacing: -0.01em; }
h3 { margin: 0 0 0.5rem; font-size: 1rem; }
p { margin: 0.75rem 0; max-width: 46rem; }
section { margin-top: 2.25rem; padding-top: 1.75rem; border-top: 1px solid var(--line); }
header p, figcaption, .caption { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; font-size: 0.9rem; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
figure { margin: 0 0 1.25rem; }
figcaption, .caption { margin-top: 0.5rem; max-width: 46rem; font-size: 0.88rem; }
figure > svg { display: block; width: 100%; max-width: 36rem; height: auto; color: var(--soft); }
svg text { font-family: inherit !important; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
  gap: 0.5rem 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.9rem 0.3rem 0; text-align: left; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
.n { padding-left: 0.9rem; text-align: right; }
.n:first-child { padding-left: 0; }
td { vertical-align: top; }
td code { display: inline-block; width: max-content; max-width: 22rem; white-space: normal; }
.list { display: block; min-width: 16rem; white-space: normal; }
tbody tr:hover { background: var(--card); }
code { font: 0.92em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
dl { display: flex; flex-wrap: wrap; gap: 0.75rem 2rem; margin: 0 0 0.75rem; }
dt { color: var(--soft); font-size: 0.85rem; }
dd { margin: 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr));
  gap: 1rem; }
.card { padding: 1rem; border-radius: 0.5rem; background: var(--card); }
.card table { width: 100%; margin-bottom: 0.75rem; }
.card dl { gap: 0.25rem 1.25rem; margin: 0; }
.card dd { font-size: 1rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.mark { padding: 0.05rem 0.4rem; border-radius: 1rem; font-size: 0.75rem; color: var(--bad);
  border: 1px solid currentColor; }
.bar { display: inline-block; width: 5rem; height: 0.55rem; margin-right: 0.35rem;
  border-radius: 0.2rem; overflow: hidden; background: var(--line); }
.bar i { display: block; height: 100%; background: var(--accent); }
.value { display: inline-block; min-width: 4.8em; }
.change { display: inline-block; min-width: 4.8em; color: var(--soft); }
summary { margin: 0.5rem 0; cursor: pointer; color: var(--accent); }
@media (max-width: 40rem) {
  th, td { padding-right: 0.5rem; }
  .n { padding-left: 0.5rem; }
  td code { max-width: 14rem; }
  td:first-child:not(.n) { min-width: 9rem; white-space: normal; }
}
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>Malicious-domain classifier: evaluation</title>
<style>{style}</style>
</head>
<body>
<header><h1>Malicious-domain classifier</h1>
<p>Evaluation · {facts}</p>
<nav>{links}</nav></header>
<main>
{bodies}
</main>
</body>
</html>
"""
