"""Numbers as plain text, for the report's page and its Markdown table."""

from __future__ import annotations

from .results import HeadRow, known

NONE = "–"


def number(value: float | None) -> str:
    """A count with its thousands apart, a measure with four decimals."""
    if not known(value):
        return NONE
    if float(value).is_integer() and (isinstance(value, int) or abs(value) >= 10):
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"


def percent(value: float | None) -> str:
    """A share as a percentage."""
    if not known(value):
        return NONE
    # Two digits that count where two decimals would show none.
    return f"{100 * value:.2f}%" if value == 0 or abs(value) >= 1e-3 else f"{100 * value:.2g}%"


_FORMATS = {"number": number, "percent": percent}


def plain(value: float | None, form: str) -> str:
    """A number in a format of Python's."""
    return format(value, form) if known(value) else NONE


def width(share: float | None) -> str:
    """A share as the width of its bar, in per cent; what is missing has none."""
    return f"{100 * min(max(share, 0), 1):.1f}" if known(share) else "0.0"


def shown(row: HeadRow, model: str) -> str:
    """A model's figure in the row's own format."""
    return _FORMATS[row.format](getattr(row, model))


def target(row: HeadRow) -> str:
    """A row's target, with the side that is wanted."""
    if not known(row.target):
        return NONE
    value = f"{100 * row.target:g}%" if row.format == "percent" else f"{row.target:g}"
    return f"{'≤' if row.better == 'lower' else '≥'} {value}"


def difference(value: float | None, whole: float | None, form: str) -> str:
    """How far a value is from the whole model's, shares in percentage points; else nothing."""
    if not (known(value) and known(whole)) or value == whole:
        return ""
    change = value - whole
    text = f"{100 * change:+.2f}" if form == "percent" else f"{change:+.4f}"
    return text.replace("-", "−")


def spelled_out(text: str) -> str:
    """Text with what does not print, such as a change of direction, as an escape sequence."""
    return "".join(x if x.isprintable() else x.encode("unicode_escape").decode() for x in text)
