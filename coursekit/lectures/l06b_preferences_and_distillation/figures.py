"""The figures of notebook 06b, drawn from what was measured."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from coursekit.datasets.toys import ring
from coursekit.plots.figures import canvas, draw_groups, numbers, render, scatter, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.measured import (
    Stored,
    bar,
    curve,
    ladder,
    measured_figure,
    spread_of,
    standard_error,
)
from coursekit.plots.table import Table, table

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

CLIMBS = {
    "base": "before",
    "alone": "ReFL alone",
    "pull_10": "10 : 1",
    "pull_3": "3 : 1",
    "pull_1": "1 : 1",
    "learnt_alone": "learnt,\nalone",
    "learnt_pull_3": "learnt,\n3 : 1",
}
CLOUDS = 8
SHOWN = (10, 30, 100)  # betas whose training is drawn


def vote_panels(stored: Stored) -> Picture:
    """Figure A: how well a learnt reward orders new pairs, and foretells new votes."""
    with style():
        figure, axes = canvas(2, 4.4, 3.4)
        for mind, number in stored["minds"].items():
            name = f"{mind}: reward x {number:g}"
            curve(axes[0], stored["counts"], stored, f"{mind}_agree", name)
            curve(axes[1], stored["counts"], stored, f"{mind}_loss", name)
        for axis in axes:
            axis.set(xscale="log", xlabel=f"votes heard ({spread_of(stored)})")
        axes[0].set(title="clear pairs in the right order", ylabel="share")
        axes[0].legend(loc="lower right")
        axes[1].set(title="loss on new votes", ylabel="nats a pair")
        draw_level(axes[1], (math.log(2), "log 2: knows nothing"))
        return render(figure)


def _clouds(stored: Stored, run: str) -> tuple[float, float]:
    """As many clouds of equal weight have this entropy, as a share of all."""
    entropy, error = bar(stored, f"{run}_entropy")
    many = math.exp(entropy) / CLOUDS
    return many, many * error


def climb_bars(stored: Stored) -> Picture:
    """Figure B, ReFL: what was asked for, and what nobody asked for."""
    groups = {
        label: {
            "true reward": bar(stored, f"{run}_reward"),
            "on a cloud": bar(stored, f"{run}_on"),
            "clouds in use": _clouds(stored, run),
        }
        for run, label in CLIMBS.items()
    }
    with style():
        figure, (axis,) = canvas(1, 8.2, 3.4)
        draw_groups(axis, groups, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
        axis.set(ylabel="share", xlabel=f"reward : training ({spread_of(stored)})")
        return render(figure)


def pair_panels(stored: Stored) -> Picture:
    """Figure B, DPO: quality and errors at each beta, and the training itself."""
    betas = stored["betas"]
    lists = _over_betas(stored)
    with style():
        figure, axes = canvas(3, 3.7, 3.6)
        names = {
            "accuracy": "implicit accuracy",
            "on": "on a cloud",
            "reward": "reward",
        }
        for key, name in names.items():
            curve(axes[0], betas, lists, key, name)
        draw_level(axes[0], (stored["winners_reward"], "reward, winners only"))
        for key, name in {"won": "winners", "lost": "losers"}.items():
            curve(axes[1], betas, lists, key, name)
        axes[1].set_yscale("symlog", linthresh=0.03)
        for beta in SHOWN:
            run = f"beta_{beta}"
            at, name = stored[f"{run}_path_at"], f"beta {beta}"
            curve(axes[2], at, stored, f"{run}_path_won", name)
        for axis in axes[:2]:
            axis.set(xscale="log", xlabel=f"beta ({spread_of(stored)})")
        for axis in axes:
            axis.legend(fontsize=8, loc="upper right")
        axes[2].legend(fontsize=8, loc="center right")
        for axis in axes[1:]:
            draw_level(axis, (0.0, ""))
        axes[0].set(title="what comes out", ylabel="share", ylim=(0, 1.25))
        axes[1].set(title="rise of the error", ylabel="over the reference's")
        axes[2].set(title="of winners, in training", xlabel="steps")
        return render(figure)


def _over_betas(stored: Stored) -> Stored:
    """Numbers of each beta as lists over beta, for `curve`."""
    found: dict[str, object] = {"base_all": stored["base_reward_all"]}
    for key in ("accuracy", "on", "reward", "won", "lost"):
        for end in ("", "_std"):
            found[key + end] = [
                stored[f"beta_{beta}_{key}{end}"] for beta in stored["betas"]
            ]
    return found


# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------


def dice_panels(stored: Stored) -> Picture:
    """Figure C: the spread of the samples, real and by law, and who decides it."""
    counts = stored["counts"]
    names = [
        (f"level_{level:g}".replace(".", ""), f"noise level {level:g}")
        for level in stored["levels"]
    ]
    with style():
        figure, axes = canvas(3, 3.8, 3.4)
        for name, label in names:
            axes[0].plot(counts, stored[f"{name}_std"], marker="o", label=label)
            axes[1].plot(counts, stored[f"{name}_on"], marker="o", label=label)
            axes[2].plot(counts, stored[f"{name}_dice"], marker="o", label=label)
        for axis, key in zip(axes, ("std", "on"), strict=False):
            look: Any = {"color": "grey", "ls": "--", "label": "0.7, no pull"}
            axis.plot(counts, stored[f"shaken_{key}"], **look)
        draw_level(axes[0], (stored["goal"], "the data"), below=True)
        titles = (
            "a Gaussian: std of the samples",
            "the ring: points on a cloud",
            "a Gaussian: decided by dice",
        )
        for axis, title in zip(axes, titles, strict=True):
            scale(axis, counts, True, False)
            axis.set(title=title, xlabel="steps")
        axes[0].set(ylim=(0.3, None))
        axes[1].set(ylim=(0.5, 1.02))
        axes[2].set(ylabel="share of the variance", ylim=(-0.03, 1.03))
        axes[1].legend(fontsize=9, loc="lower right")
        return render(figure)


LEARNERS = {"grpo": "GRPO", "nft": "DiffusionNFT"}
RANDOM = 8  # clouds


def clouds_in_use(stored: Stored, run: str) -> tuple[float, float]:
    """As many clouds of equal weight have this entropy, and its standard error."""
    entropy, error = bar(stored, f"{run}_entropy")
    return math.exp(entropy), math.exp(entropy) * error


def _trail(axis: Any, stored: Stored, runs: Sequence[str], name: str, to: str) -> None:
    """Rewards of runs against how far they went, or against the clouds in use."""
    across = [
        clouds_in_use(stored, run) if to == "clouds" else bar(stored, f"{run}_{to}")
        for run in runs
    ]
    up = [bar(stored, f"{run}_reward") for run in runs]
    (x, dx), (y, dy) = (tuple(zip(*pairs, strict=True)) for pairs in (across, up))
    (line,) = axis.plot(x, y, marker="o", label=name)
    axis.errorbar(x, y, dy, dx, fmt="none", capsize=3, color=line.get_color())


def reinforce_panels(
    stored: Stored, others: Mapping[str, Any] | None = None
) -> Picture:
    """Figure D: reward against distance, against clouds in use, and what is real.

    others: what 06b.B measured: ReFL and DPO join the panel in the middle.
    """
    with style():
        figure, axes = canvas(3, 3.9, 3.6)
        for who, label in LEARNERS.items():
            weights = stored[f"weights_{who}"]
            runs = [f"{who}_{weight:g}".replace(".", "") for weight in weights]
            trail = [*runs, "base"]
            _trail(axes[0], stored, trail, label, "distance")
            _trail(axes[1], stored, trail, label, "clouds")
            _trail(axes[2], stored, trail, label, "on")
            for run, weight in zip(runs, weights, strict=True):
                at = (clouds_in_use(stored, run)[0], stored[f"{run}_reward"])
                axes[1].annotate(
                    f"{weight:g}", at, xytext=(4, 3), textcoords="offset points", size=8
                )
        if others is not None:
            pulls = [f"pull_{weight}" for weight in reversed(others["pulls"])]
            _trail(axes[1], others, ["alone", *pulls], "ReFL", "clouds")
            betas = [f"beta_{beta}" for beta in others["betas"] if beta >= 10]
            _trail(axes[1], others, betas, "DPO, beta 10 and more", "clouds")
        axes[0].set_xscale("symlog", linthresh=0.1)
        axes[0].set(xlabel="KL of a walk from the base's, nats", ylabel="mean reward")
        axes[1].set(xlabel="clouds in use (exp of the entropy)", xlim=(0.5, RANDOM))
        axes[2].set(xlabel=f"points on a cloud\n({spread_of(stored)})")
        for axis in axes:
            axis.set_ylim(0, 1.03)
        axes[1].legend(fontsize=9)
        return render(figure)


# --- 6.16 and 6.17: fewer steps -------------------------------------------------------

IN_ONE_STEP = {
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
    return measured_figure("06b.E", _four_clouds)


def one_step_table() -> Picture | Table:
    """The ratios of figure E, or how to measure them."""
    return measured_figure("06b.E", _ratios)


def one_step_ladder() -> Picture | Table:
    """Figure E over evaluations, or how to measure it."""
    return measured_figure("06b.E", _halved)


def agreement_panels() -> Picture | Table:
    """Figure F, or how to measure it."""
    return measured_figure("06b.F", _agreed)


def _four_clouds(stored: Stored) -> Picture:
    """Figure E: what four networks draw in one step from the same noise."""
    clouds = {name: stored[f"{who}_points"] for who, name in IN_ONE_STEP.items()}
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
            for who, name in IN_ONE_STEP.items()
        }
    )


def _halved(stored: Stored) -> Picture:
    """Figure E, second part: energies over network evaluations."""
    names = {f"{who}_energy": name for who, name in IN_ONE_STEP.items()}
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

WHO = {
    "teacher": "teacher, guided",
    "progressive": "progressive",
    "consistency": "consistency",
    "dmd": "DMD",
    "meanflow": "MeanFlow",
}
NAMED = WHO | {"teacher": "the teacher itself"}  # as in the question


def bear_ladder() -> Picture | Table:
    """Figure L, or how to measure it."""
    return measured_figure("06b.L", _bear_panels)


def _bear_panels(stored: Stored) -> Picture:
    """Figure L: what is obeyed, how far from real pictures, how sharp, by steps.

    A line may leave its panel at the top: MeanFlow's one step draws nothing.
    """
    panels = (
        ("one", "one bear as asked", 1.02),
        ("energy", "energy distance to real pictures", 1.0),
        ("sharp", "sharpness over real pictures'", 1.3),
    )
    with style():
        figure, axes = canvas(3, 3.5, 3.3)
        for axis, (key, name, top) in zip(axes, panels, strict=True):
            for who, label in WHO.items():
                heights = numbers(stored[f"{who}_{key}"])
                draw_line(axis, numbers(stored["steps"]), heights, None, label)
            axis.set(xlabel="steps", ylabel=name)
            scale(axis, numbers(stored["steps"]), True, False)
            axis.set_ylim(-0.05 if key == "energy" else 0, top)
        draw_level(axes[0], (stored["real_one"], "real pictures"), below=True)
        axes[2].legend(loc="lower right", fontsize=8)
        return render(figure)


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
