"""Jinja2 templates of a package, which extend page.html and use macros.html of this one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from jinja2 import Environment as Templates

NONE = "–"


def make_environment(package: str, own: Mapping[str, Callable[..., Any]]) -> Templates:
    """Return an environment of the templates of a package, with filters of its own.

    All text is escaped, and what does not print is spelled out: names come from strangers.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_escape_unprintable,
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(__package__)]),
    )

    def plain(value: float | None, form: str) -> str:
        return format(value, form) if is_finite(value) else NONE

    shared = {"number": format_number, "percent": format_percent, "plain": plain}
    environment.filters |= {**shared, "width": _format_width, **own}
    return environment


def is_finite(value: float | None) -> TypeGuard[float]:
    """Return whether a figure was measured: it is neither None nor NaN or infinite."""
    return value is not None and math.isfinite(value)


def format_number(value: float | None) -> str:
    """Return a count with thousands separators, a measure with four decimals.

    >>> format_number(12345), format_number(0.5), format_number(None)
    ('12,345', '0.5000', '–')
    """
    if not is_finite(value):
        return NONE
    if float(value).is_integer() and (isinstance(value, int) or abs(value) >= 10):
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"


def format_percent(value: float | None) -> str:
    """Return a share as a percentage, with two digits where two decimals would show none.

    >>> format_percent(0.1234), format_percent(0.0000123)
    ('12.34%', '0.0012%')
    """
    if not is_finite(value):
        return NONE
    return f"{100 * value:.2f}%" if value == 0 or abs(value) >= 1e-3 else f"{100 * value:.2g}%"


def _format_width(share: float | None) -> str:
    """Return the width of a share's bar in per cent; 0 where there is none.

    >>> _format_width(0.5), _format_width(None)
    ('50.0', '0.0')
    """
    return f"{100 * min(max(share, 0), 1):.1f}" if is_finite(share) else "0.0"


def _escape_unprintable(value: object) -> object:
    r"""Return plain text with what does not print, such as a change of direction, as an escape.

    >>> _escape_unprintable("a\u202eb")
    'a\\u202eb'
    """
    if type(value) is not str:  # Markup is left alone
        return value
    return "".join(x if x.isprintable() else x.encode("unicode_escape").decode() for x in value)
