"""The figures of notebook 8b."""

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.edit_intents import INTENTS, said
from coursekit.plots.figures import canvas, render, style
from coursekit.plots.images import Picture
from coursekit.plots.measured import Stored, curve, measured_figure, spread_of
from coursekit.plots.table import Table

# MARK exact


def confusion_grid(table: NDArray[np.int64]) -> Picture:
    """What users wanted, by row, and how their intents were named, by column."""
    names = [said(intent) for intent in INTENTS]
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    with style():
        figure, (axis,) = canvas(1, 7.2, 6.0)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axis.set_xticks(range(len(names) + 1), [*names, "other"], rotation=90)
        axis.set_yticks(range(len(names)), names)
        axis.tick_params(labelsize=7)
        axis.set(xlabel="named", ylabel="wanted")
        axis.grid(False)
        return render(figure)


def golden_curves() -> Picture | Table:
    """Figure C: how much golden data, and how wrong its intents may be."""
    return measured_figure("08b.C", _golden_curves)


def _golden_curves(stored: Stored) -> Picture:
    panels = {"sizes": "golden edits", "noises": "share of wrong intents"}
    shown = {"operations": "right operations", "free": "free wishes, right plan"}
    with style():
        figure, axes = canvas(2, 3.6, 3.2)
        for axis, (key, label) in zip(axes, panels.items(), strict=True):
            for measure, name in shown.items():
                curve(axis, stored[key], stored, f"{key}_{measure}", name)
            axis.set(xlabel=f"{label}\n({spread_of(stored)})", ylim=(0, 1.02))
        axes[0].set_xscale("log")
        axes[0].set_ylabel("share")
        axes[0].legend(fontsize=8)
        return render(figure)


# MARK generator
