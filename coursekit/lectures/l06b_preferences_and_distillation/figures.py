"""The figures of notebook 06b, drawn from what was measured."""

from coursekit.plots.figures import canvas, draw_groups, render, style
from coursekit.plots.images import Picture
from coursekit.plots.measured import Stored, ladder, spread_of, standard_error
from coursekit.plots.table import Table, table

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------

# --- 6.16 and 6.17: fewer steps -------------------------------------------------------

# --- 6.18 and 6.19: judges and average velocities -------------------------------------


def mass_panels(stored: Stored) -> Picture:
    """Figure G: the share of each cloud, for two powers of MeanFlow's loss."""
    groups: dict[str, dict[str, tuple[float, float]]] = {}
    for k, weight in enumerate(stored["weights"]):
        groups[f"cloud {k + 1}"] = {"the law": (weight, 0.0)} | {
            f"power {power:g}": (
                stored[f"p{i}_masses"][k],
                float(standard_error(stored, f"p{i}_masses")[k]),
            )
            for i, power in enumerate(stored["powers"])
        }
    with style():
        figure, (axis,) = canvas(1, 8.4, 3.2)
        draw_groups(axis, groups, ("ink", "blue", "red"))
        axis.set(ylabel="share of the points", xlabel=spread_of(stored))
        return render(figure)


# --- 6.20 and 6.21: the ladder, and the bears -----------------------------------------

STUDENTS = {  # by what they learn from
    "the teacher's answers": {
        "pairs": "regression on pairs",
        "reflow": "reflow",
        "instaflow": "InstaFlow",
        "progressive": "progressive",
    },
    "their neighbours": {
        "cd_euler": "consistency, Euler",
        "cd_heun": "consistency, Heun",
        "ct": "consistency training",
        "ct_huber": "the same, Huber loss",
    },
    "judges": {
        "dmd": "DMD",
        "dmd_alone": "DMD without regression",
        "adversarial": "adversarial",
    },
    "no teacher": {"shortcut": "shortcut", "meanflow": "MeanFlow"},
}


def ladder_panels(stored: Stored) -> Picture:
    """Figure H: the distance of every student, a panel for each kind."""
    with style():
        figure, axes = canvas(len(STUDENTS), 3.3, 3.6)
        for axis, (kind, names) in zip(axes, STUDENTS.items(), strict=True):
            shown = {"base": "the teacher"} | names
            lines = {f"{key}_energy": name for key, name in shown.items()}
            floor = stored["floor"]
            ladder(axis, kind, stored["counts"], stored, lines, smallest=floor)
            axis.set(xlabel="network evaluations", ylim=(floor / 1.5, 1))
            axis.legend(fontsize=7.5)
        axes[0].set_ylabel(f"squared energy distance\n({spread_of(stored)})")
        return render(figure)


def ladder_table(stored: Stored) -> Table:
    """Figure H in numbers: distances over the teacher's own, one step, and the cost."""
    rows = {}
    for key, name in {
        k: n for kind in STUDENTS.values() for k, n in kind.items()
    }.items():
        ratio = dict(zip(stored["counts"], stored[f"{key}_ratio"], strict=True))
        rows[name] = {
            **{f"at {count}": f"{ratio[count]:.2f}" for count in (1, 2, 4)},
            "on a cloud": f"{stored[f'{key}_on'][0]:.0%}",
            "masses off by": f"{stored[f'{key}_tv'][0]:.3f}",
            "entropy": f"{stored[f'{key}_entropy'][0]:.3f}",
            "million evaluations": f"{stored[f'{key}_evals'] / 1e6:.1f}",
            "seconds": f"{stored[f'{key}_seconds']:.0f}",
        }
    return table(rows)
