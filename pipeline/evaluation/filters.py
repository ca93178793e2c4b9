"""Rows of the first table as plain text, for the report's page and its Markdown table."""

from __future__ import annotations

from malicious_domains.html.filters import NONE, format_number, format_percent, is_finite

from .results import HeadRow

_FORMATS = {"number": format_number, "percent": format_percent}


def shown(row: HeadRow, model: str) -> str:
    """A model's figure in the row's own format."""
    return _FORMATS[row.format](getattr(row, model))


def target(row: HeadRow) -> str:
    """A row's target, with the side that is wanted."""
    if not is_finite(row.target):
        return NONE
    value = f"{100 * row.target:g}%" if row.format == "percent" else f"{row.target:g}"
    return f"{'≤' if row.better == 'lower' else '≥'} {value}"


def difference(value: float | None, whole: float | None, form: str) -> str:
    """How far a value is from the whole model's, shares in percentage points; else nothing."""
    if not (is_finite(value) and is_finite(whole)) or value == whole:
        return ""
    change = value - whole
    text = f"{100 * change:+.2f}" if form == "percent" else f"{change:+.4f}"
    return text.replace("-", "−")
