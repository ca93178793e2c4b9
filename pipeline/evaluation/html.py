"""Numbers as text, text as HTML, and the parts that the report's page is made of."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, NewType

Row = dict[str, Any]
Html = NewType("Html", str)  # made here and in report only: data passes escape first

NONE = "–"
_COUNTS = ("true_negative", "false_positive", "false_negative", "true_positive")
_MATRIX = """<table class="matrix">
<thead><tr><th></th><th class="n">passed</th><th class="n">flagged</th></tr></thead>
<tbody><tr><th>legitimate</th><td class="n">{true_negative}</td>
<td class="n bad">{false_positive}</td></tr>
<tr><th>malicious</th><td class="n bad">{false_negative}</td>
<td class="n">{true_positive}</td></tr></tbody></table>"""


class Cell(NamedTuple):
    """A table's cell; numbers stand to the right."""

    html: Html
    number: bool


# --- numbers ---


def finite(value: Any) -> Any:
    """The same with None for numbers that are not finite."""
    if isinstance(value, dict):
        return {key: finite(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [finite(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def format_number(value: float | None) -> str:
    """A count with its thousands apart, a measure with four decimals."""
    if value is None:
        return NONE
    if float(value).is_integer() and (isinstance(value, int) or abs(value) >= 10):
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"


def format_percent(value: float | None) -> str:
    """A share as a percentage."""
    if value is None:
        return NONE
    # Two digits that count where two decimals would show none.
    return f"{100 * value:.2f}%" if value == 0 or abs(value) >= 1e-3 else f"{100 * value:.2g}%"


_FORMATS = {"number": format_number, "percent": format_percent}


def shown(row: Row, column: str) -> str:
    """A row's number in the row's own format."""
    return _FORMATS[row.get("format", "number")](row.get(column))


def target(row: Row) -> str:
    """A row's target, with the side that is wanted."""
    if row.get("target") is None:
        return NONE
    percent = row.get("format") == "percent"
    value = f"{100 * row['target']:g}%" if percent else f"{row['target']:g}"
    return f"{'≤' if row.get('better') == 'lower' else '≥'} {value}"


def recall_at(rate: str) -> str:
    """The title of the recall at a false-positive rate."""
    return f"recall at {100 * float(rate):g}%"


# --- text ---


def escape(text: object) -> Html:
    """Text for HTML; what does not print, such as a change of direction, is spelled out."""
    printed = (x if x.isprintable() else x.encode("unicode_escape").decode() for x in str(text))
    return Html(html.escape("".join(printed)))


def join(*parts: Html) -> Html:
    """Parts below one another."""
    return Html("\n".join(parts))


# --- cells ---


def text(text: str) -> Cell:
    """A cell of text."""
    return Cell(escape(text), False)


def code(text: str) -> Cell:
    """A cell of text in fixed width."""
    return Cell(Html(f"<code>{escape(text)}</code>"), False)


def names(names: Sequence[str]) -> Cell:
    """A cell of names, each in fixed width."""
    listed = ", ".join(f"<code>{escape(x)}</code>" for x in names)
    return Cell(Html(f'<span class="list">{listed}</span>'), False)


def numeric(text: str) -> Cell:
    """A cell of a number that is formatted already."""
    return Cell(escape(text), True)


def number(value: float | None) -> Cell:
    """A cell of a count or a measure."""
    return numeric(format_number(value))


def percent(value: float | None) -> Cell:
    """A cell of a share."""
    return numeric(format_percent(value))


def plain(value: float | None, form: str) -> Cell:
    """A cell of a number in a format of Python's."""
    return numeric(NONE if value is None else format(value, form))


def bar(share: float | None) -> Cell:
    """A cell of a share, with a bar as long."""
    width = 100 * min(max(share or 0, 0), 1)
    drawn = f'<span class="bar"><i style="width:{width:.1f}%"></i></span>'
    return Cell(Html(f'{drawn}<span class="value">{percent(share).html}</span>'), True)


def change(value: float | None, whole: float | None, form: str) -> Cell:
    """A cell of a value and its difference to the whole, in the row format `form`."""
    text = ""
    if value is not None and whole is not None and value != whole:
        text = _difference(value - whole, form)
    return Cell(Html(f'{_FORMATS[form](value)} <small class="change">{text}</small>'), True)


def _difference(change: float, form: str) -> str:
    text = f"{100 * change:+.2f}" if form == "percent" else f"{change:+.4f}"
    return text.replace("-", "−")


def compared(row: Row, model: str) -> Cell:
    """A cell of a model's number, bold if it is better than the other model's."""
    value, other = row.get(model), row.get("classic" if model == "language" else "language")
    said = escape(shown(row, model))
    if value is None or other is None or value == other:
        return Cell(said, True)
    better = (value > other) == (row.get("better") != "lower")
    return Cell(Html(f"<b>{said}</b>") if better else said, True)


def judged(row: Row) -> Cell:
    """A cell of a row's target, and whether the language model meets it."""
    value, aim, said = row.get("language"), row.get("target"), escape(target(row))
    if value is None or aim is None:
        return Cell(said, True)
    met = value <= aim if row.get("better") == "lower" else value >= aim
    mark = '<span class="good">✓ met</span>' if met else '<span class="bad">✗ missed</span>'
    return Cell(Html(f"{said} {mark}"), True)


def marked(name: str, worst: bool) -> Cell:
    """A cell of a family's name, marked if it is among the worst."""
    mark = ' <span class="mark">worst ten</span>' if worst else ""
    return Cell(Html(f"<code>{escape(name)}</code>{mark}"), False)


# --- parts ---


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    """A table that scrolls sideways; a column's title stands as its first cell does."""
    first = rows[0] if rows else [Cell(Html(""), False)] * len(head)
    titles = (_cell("th", Cell(escape(x), y.number)) for x, y in zip(head, first, strict=True))
    body = "\n".join(f"<tr>{''.join(_cell('td', x) for x in row)}</tr>" for row in rows)
    # tabindex: what scrolls has to be reached with the keyboard too.
    return Html(
        f'<div class="scroll" tabindex="0"><table><thead><tr>{"".join(titles)}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(tag: str, cell: Cell) -> str:
    kind = ' class="n"' if cell.number else ""
    return f"<{tag}{kind}>{cell.html}</{tag}>"


def matrix(point: Row) -> Html:
    """The confusion matrix of an operating point; a count that it lacks is a dash."""
    return Html(_MATRIX.format(**{x: number(point.get(x)).html for x in _COUNTS}))


def tiles(facts: Iterable[tuple[str, Cell]]) -> Html:
    """Facts side by side, each a name and its value."""
    items = "".join(f"<div><dt>{escape(x)}</dt><dd>{y.html}</dd></div>" for x, y in facts)
    return Html(f"<dl>{items}</dl>")


def figure(content: Html, caption: str) -> Html:
    """Content and what to see in it."""
    return Html(f"<figure>{content}<figcaption>{escape(caption)}</figcaption></figure>")


def pair(*figures: Html) -> Html:
    """Figures side by side where there is room."""
    return Html(f'<div class="pair">{join(*figures)}</div>')


def paragraph(text: str) -> Html:
    """A paragraph, or nothing for no text."""
    return Html(f"<p>{escape(text)}</p>" if text else "")


def caption(text: str) -> Html:
    """A caption for what is not one figure."""
    return Html(f'<p class="caption">{escape(text)}</p>')


def details(title: str, content: Html) -> Html:
    """Content folded under its title."""
    return Html(f"<details><summary>{escape(title)}</summary>{content}</details>")
