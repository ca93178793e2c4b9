"""The report's plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from ..html.plots import draw_svg, put_legend_above

_DAYS, _CUT = "#5b7fe0", "#e0603f"
_BINS = 50
_BEYOND = 4  # times the cut; higher sums stand in the last bin


def sums(scores: Sequence[float], cut: float) -> Markup:
    """Client-days by their running sum on a logarithmic axis, with the cut."""
    top = max(min(max(scores, default=0.0), _BEYOND * cut), 1.2 * cut)

    def draw(axes: Axes) -> None:
        counts, edges = np.histogram(np.minimum(scores, top), _BINS, (0.0, top))
        heights = np.maximum(counts.astype(np.float64), 0.5)
        axes.stairs(heights, edges, baseline=0.5, fill=True, color=_DAYS, alpha=0.35)
        axes.stairs(heights, edges, baseline=0.5, color=_DAYS, linewidth=1.2, label="client-days")
        axes.axvline(cut, color=_CUT, linestyle="--", label=f"the cut, {cut:g}")
        axes.set(yscale="log", xlabel="running sum", ylabel="client-days", xlim=(0, top))
        axes.set_ylim(bottom=0.5, top=2 * max(heights.max(), 1.0))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}" if y >= 1 else ""))
        axes.yaxis.set_minor_locator(NullLocator())
        put_legend_above(axes)

    return draw_svg("sums", "Histogram of the days' running sums, and the cut", draw)
