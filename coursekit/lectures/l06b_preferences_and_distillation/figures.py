"""The figures of notebook 06b, drawn from what was measured."""

from typing import Any

from coursekit.datasets.toys import ring
from coursekit.plots.figures import canvas, draw_groups, render, scatter, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level
from coursekit.plots.measured import (
    Stored,
    bar,
    curve,
    ladder,
    measured_figure,
    spread_of,
)
from coursekit.plots.table import Table, table

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------

# --- 6.16 and 6.17: fewer steps -------------------------------------------------------

LEARNERS = {
    "base": "the flow itself",
    "strangers": "trained on strangers",
    "pairs": "trained on pairs",
    "progressive": "halved six times",
}
AGREED = {
    "cd_euler": "distilled, Euler",
    "cd_heun": "distilled, Heun",
    "cd_live": "distilled, live target",
    "ct": "trained, squares",
    "ct_averaged": "trained, averaged target",
    "ct_huber": "trained, Huber",
}


def one_step_clouds() -> Picture | Table:
    """Figure E, or how to measure it."""
    return measured_figure("06b.E", _clouds)


def one_step_table() -> Picture | Table:
    """The ratios of figure E, or how to measure them."""
    return measured_figure("06b.E", _ratios)


def one_step_ladder() -> Picture | Table:
    """Figure E over evaluations, or how to measure it."""
    return measured_figure("06b.E", _halved)


def agreement_panels() -> Picture | Table:
    """Figure F, or how to measure it."""
    return measured_figure("06b.F", _agreed)


def _clouds(stored: Stored) -> Picture:
    """Figure E: what four networks draw in one step from the same noise."""
    clouds = {name: stored[f"{who}_points"] for who, name in LEARNERS.items()}
    return scatter(clouds, limits=2.6, ghost=ring(8).means.repeat(40, 1))


def _ratios(stored: Stored) -> Any:
    """Energies over that of the teacher in 64 steps, by evaluations."""
    return table(
        {
            name: {
                f"{count} evaluation{'s' * (count > 1)}": f"{ratio:,.1f}"
                for count, ratio in zip(
                    stored["counts"], stored[f"{who}_ratio"], strict=True
                )
            }
            for who, name in LEARNERS.items()
        }
    )


def _halved(stored: Stored) -> Picture:
    """Figure E, second part: energies over network evaluations."""
    names = {f"{who}_energy": name for who, name in LEARNERS.items()}
    with style():
        figure, (axis,) = canvas(1, 6.4, 3.6)
        ladder(axis, "", stored["counts"], stored, names, smallest=1e-5)
        draw_level(axis, (stored["teacher_energy"], "the teacher, 64 steps"))
        axis.set_ylabel("energy distance to the law")
        axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
        return render(figure)


def _agreed(stored: Stored) -> Picture:
    """Figure F: energies of consistency models, and who favours the heavy clouds."""
    with style():
        figure, (left, right) = canvas(2, 4.8, 3.6)
        for key, name in AGREED.items():
            curve(left, stored["counts"], stored, f"{key}_energy", name)
        left.set(xlabel=f"jumps ({spread_of(stored)})", ylabel="energy distance")
        left.set_yscale("log")
        left.set_xticks(stored["counts"], [str(n) for n in stored["counts"]])
        left.legend(fontsize=8)
        groups = {
            name.replace(", ", ",\n"): {"share": bar(stored, f"{key}_heavy")}
            for key, name in AGREED.items()
        }
        draw_groups(right, groups)
        draw_level(right, (0.45, "their true share"))
        right.set(ylabel="in the two heaviest clouds", xlabel=spread_of(stored))
        right.tick_params(axis="x", labelsize=7)
        return render(figure)


# --- 6.18 and 6.19: judges and average velocities -------------------------------------

# --- 6.20 and 6.21: the ladder, and the bears -----------------------------------------
