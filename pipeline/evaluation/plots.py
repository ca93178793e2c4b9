"""Draw the report's plots as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from malicious_domains.html.plots import INK, draw_svg, put_legend_above

from .results import Row

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

    return draw_svg("roc", "ROC curve", draw)


def draw_precision_recall(curves: Row) -> Markup:
    """Draw each model's precision over recall."""

    def draw(axes: Axes) -> None:
        _draw_curves(axes, curves, "precision_recall", "recall", "precision")
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        _format_percent(axes, "malicious names found", "malicious among the flagged")
        axes.legend(loc="lower left")

    return draw_svg("precision-recall", "Precision over recall", draw)


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
        put_legend_above(axes)

    return draw_svg("histogram", "Histogram of the log-odds", draw)


def draw_calibration(bins: Sequence[Row]) -> Markup:
    """Draw the observed over the predicted share of malicious names, beside the diagonal."""
    table, colour = pd.DataFrame(bins), _MODELS["language"][0]

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle="--")
        axes.plot(table["predicted"], table["observed"], color=colour, linewidth=1.2)
        sizes = 6 + 10 * np.log10(table["rows"].clip(1))
        axes.scatter(table["predicted"], table["observed"], s=sizes, color=colour)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        _format_percent(axes, "probability given", "malicious in fact")

    return draw_svg("calibration", "Reliability diagram", draw)


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
        put_legend_above(axes)

    return draw_svg("lengths", "Error rates by length", draw)


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
