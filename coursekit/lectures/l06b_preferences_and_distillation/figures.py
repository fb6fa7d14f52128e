"""The figures of notebook 06b, drawn from what was measured."""

from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.measured import Stored, measured_figure
from coursekit.plots.table import Table

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------

# --- 6.16 and 6.17: fewer steps -------------------------------------------------------

# --- 6.18 and 6.19: judges and average velocities -------------------------------------

# --- 6.20 and 6.21: the ladder, and the bears -----------------------------------------

WHO = {
    "teacher": "teacher, guided",
    "progressive": "progressive",
    "consistency": "consistency",
    "dmd": "DMD",
    "meanflow": "MeanFlow",
}


def bear_ladder() -> Picture | Table:
    """Figure L, or how to measure it."""
    return measured_figure("06b.L", _bear_panels)


def _bear_panels(stored: Stored) -> Picture:
    """Figure L: what is obeyed, how far from real pictures, how sharp, by steps."""
    panels = (
        ("one", "one bear as asked", ("real_one", "real pictures")),
        ("energy", "energy distance to real pictures", ("floor", "real pictures")),
        ("sharp", "sharpness over real pictures'", None),
    )
    with style():
        figure, axes = canvas(3, 3.5, 3.3)
        for axis, (key, name, level) in zip(axes, panels, strict=True):
            for who, label in WHO.items():
                heights = numbers(stored[f"{who}_{key}"])
                draw_line(axis, numbers(stored["steps"]), heights, None, label)
            if level is not None:
                draw_level(axis, (stored[level[0]], level[1]), below=key == "energy")
            axis.set(xlabel="steps", ylabel=name)
            scale(axis, numbers(stored["steps"]), True, False)
            axis.set_ylim(bottom=0)
        axes[2].legend(loc="lower right", fontsize=8)
        return render(figure)
