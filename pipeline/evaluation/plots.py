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
_LEGITIMATE, _MALICIOUS = "#2b9eb3", "#e0603f"
_MODELS = {"classic": ("#a08c6e", "--"), "language": ("#5b7fe0", "-")}
_ERRORS = {  # by the rate: its label, colour and line
    "false_positive_rate": ("legitimate, flagged", _LEGITIMATE, "o-"),
    "missed": ("malicious, missed", _MALICIOUS, "s--"),
}
_SMALLEST = 1e-5


def draw_roc(curves: Row) -> Markup:
    """Draw each model's recall over the false-positive rate, on a logarithmic axis."""

    def draw(axes: Axes) -> None:
        _draw_curves(axes, curves, "roc", "false_positive_rate", "recall")
        axes.set(xscale="log", xlim=(_SMALLEST, 1), ylim=(0, 1.02))
        axes.xaxis.set_minor_locator(NullLocator())
        _format_percent(axes, "legitimate names flagged", "malicious names found")
        axes.legend(loc="lower right")

    return _draw_svg("roc", "ROC curve", draw)


def draw_precision_recall(curves: Row) -> Markup:
    """Draw each model's precision over recall."""

    def draw(axes: Axes) -> None:
        _draw_curves(axes, curves, "precision_recall", "recall", "precision")
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        _format_percent(axes, "malicious names found", "malicious among the flagged")
        axes.legend(loc="lower left")

    return _draw_svg("precision-recall", "Precision over recall", draw)


def _draw_curves(axes: Axes, curves: Row, kind: str, across: str, up: str) -> None:
    for model, curve in curves.items():
        colour, line = _MODELS[model]
        x = np.maximum(curve[kind][across], _SMALLEST)
        axes.plot(x, curve[kind][up], line, color=colour, label=model)


def draw_histogram(counts: Row) -> Markup:
    """Draw the rows of each class by log-odds, counts on a logarithmic axis."""

    def draw(axes: Axes) -> None:
        for name, colour in (("legitimate", _LEGITIMATE), ("malicious", _MALICIOUS)):
            heights, edges = np.maximum(counts[name], 0.5), counts["edges"]
            axes.stairs(heights, edges, baseline=0.5, fill=True, color=colour, alpha=0.25)
            axes.stairs(heights, edges, baseline=0.5, color=colour, linewidth=1.4, label=name)
        axes.set(yscale="log", xlabel="log-odds of malicious", ylabel="names")
        axes.set_ylim(bottom=0.5)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}" if y >= 1 else ""))
        axes.yaxis.set_minor_locator(NullLocator())
        _put_legend_above(axes)

    return _draw_svg("histogram", "Histogram of the log-odds", draw)


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


def draw_lengths(bins: Sequence[Row]) -> Markup:
    """Draw both error rates over the label's length, on a logarithmic axis."""
    # NaN for None, which is left out.
    rates = {name: np.array([row[name] for row in bins], np.float64) for name in _ERRORS}
    floor = min((x for y in rates.values() for x in y if x > 0), default=0.01) / 2

    def draw(axes: Axes) -> None:
        ticks = np.arange(len(bins))
        for name, (label, colour, line) in _ERRORS.items():
            y = np.maximum(rates[name], floor)  # a rate of 0 is drawn at the bottom
            axes.plot(ticks, y, line, color=colour, label=label, clip_on=False)
        axes.set_yscale("log")
        axes.set_ylim(bottom=floor)
        axes.set_xticks(ticks, [*map(format_lengths, bins)])
        axes.tick_params("x", rotation=45 if len(bins) > 8 else 0)
        axes.yaxis.set_major_formatter(FuncFormatter(_format_share))
        axes.set(xlabel="characters", ylabel="names judged wrongly")
        _put_legend_above(axes)

    return _draw_svg("lengths", "Error rates by length", draw)


def format_lengths(row: Row) -> str:
    """Return the lengths of a bin in words.

    >>> format_lengths({"from": 1, "to": 3})
    '1–3'
    """
    return str(row["from"]) if row["from"] == row["to"] else f"{row['from']}–{row['to']}"


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


def _put_legend_above(axes: Axes) -> None:
    """Put a legend where it covers nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
