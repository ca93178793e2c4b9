"""Numbers and texts as a page shows them."""

from __future__ import annotations

import math
from typing import TypeGuard

NONE = "–"


def is_finite(value: float | None) -> TypeGuard[float]:
    """Whether a figure was measured: neither None nor NaN or infinite."""
    return value is not None and math.isfinite(value)


def format_number(value: float | None) -> str:
    """A count with its thousands apart, a measure with four decimals."""
    if not is_finite(value):
        return NONE
    if float(value).is_integer() and (isinstance(value, int) or abs(value) >= 10):
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"


def format_percent(value: float | None) -> str:
    """A share as a percentage."""
    if not is_finite(value):
        return NONE
    # Two digits that count where two decimals would show none.
    return f"{100 * value:.2f}%" if value == 0 or abs(value) >= 1e-3 else f"{100 * value:.2g}%"


def format_plain(value: float | None, form: str) -> str:
    """A number in a format of Python's."""
    return format(value, form) if is_finite(value) else NONE


def format_width(share: float | None) -> str:
    """A share as the width of its bar, in per cent; what is missing has none."""
    return f"{100 * min(max(share, 0), 1):.1f}" if is_finite(share) else "0.0"


def escape_unprintable(text: str) -> str:
    """Text with what does not print, such as a change of direction, as an escape sequence."""
    return "".join(x if x.isprintable() else x.encode("unicode_escape").decode() for x in text)
