"""The figures of notebook 10, drawn from what was measured."""

import numpy as np

from coursekit.lectures.l10_masked_diffusion_llm.experiments import palettes
from coursekit.plots.figures import canvas, draw_groups, numbers, render, style
from coursekit.plots.images import Picture, grid
from coursekit.plots.lines import draw_level, draw_line
from coursekit.plots.measured import Stored, measured_figure
from coursekit.plots.table import Table

# --- N1: 10.1, 10.2 -------------------------------------------------------------------

# --- N2: 10.3 to 10.5 -----------------------------------------------------------------

# --- N3: 10.6 to 10.8 -----------------------------------------------------------------

# --- N4: 10.9 to 10.11 ----------------------------------------------------------------

GAPS = {
    "bigrams": "counted pairs",
    "once": "masked, all at once",
    "order": "masked, left to right",
    "confidence": "masked, surest first",
    "greedy": "left to right",
    "suffix_first": "told the end first",
    "rescored": "left to right, rescored",
}
LEARNERS = {"next": "left to right", "masked": "masked"}
SHOWN = {
    "real": "real, 16 colours",
    "masked": "masked",
    "next": "pixel by pixel",
    "half": "half hidden",
    "filled": "filled",
}


def gap_panels() -> Picture | Table:
    """Figure C: gaps that are filled exactly, by size and by who fills them."""
    return measured_figure("10.C", _gap_panels)


def _gap_panels(stored: Stored) -> Picture:
    groups = {
        f"{size} token{'s' * (size > 1)} missing": {
            name: (stored[key][i], stored[f"{key}_error"][i])
            for key, name in GAPS.items()
        }
        for i, size in enumerate(stored["sizes"])
    }
    tones = ("ink", "cyan", "blue", "purple", "olive", "orange", "red")
    with style():
        figure, (axis,) = canvas(1, 9.5, 3.4)
        draw_groups(axis, groups, tones, ncols=2)
        axis.set_ylabel("filled exactly")
        axis.set_title(f"{stored['count']} gaps of each size, ± one standard error")
        return render(figure)


def cost_panels() -> Picture | Table:
    """Figure D: what learning costs, and what repeating the data does."""
    return measured_figure("10.D", _cost_panels)


def _cost_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 4.6, 3.4)
        for key, name in LEARNERS.items():
            x, error = numbers(stored[f"{key}_flops"]), stored[f"{key}_error"]
            draw_line(
                axes[0], x, numbers(stored[f"{key}_excess"]), numbers(error), name
            )
            tone = axes[0].lines[-1].get_color()
            axes[0].plot(
                stored[f"shipped_{key}_flops"],
                stored[f"shipped_{key}_excess"],
                "*",
                ms=13,
                color=tone,
            )
            error = numbers(stored[f"{key}_few_error"])
            few = numbers(stored[f"{key}_few_excess"])
            draw_line(axes[1], numbers(stored["epochs"]), few, error, name)
        draw_level(axes[0], (stored["level"], f"{stored['level']:g} bits"))
        axes[0].set(xscale="log", yscale="log", xlabel="FLOPs of training")
        axes[0].set(ylabel="bits beyond the law, held out")
        axes[0].set_title(f"{stored['many']:,} programs; stars: what ships")
        axes[1].set(yscale="log", xlabel="times that each program was seen")
        axes[1].set_title(f"{stored['few']} programs, again and again")
        for axis in axes:
            axis.legend()
        return render(figure)


def palette_sheet() -> Picture | Table:
    """Figure J: pictures of sixteen colours, real and written."""
    return measured_figure("10.J", _palette_sheet)


def _palette_sheet(stored: Stored) -> Picture:
    rows = [palettes.pictures(dict(stored), key) for key in SHOWN]
    labels = list(SHOWN.values())
    return grid(np.concatenate(rows), len(rows[0]), zoom=5, row_labels=labels)
