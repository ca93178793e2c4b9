"""Draw the report's plots as SVG that stands inside a page, the same at every run."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from html import escape

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from .results import Row

_INK = "#7f7f81"  # stands for the page's own colour, see _inline
_STYLE = {
    "svg.fonttype": "none",  # text stays text, in the page's font
    "svg.hashsalt": "malicious-domains",
    "savefig.transparent": True,
    "figure.figsize": (5.0, 3.4),
    "figure.constrained_layout.use": True,
    "font.size": 9.5,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _INK,
    "grid.alpha": 0.22,
    "grid.linewidth": 0.6,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_MODELS = {"classic": ("#a08c6e", "--"), "language": ("#5b7fe0", "-")}
_SMALLEST = 1e-5


def draw_roc(curves: Row) -> Markup:
    """Draw each model's recall over the false-positive rate, on a logarithmic axis."""

    def draw(axes: Axes) -> None:
        for model, curve in curves.items():
            colour, line = _MODELS[model]
            x = np.maximum(curve["roc"]["false_positive_rate"], _SMALLEST)
            axes.plot(x, curve["roc"]["recall"], line, color=colour, label=model)
        axes.set(xscale="log", xlim=(_SMALLEST, 1), ylim=(0, 1.02))
        axes.xaxis.set_minor_locator(NullLocator())
        _format_percent(axes, "legitimate names flagged", "malicious names found")
        axes.legend(loc="lower right")

    return _draw_svg("roc", "ROC curve", draw)


def draw_calibration(bins: Sequence[Row]) -> Markup:
    """Draw the observed over the predicted share of malicious names, beside the diagonal."""
    table, colour = pd.DataFrame(bins), _MODELS["language"][0]

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=_INK, linewidth=1, linestyle="--")
        axes.plot(table["predicted"], table["observed"], color=colour, linewidth=1.2)
        sizes = 6 + 10 * np.log10(table["rows"].clip(1))
        axes.scatter(table["predicted"], table["observed"], s=sizes, color=colour)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        _format_percent(axes, "probability given", "malicious in fact")

    return _draw_svg("calibration", "Reliability diagram", draw)


def _format_percent(axes: Axes, across: str, up: str) -> None:
    axes.set(xlabel=across, ylabel=up)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_format_share))


def _format_share(value: float, _: int | None = None) -> str:
    return f"{100 * value:.4g}%"


# --- SVG ---


def _draw_svg(name: str, title: str, draw: Callable[[Axes], None]) -> Markup:
    """Draw a plot, whose name is unique on the page and whose title is for screen readers."""
    # after_reset: a matplotlibrc of the user's changes nothing. No pyplot: no global state.
    with style.context([_STYLE], after_reset=True):
        figure, file = Figure(), io.StringIO()
        draw(figure.add_subplot())
        figure.savefig(file, format="svg", metadata=_NO_METADATA)
    return Markup(_inline(file.getvalue(), name, title))


def _inline(svg: str, name: str, title: str) -> str:
    """Return the svg element with names of its own, and the page's colour as its ink."""
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
