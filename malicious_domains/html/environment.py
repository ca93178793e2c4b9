"""The templates of a package, which extend page.html and use macros.html of this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from . import filters


def make_environment(package: str, own: Mapping[str, Callable[..., Any]]) -> Environment:
    """An environment of the templates of a package, with filters of its own.

    All text is escaped, and what does not print is spelled out: names come from strangers.
    """
    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_printable,
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(__package__)]),
    )
    made.filters.update(
        number=filters.format_number,
        percent=filters.format_percent,
        plain=filters.format_plain,
        width=filters.format_width,
    )
    made.filters.update(own)
    return made


def _printable(value: object) -> object:
    """What a template prints: text of the data spelled out, markup and numbers as they are."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return filters.escape_unprintable(value)
    return value
