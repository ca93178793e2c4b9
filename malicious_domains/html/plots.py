"""Plots as SVG that stands inside a page, light or dark, the same at every run."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape

from markupsafe import Markup
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#7f7f81"  # stands for the page's own colour, see _inline
_STYLE = {
    "svg.fonttype": "none",  # text stays text, in the page's font
    "svg.hashsalt": "malicious-domains",
    "savefig.transparent": True,
    "figure.figsize": (5.0, 3.4),
    "figure.constrained_layout.use": True,
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": INK,
    "grid.alpha": 0.22,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def draw_svg(name: str, title: str, draw: Callable[[Axes], None]) -> Markup:
    """Draw a plot, whose name is unique on the page and whose title is for screen readers."""
    # after_reset: a matplotlibrc of the user's changes nothing. No pyplot: no global state.
    with style.context([_STYLE], after_reset=True):
        figure, file = Figure(), io.StringIO()
        draw(figure.add_subplot())
        figure.savefig(file, format="svg", metadata=_NO_METADATA)
    return Markup(_inline(file.getvalue(), name, title))


def _inline(svg: str, name: str, title: str) -> str:
    """Return the svg element with names of its own, and the page's colour as its ink."""
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)


def put_legend_above(axes: Axes) -> None:
    """Put a legend where it covers nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
