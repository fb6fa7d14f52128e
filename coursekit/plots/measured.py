"""Figures of measured values: what is stored over seeds, drawn with standard errors."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from coursekit.experiments.measure import load_measured
from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.table import Table, missing

Stored = Mapping[str, Any]  # as `load_measured` returns it


def measured_figure(
    name: str, draw: Callable[[Stored], Picture | Table]
) -> Picture | Table:
    """The figure as measured, or the line that says how to measure it."""
    try:
        stored = load_measured(name)
    except FileNotFoundError:
        return missing(f"figure {name}", f"coursekit measure {name}")
    return draw(stored)


def seeds_of(stored: Stored) -> int:
    """How many seeds were measured, which NAME_all of any NAME tells.

    A NAME may itself end in "_all"; so one that is stored with its mean is asked first.
    """
    lists = [n for n in stored if n.endswith("_all") and isinstance(stored[n], list)]
    told = [n for n in lists if n.removesuffix("_all") in stored]
    return len(stored[(told or lists)[0]])


def spread_of(stored: Stored) -> str:
    """What error bars and bands show, for an axis."""
    seeds = seeds_of(stored)
    return f"± standard error, {seeds} seeds" if seeds > 1 else "one seed"


def standard_error(stored: Stored, key: str) -> Any:
    """Half the length of an error bar: of the mean over as many seeds as there are."""
    return numbers(stored[f"{key}_std"]) / np.sqrt(seeds_of(stored))


def bar(stored: Stored, key: str) -> tuple[float, float]:
    """A measured number and its standard error."""
    return float(stored[key]), float(standard_error(stored, key))


def curve(axis: Any, x: Any, stored: Stored, key: str, name: str) -> None:
    """A measured list over x with its error bars."""
    error = standard_error(stored, key)
    draw_line(axis, numbers(x), numbers(stored[key]), error, name)


def ladder(
    axis: Any,
    title: str,
    x: Any,
    stored: Stored,
    names: Mapping[str, str],
    *,
    floor: float = 0.0,
    smallest: float = 0.0,
    logy: bool = True,
) -> None:
    """Quality against network evaluations x; names: key -> the name of its line.

    floor: real against real, unless it is 0.  smallest: what lies below is chance, and
    is drawn there.
    """
    for key, name in names.items():
        if key in stored:
            mean = np.maximum(numbers(stored[key]), smallest)
            draw_line(axis, numbers(x), mean, standard_error(stored, key), name)
    scale(axis, x, True, logy)
    if smallest > 0:  # error bars may reach below
        axis.set_ylim(bottom=smallest / 1.5)
    if floor > 0:
        draw_level(axis, (floor, "real against real"))
    axis.set(title=title, xlabel=f"network evaluations ({spread_of(stored)})")


SAMPLERS = {
    "skipped": "DDPM, steps skipped",
    "ddim_1": "DDIM, η = 1",
    "ddim_05": "DDIM, η = 0.5",
    "ddim_0": "DDIM, η = 0",
}
DATA = {"fashion": "Fashion-MNIST", "teddy": "teddy bears"}


def quality_panels(measured: Mapping[str, Any], figure: str = "frechet") -> Picture:
    """Figure C for pictures: quality against network evaluations, a panel a data set.

    measured: what lecture 1's `experiments.quality_images.measure` returns.
    figure: "frechet", "energy" or, where a reader can tell, "valid". The dashed line is
    real against real (for "frechet" and "energy": as near as can be measured).
    """
    shown = [name for name in DATA if f"{name}_ddim_0_{figure}" in measured]
    if not shown:
        raise ValueError(
            f"nothing measured under {figure!r}: run coursekit measure 01.C"
        )
    ylabels = {"frechet": "Fréchet distance", "energy": "energy distance"}
    with style():
        sheet, axes = canvas(len(shown), 4.4, 3.4)
        for axis, name in zip(axes, shown, strict=True):
            ladder(
                axis,
                DATA[name],
                measured[f"{name}_nfes"],
                measured,
                {f"{name}_{each}_{figure}": SAMPLERS[each] for each in SAMPLERS},
                floor=measured.get(f"{name}_floor_{figure}", 0.0),
                logy=figure != "valid",
            )
        axes[0].set_ylabel(ylabels.get(figure, "valid scenes, according to the reader"))
        axes[-1].legend()
        return render(sheet)
