"""The figures of notebook 06b, drawn from what was measured."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from coursekit.plots.figures import canvas, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, scale
from coursekit.plots.measured import Stored, bar, spread_of

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

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

# --- 6.18 and 6.19: judges and average velocities -------------------------------------

# --- 6.20 and 6.21: the ladder, and the bears -----------------------------------------
