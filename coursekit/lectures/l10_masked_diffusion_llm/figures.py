"""The figures of notebook 10, drawn from what was measured."""

from typing import Any

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l10_masked_diffusion_llm.experiments.speed import as_good, ways
from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level
from coursekit.plots.measured import Stored, curve, measured_figure, spread_of
from coursekit.plots.table import Table, table
from coursekit.plots.theme import INK, SERIES, colour

# --- N1: 10.1, 10.2 -------------------------------------------------------------------

# --- N2: 10.3 to 10.5 -----------------------------------------------------------------

# --- N3: 10.6 to 10.8 -----------------------------------------------------------------

FAMILIES = {
    "left": "left to right",
    "ancestral": "canvas, ancestral",
    "confidence": "canvas, by confidence",
    "threshold": "canvas, threshold",
    "entropy": "canvas, entropy bound",
    "blocks": "blocks, threshold .9",
}
UNITS = {"passes": "passes", "flops": "FLOPs", "seconds": "seconds"}


def timed() -> dict[str, Any]:
    """What 10.S measured, or nothing."""
    try:
        return dict(load_measured("10.S"))
    except FileNotFoundError:
        return {}


def speed() -> Picture | Table:
    """Figure A: right programs over passes, FLOPs and seconds of one program alone.

    Full marks are as good as left to right, but for rare layouts.
    """
    return measured_figure("10.A", _speed_panels)


def _speed_panels(stored: Stored) -> Picture:
    spent, good = {**stored, **timed()}, as_good(stored, layouts=False)
    with style():
        figure, axes = canvas(3, 3.6, 3.8)
        for axis, (unit, name) in zip(axes, UNITS.items(), strict=True):
            axis.set(xscale="log", ylim=(0, 1.03), xlabel=f"{name} of a program")
            if f"left_{unit}" not in spent:
                axis.set_title("run: coursekit measure 10.S")
                continue
            axis.axvline(spent[f"left_{unit}"], color="grey", lw=1)
            axis.axvline(spent[f"left_{unit}"] / 10, color="grey", lw=1, ls="--")
            for i, (family, label) in enumerate(FAMILIES.items()):
                tone = colour(SERIES[i])
                for name_of in (
                    n for n in stored["names"] if ways()[n].family == family
                ):
                    axis.plot(
                        spent[f"{name_of}_{unit}"],
                        stored[f"{name_of}_right"],
                        "s" if family == "left" else "o",
                        color=tone,
                        mfc=tone if name_of in good else "none",
                        label=label,
                    )
                    label = "_"
            axis.set_title(f"{name}; dashed: a tenth")
        axes[0].set_xticks([2, 4, 8, 16, 32], ["2", "4", "8", "16", "32"])
        axes[0].set_xticks([], minor=True)
        axes[0].set_ylabel("share of right programs")
        axes[2 if "left_seconds" in spent else 0].legend(fontsize=8, loc="lower right")
        return render(figure)


SHOWN = (
    *("left", "left_cool", "left_greedy", "ancestral_8", "ancestral_32"),
    *("confidence_8", "confidence_16", "threshold_90", "entropy_3"),
    *("blocks_1", "blocks_4", "blocks_8", "blocks_16", "blocks_48"),
)


def speed_numbers() -> Picture | Table:
    """Some ways in numbers: what they write, and what each unit says of them.

    A factor above 1: that much less than left to right.
    """
    return measured_figure("10.A", _speed_table)


def _speed_table(stored: Stored) -> Table:
    spent = {**stored, **timed()}
    near, good = as_good(stored, layouts=False), as_good(stored)
    base = {unit: spent.get(f"left_{unit}") for unit in (*UNITS, "seconds_64")}
    rows = dict[str, dict[str, Any]]()
    for name in SHOWN:
        row = {
            "right": stored[f"{name}_right"],
            "entropy, bits": stored[f"{name}_entropy"],
            "leave a number out": stored[f"{name}_rare"],
            "as good": "yes" if name in near else "no",
            "rare, too": "yes" if name in good else "no",
        }
        for unit, first in base.items():
            found = spent.get(f"{name}_{unit}")
            row[f"{unit.replace('_', ', batch ')}, times less"] = (
                f"{first / found:.2f}" if first and found else "-"
            )
        rows[name.replace("_", " ")] = row
    return table(rows)


STUDENTS = {
    "teacher": "teacher",
    "forward": "student, forward KL",
    "reverse": "student, reverse KL",
    "published": "reverse KL, longer",
}


def fewer() -> Picture | Table:
    """Figure H: right programs, rare layouts and excess bits of the students."""
    return measured_figure("10.H", _fewer_panels)


def _fewer_panels(stored: Stored) -> Picture:
    passes = numbers(stored["passes"])
    with style():
        figure, axes = canvas(3, 3.5, 3.6)
        for axis, (key, title) in zip(
            axes, {"right": "right", "rare": "leave a number out"}.items(), strict=False
        ):
            for who, label in STUDENTS.items():
                curve(axis, passes, stored, f"{who}_{key}", label)
            axis.set(xscale="log", title=title, ylim=(0, None))
            axis.set_xticks(passes, [f"{n:g}" for n in passes])
            axis.set_xlabel(f"passes ({spread_of(stored)})")
        axes[0].set_ylabel("share of programs")
        axes[0].legend(fontsize=8, loc="lower right")
        draw_level(axes[1], (stored["law_rare"], "the law"))
        for i, who in enumerate(STUDENTS):
            mean, half = stored[f"{who}_excess"], stored[f"{who}_excess_error"]
            axes[2].bar(i, mean, 0.6, color=colour(SERIES[i]))
            axes[2].errorbar(i, mean, half, fmt="none", color=INK, capsize=3)
        names = ["teacher", "forward", "reverse", "reverse,\nlonger"]
        axes[2].set_xticks(range(4), names, size=9)
        axes[2].set_title("bits beyond the law (a bound)")
        return render(figure)


# --- N4: 10.9 to 10.11 ----------------------------------------------------------------
