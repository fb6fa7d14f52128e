"""The figures of notebook 8b."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.edit_intents import INTENTS, said
from coursekit.datasets.teddy.edit_pairs import Images
from coursekit.plots.figures import canvas, render, style
from coursekit.plots.images import Picture, grid
from coursekit.plots.maps import felt_maps
from coursekit.plots.measured import Stored, bar, curve, measured_figure, spread_of
from coursekit.plots.table import Table, missing, table

WHO = {
    "guidance_1": "generator, guidance 1",
    "guidance_3": "generator, guidance 3",
    "both": "both together",
    "rebuilt": "rebuilt, the floor",
    "agent": "agent",
    "copy": "copier",
}
UNASKED = ("raised", "pose", "hat", "glasses", "fur", "any")


def _share(stored: Stored, key: str) -> str:
    """A share in per cent, with its standard error where there are seeds."""
    if f"{key}_std" not in stored:
        return f"{stored[key]:.1%}"
    mean, error = bar(stored, key)
    return f"{100 * mean:.1f} ± {100 * error:.1f}%"


def felt(maps: Mapping[str, Tensor], place: tuple[int, int]) -> Picture:
    """How much each place of a reference moves the velocity at one place."""
    return felt_maps(maps, place, floor=1e-3)


def in_rows(rows: Mapping[str, Images | None]) -> Picture | Table:
    """Pictures under each other; without one of the rows, how to train who draws it."""
    shown = {name: images for name, images in rows.items() if images is not None}
    if len(shown) < len(rows):
        return missing(
            "teddy-edit", "coursekit train teddy-edit --profile cpu --publish"
        )
    images = np.concatenate(list(shown.values()))
    columns = len(images) // len(shown)
    return grid(images, columns=columns, zoom=2, row_labels=list(shown))


def black_and_white() -> Picture | Table:
    """Figure A: "make it black and white", and what else changed."""
    return measured_figure("08b.A", _black_and_white)


def _black_and_white(stored: Stored) -> Table:
    return table(
        {
            name: {
                "black and white": _share(stored, f"{who}_colour"),
                **{each: _share(stored, f"{who}_{each}") for each in UNASKED},
                "SSIM": f"{stored[f'{who}_ssim']:.3f}",
            }
            for who, name in WHO.items()
            if f"{who}_any" in stored
        }
    )


def frontier() -> Picture | Table:
    """Figure B: wishes met over what changed unasked."""
    return measured_figure("08b.B", _frontier)


def _frontier(stored: Stored) -> Picture:
    with style():
        figure, (axis,) = canvas(1, 5.6, 3.6)
        for who, name in WHO.items():
            if f"{who}_any" not in stored:
                continue
            met = (stored[f"{who}_colour"] + stored[f"{who}_content"]) / 2
            seeds = f"{who}_any_std" in stored
            any_, error = (
                bar(stored, f"{who}_any") if seeds else (stored[f"{who}_any"], 0)
            )
            axis.errorbar(100 * met, 100 * any_, 100 * error, fmt="o", label=name)
        axis.set(xlabel="wishes met, %", xlim=(-4, 104))
        axis.set_ylabel(
            f"pictures with a change\nthat nobody asked for, %\n({spread_of(stored)})"
        )
        axis.legend(fontsize=8)
        return render(figure)


def beside() -> Picture | Table:
    """Figure S: what one edited picture costs."""
    return measured_figure("08b.S", _beside)


def _beside(stored: Stored) -> Table:
    rows = {"generator": "draw it again", "planner": "find a plan", "agent": "run it"}
    return table(
        {
            name: {
                "seconds": stored[f"{who}_seconds"],
                "FLOPs": f"{stored[f'{who}_flops']:.2g}",
            }
            for who, name in rows.items()
        }
    )


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
    shown = {"operations": "right operations", "free": "free wishes, right answer"}
    with style():
        figure, axes = canvas(2, 3.6, 3.2)
        for axis, (key, label) in zip(axes, panels.items(), strict=True):
            for measure, name in shown.items():
                curve(axis, stored[key], stored, f"{key}_{measure}", name)
            axis.set(xlabel=f"{label}\n({spread_of(stored)})", ylim=(0, 1.02))
        axes[0].set_xscale("log")
        axes[0].set_ylabel("share")
        axes[0].legend(fontsize=8, loc="lower right")
        return render(figure)
