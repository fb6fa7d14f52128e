"""The figures of notebook 03 that the general plots do not cover."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.table import Table
from coursekit.plots.theme import SERIES, colour

FLOWS = {
    "flow1": "1-rectified (strangers)",
    "flow2": "2-rectified",
    "flow3": "3-rectified",
    "transport": "minibatch transport",
}
TARGETS = {"eps": "noise", "score": "score", "velocity": "velocity"}
TOYS = {"two_moons": "two moons", "ring": "the ring"}


def maps(
    values: Mapping[str, ArrayLike], *, extent: float, size: float = 2.9
) -> Picture:
    """Signed maps (N, N) side by side on one colour scale: blue below 0, red above."""
    arrays = {name: numbers(each) for name, each in values.items()}
    top = max(float(np.abs(a).max()) for a in arrays.values())
    edge = (-extent, extent, -extent, extent)
    with style():
        figure, axes = canvas(len(arrays), size, size + 0.2)
        for axis, (name, array) in zip(axes, arrays.items(), strict=True):
            shown = axis.imshow(
                array, cmap="RdBu_r", vmin=-top, vmax=top, origin="lower", extent=edge
            )
            axis.set(xticks=[], yticks=[])
            axis.grid(visible=False)
            axis.set_title(name)
        figure.colorbar(shown, ax=axes, shrink=0.8)
        return render(figure)


class Ways(Protocol):
    """Lines and ways in one dimension, (F, N), at times ts (F,) from 1 to 0."""

    @property
    def ts(self) -> ArrayLike:
        """The times."""

    @property
    def lines(self) -> ArrayLike:
        """Straight lines between strangers."""

    @property
    def ways(self) -> ArrayLike:
        """The ways of the flow."""

    @property
    def paired(self) -> ArrayLike:
        """Straight lines between the flow's own ends."""


def crossing_panels(seen: Ways) -> Picture:
    """Lines to strangers, the ways of their flow, and the lines of reflow."""
    ts = np.asarray(seen.ts, dtype=float)
    panels = {
        "what training draws": seen.lines,
        "what the flow walks": seen.ways,
        "what reflow draws": seen.paired,
    }
    with style():
        figure, axes = canvas(len(panels), 3.1, 2.8)
        for axis, (name, lines) in zip(axes, panels.items(), strict=True):
            y = np.asarray(lines, dtype=float)
            for i in range(y.shape[1]):
                tone = colour(SERIES[0] if y[-1, i] > 0 else SERIES[1])
                axis.plot(ts, y[:, i], color=tone, lw=1.0, alpha=0.8)
            axis.scatter(np.full(y.shape[1], ts[0]), y[0], s=8, color=colour("ink"))
            axis.scatter(np.full(y.shape[1], ts[-1]), y[-1], s=8, color=colour("ink"))
            axis.set_xlim(1.04, -0.04)
            axis.set_xticks([1, 0], ["t = 1\nnoise", "t = 0\ndata"])
            axis.set(yticks=[], ylim=(-3, 3), title=name)
            axis.grid(visible=False)
        return render(figure)


def ladder_panels(
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]],
    nfes: Sequence[int],
    ylabel: str,
    levels: Mapping[str, float],
    smallest: float = 0.0,
) -> Picture:
    """Quality against evaluations: panel -> line -> (mean, std over three seeds)."""
    x = np.asarray(nfes, dtype=float)
    with style():
        figure, axes = canvas(len(panels), 4.3, 3.3)
        for axis, (title, rows) in zip(axes, panels.items(), strict=True):
            for name, (mean, std) in rows.items():
                low = np.maximum(np.asarray(mean, dtype=float), smallest)
                draw_line(axis, x, low, np.asarray(std) / np.sqrt(3), name)
            scale(axis, x, True, True)
            if smallest > 0:  # error bars may reach below; there is only chance
                axis.set_ylim(bottom=smallest / 1.5)
            if levels.get(title, 0) > 0:
                draw_level(axis, (levels[title], "real against real"))
            axis.set(title=title, xlabel="network evaluations")
        axes[0].set_ylabel(ylabel)
        axes[-1].legend()
        return render(figure)


def reflow_panels(stored: Mapping[str, Any]) -> Picture:
    """Figure D: the result of `experiments.reflow.measure`."""
    panels = {
        title: {
            label: (stored[f"{toy}_{flow}_energy"], stored[f"{toy}_{flow}_energy_std"])
            for flow, label in FLOWS.items()
        }
        for toy, title in TOYS.items()
        if f"{toy}_flow1_energy" in stored
    }
    return ladder_panels(panels, stored["nfes"], "energy distance", {}, 3e-4)


def _missing(figure: str) -> Table:
    """What stands where a figure was not measured yet."""
    return Table({f"figure {figure}": {"run": f"coursekit measure {figure}"}})


def three_ways_on_images() -> Picture | Table:
    """Figure F: one network, three targets, on Fashion-MNIST."""
    from coursekit.experiments.measure import load_measured

    try:
        stored = load_measured("03.F")
    except FileNotFoundError:
        return _missing("03.F")
    rows = {
        label: (stored[f"{kind}_frechet"], stored[f"{kind}_frechet_std"])
        for kind, label in TARGETS.items()
    }
    title = "Fashion-MNIST"
    floor = {title: float(stored["floor_frechet"])}
    return ladder_panels({title: rows}, stored["nfes"], "Fréchet distance", floor)


def reflow_on_images() -> Picture | Table:
    """Figure G: rectified flow once, twice, three times, on Fashion-MNIST."""
    from coursekit.experiments.measure import load_measured

    try:
        stored = load_measured("03.G")
    except FileNotFoundError:
        return _missing("03.G")
    rows = {
        label: (stored[f"{flow}_frechet"], stored[f"{flow}_frechet_std"])
        for flow, label in FLOWS.items()
        if f"{flow}_frechet" in stored
    }
    title = "Fashion-MNIST"
    floor = {title: float(stored["floor_frechet"])}
    return ladder_panels({title: rows}, stored["nfes"], "Fréchet distance", floor)
