"""Draw the report's plots as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

from malicious_domains.html.plots import INK, draw_svg, put_legend_above

from .results import CalibrationBin, Curves, Histogram, LengthBin

_LEGITIMATE, _MALICIOUS = "#2b9eb3", "#e0603f"
_MODELS = {"classic": ("#a08c6e", "--"), "language": ("#5b7fe0", "-")}
_OTHER = ("#b065c0", ":")
_ERRORS = (("legitimate, flagged", _LEGITIMATE, "o-"), ("malicious, missed", _MALICIOUS, "s--"))
_SMALLEST = 1e-5


def draw_roc(curves: Mapping[str, Curves]) -> Markup:
    """Draw each model's recall over the false-positive rate, on a logarithmic axis."""

    def draw(axes: Axes) -> None:
        for model, curve in curves.items():
            rate = np.maximum(_to_array(curve.roc["false_positive_rate"]), _SMALLEST)
            _draw_line(axes, model, rate, _to_array(curve.roc["recall"]))
        axes.set(xscale="log", xlim=(_SMALLEST, 1), ylim=(0, 1.02))
        axes.xaxis.set_minor_locator(NullLocator())
        _format_percent(axes, "legitimate names flagged", "malicious names found")
        axes.legend(loc="lower right")

    return draw_svg("roc", "ROC curve", draw)


def draw_precision_recall(curves: Mapping[str, Curves]) -> Markup:
    """Draw each model's precision over recall."""

    def draw(axes: Axes) -> None:
        for model, curve in curves.items():
            points = curve.precision_recall
            _draw_line(axes, model, _to_array(points["recall"]), _to_array(points["precision"]))
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        _format_percent(axes, "malicious names found", "malicious among the flagged")
        axes.legend(loc="lower left")

    return draw_svg("precision-recall", "Precision over recall", draw)


def draw_histogram(counts: Histogram) -> Markup:
    """Draw the rows of each class by log-odds, counts on a logarithmic axis."""

    def draw(axes: Axes) -> None:
        edges = _to_array(counts.edges)
        for name, rows, colour in (
            ("legitimate", counts.legitimate, _LEGITIMATE),
            ("malicious", counts.malicious, _MALICIOUS),
        ):
            heights = np.maximum(_to_array(rows), 0.5)
            axes.stairs(heights, edges, baseline=0.5, fill=True, color=colour, alpha=0.25)
            axes.stairs(heights, edges, baseline=0.5, color=colour, linewidth=1.4, label=name)
        axes.set(yscale="log", xlabel="log-odds of malicious", ylabel="names")
        axes.set_ylim(bottom=0.5)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}" if y >= 1 else ""))
        axes.yaxis.set_minor_locator(NullLocator())
        put_legend_above(axes)

    return draw_svg("histogram", "Histogram of the log-odds", draw)


def draw_calibration(bins: Sequence[CalibrationBin]) -> Markup:
    """Draw the observed over the predicted share of malicious names, beside the diagonal."""

    def draw(axes: Axes) -> None:
        predicted = _to_array([x.predicted for x in bins])
        observed, rows = _to_array([x.observed for x in bins]), _to_array([x.rows for x in bins])
        colour = _MODELS["language"][0]
        axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle="--")
        axes.plot(predicted, observed, color=colour, linewidth=1.2)
        axes.scatter(predicted, observed, s=6 + 10 * np.log10(np.maximum(rows, 1)), color=colour)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        _format_percent(axes, "probability given", "malicious in fact")

    return draw_svg("calibration", "Reliability diagram", draw)


def draw_lengths(bins: Sequence[LengthBin]) -> Markup:
    """Draw both error rates over the label's length, on a logarithmic axis."""
    flagged = _to_array([x.false_positive_rate for x in bins])
    missed = _to_array([x.missed for x in bins])

    def draw(axes: Axes) -> None:
        above = [x for rate in (flagged, missed) for x in rate if x > 0]
        floor = min(above, default=0.01) / 2  # where a rate of 0 is drawn
        ticks = np.arange(len(bins))
        for (label, colour, line), rate in zip(_ERRORS, (flagged, missed), strict=True):
            y = np.maximum(rate, floor)
            axes.plot(ticks, y, line, color=colour, label=label, clip_on=False)
        axes.set_yscale("log")
        axes.set_ylim(bottom=floor)
        axes.set_xticks(ticks, [x.span() for x in bins])
        axes.tick_params("x", rotation=45 if len(bins) > 8 else 0)
        axes.yaxis.set_major_formatter(FuncFormatter(_format_share))
        axes.set(xlabel="characters", ylabel="names judged wrongly")
        put_legend_above(axes)

    return draw_svg("lengths", "Error rates by length", draw)


def _draw_line(axes: Axes, model: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    colour, line = _MODELS.get(model, _OTHER)
    axes.plot(x, y, line, color=colour, label=model)


def _format_percent(axes: Axes, across: str, up: str) -> None:
    axes.set(xlabel=across, ylabel=up)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_format_share))


def _format_share(value: float, _: int | None = None) -> str:
    return f"{100 * value:.4g}%"


def _to_array(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return an array with NaN for None, which matplotlib leaves out."""
    return np.array(values, dtype=np.float64)
