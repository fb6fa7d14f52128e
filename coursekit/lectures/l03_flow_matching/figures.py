"""The figures of notebook 03 that the general plots do not cover."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coursekit.lectures.l03_flow_matching.experiments.crossings import Crossings
from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.maps import map_panels
from coursekit.plots.measured import Stored, ladder, measured_figure
from coursekit.plots.table import Table
from coursekit.plots.theme import SERIES, colour

FLOWS = {
    "flow1": "1-rectified (strangers)",
    "flow2": "2-rectified",
    "flow3": "3-rectified",
    "transport": "minibatch transport",
}
TARGETS = {"eps": "noise", "score": "score", "velocity": "velocity"}
TARGETS_2D = {**TARGETS, "x0": "data"}
TOYS = {"two_moons": "two moons", "ring": "the ring"}


def maps(
    values: Mapping[str, ArrayLike], *, extent: float, size: float = 2.9
) -> Picture:
    """Signed maps (N, N) side by side on one colour scale: blue below 0, red above."""
    top = max(float(np.abs(numbers(each)).max()) for each in values.values())
    look: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -top, "vmax": top}
    look |= {"origin": "lower", "extent": (-extent, extent, -extent, extent)}
    return map_panels(values, size, bar="", **look)


def crossing_panels(seen: Crossings) -> Picture:
    """Lines to strangers, the ways of their flow, and the lines of reflow."""
    ts = numbers(seen.ts)
    panels = {
        "what training draws": seen.lines,
        "what the flow walks": seen.ways,
        "what reflow draws": seen.paired,
    }
    with style():
        figure, axes = canvas(len(panels), 3.1, 2.8)
        for axis, (name, lines) in zip(axes, panels.items(), strict=True):
            y = numbers(lines)
            for i in range(y.shape[1]):
                tone = colour(SERIES[0] if y[-1, i] > 0 else SERIES[1])
                axis.plot(ts, y[:, i], color=tone, lw=1.0, alpha=0.8)
            for end in (0, -1):
                at = np.full(y.shape[1], ts[end])
                axis.scatter(at, y[end], s=8, color=colour("ink"))
            axis.set_xlim(1.04, -0.04)
            axis.set_xticks([1, 0], ["t = 1\nnoise", "t = 0\ndata"])
            axis.set(yticks=[], ylim=(-3, 3), title=name)
            axis.grid(visible=False)
        return render(figure)


def _on_the_ring(stored: Stored) -> Picture:
    keys = {f"{kind}_energy": name for kind, name in TARGETS_2D.items()}
    with style():
        figure, (axis,) = canvas(1, 5.4, 3.4)
        ladder(axis, "the ring", stored["nfes"], stored, keys, smallest=3e-4)
        axis.set_ylabel("energy distance to the data")
        axis.legend()
        return render(figure)


def four_ways_on_the_ring() -> Picture | Table:
    """Figure E: one network, four targets, on the ring."""
    return measured_figure("03.E", _on_the_ring)


def reflow_panels(stored: Stored) -> Picture:
    """Figure D: the result of `experiments.reflow.measure`."""
    toys = [toy for toy in TOYS if f"{toy}_flow1_energy" in stored]
    with style():
        figure, axes = canvas(len(toys), 4.3, 3.3)
        for axis, toy in zip(axes, toys, strict=True):
            names = {f"{toy}_{flow}_energy": FLOWS[flow] for flow in FLOWS}
            ladder(axis, TOYS[toy], stored["nfes"], stored, names, smallest=3e-4)
        axes[0].set_ylabel("energy distance")
        axes[-1].legend()
        return render(figure)


def _on_images(stored: Stored, names: Mapping[str, str]) -> Picture:
    keys = {f"{key}_frechet": name for key, name in names.items()}
    floor = float(stored["floor_frechet"])
    with style():
        figure, (axis,) = canvas(1, 4.3, 3.3)
        ladder(axis, "Fashion-MNIST", stored["nfes"], stored, keys, floor=floor)
        axis.set_ylabel("Fréchet distance")
        axis.legend()
        return render(figure)


def three_ways_on_images() -> Picture | Table:
    """Figure F: one network, three targets, on Fashion-MNIST."""
    return measured_figure("03.F", partial(_on_images, names=TARGETS))


def reflow_on_images() -> Picture | Table:
    """Figure G: rectified flow once, twice, three times, on Fashion-MNIST."""
    return measured_figure("03.G", partial(_on_images, names=FLOWS))
