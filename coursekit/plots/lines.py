"""Lines with error bars: the figures that carry a claim.

Values of several seeds become a mean with its standard error; where a result already
holds means and standard deviations, pass those.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coursekit.plots.figures import canvas, numbers, render, spread, style
from coursekit.plots.images import Picture
from coursekit.plots.theme import INK

FEW = 16  # up to so many points each gets a marker and an error bar, else a band


def draw_line(axis: Any, x: Any, mean: Any, error: Any, name: str) -> None:
    """One line with its error bars (few points) or its error band (many)."""
    few = len(x) <= FEW
    (line,) = axis.plot(x, mean, marker="o" if few else "", label=name)
    tone = line.get_color()
    if error is not None and few:
        axis.errorbar(x, mean, error, fmt="none", capsize=3, color=tone)
    elif error is not None:
        axis.fill_between(x, mean - error, mean + error, color=tone, alpha=0.2, lw=0)


def draw_level(axis: Any, level: tuple[float, str], below: bool = False) -> None:
    """A dashed horizontal line with its text above (or below) the right end."""
    axis.axhline(level[0], color=INK, lw=1.2, ls=(0, (4, 3)))
    way = axis.get_yaxis_transform()
    where = (0.995, level[0])
    side = "top" if below else "bottom"
    axis.text(*where, level[1], transform=way, ha="right", va=side, size=9)


def scale(axis: Any, x: Any, logx: bool, logy: bool) -> None:
    """Logarithmic axes; few positions along x are written out as they are."""
    if logx:
        axis.set_xscale("log")
        if len(x) <= FEW:
            axis.set_xticks(x, [f"{p:g}" for p in x])
            axis.minorticks_off()
    if logy:
        axis.set_yscale("log")


def lines(
    x: ArrayLike,
    series: Mapping[str, ArrayLike],
    *,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    logx: bool = False,
    logy: bool = False,
    level: tuple[float, str] | None = None,
    errors: Mapping[str, ArrayLike] | None = None,
    bottom: float | None = None,
    width: float = 6.0,
    height: float = 3.4,
) -> Picture:
    """Named lines over x; several seeds become a mean with its standard error.

    x: (N,); each series (N,) or (S, N) for S seeds.  errors: half lengths of the error
    bars (N,) for series that are means already.  level: a horizontal line, its text.
    bottom: the least y that is shown; what lies below is drawn there.
    """
    with style():
        figure, (axis,) = canvas(1, width, height)
        points = numbers(x)
        for name, values in series.items():
            mean, error = spread(values)
            mean = mean if bottom is None else np.maximum(mean, bottom)
            if errors is not None and name in errors:
                error = numbers(errors[name])
            draw_line(axis, points, mean, error, name)
        scale(axis, points, logx, logy)
        if bottom is not None:
            axis.set_ylim(bottom=bottom / 1.2 if logy else bottom)
        if level is not None:
            if logy and level[0] <= 0:
                raise ValueError("logy=True has no place for a level of 0 or below")
            draw_level(axis, level)
        axis.set(xlabel=xlabel, ylabel=ylabel, title=title)
        if any(series):
            axis.legend()
        return render(figure)
