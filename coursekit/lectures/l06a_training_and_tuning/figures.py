"""The figures of notebook 06a, drawn from what was measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from coursekit.plots.figures import canvas, draw_groups, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line
from coursekit.plots.measured import (
    Stored,
    bar,
    curve,
    measured_figure,
    seeds_of,
    spread_of,
)
from coursekit.plots.table import Table

# --- 6.1 and 6.2: times and shift ----------------------------------------------------

LAWS = {
    "uniform": "uniform",
    "middle": "logit-normal (0, 1)",
    "noise": "logit-normal (1, 1)",
}
ABOVE: Any = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "fontsize": 9}


def decided_panels(stored: Stored) -> Picture:
    """Figure A: what an exact reader lacks, and the loss of a trained network."""
    with style():
        figure, axes = canvas(2, 4.4, 3.4)
        for name in ("place", "fur", "glasses", "sum"):
            left = numbers(stored[f"unknown_{name}"])
            label = "all six attributes" if name == "sum" else name
            draw_line(axes[0], numbers(stored["fine"]), left, None, label)
        axes[0].set(
            title="what an exact reader lacks",
            xlabel="t, from data to noise",
            ylabel="share of the bits",
            xlim=(0.5, 1),
        )
        axes[0].legend(loc="upper left")
        loss = numbers(stored["loss"])
        draw_line(axes[1], numbers(stored["times"]), loss, None, "teddy-flow")
        axes[1].set(
            title="what a trained network cannot guess",
            xlabel="t",
            ylabel="squared error of the velocity",
            ylim=(0, None),
        )
        return render(figure)


def law_bars(stored: Stored) -> Picture:
    """Figure T: three laws of times, their losses and their pictures."""
    kinds = {
        "frechet": f"{stored['evals']} steps",
        "one": "one step",
    }
    groups = {
        label: {text: bar(stored, f"{law}_{key}") for key, text in kinds.items()}
        for law, label in LAWS.items()
    }
    with style():
        figure, axes = canvas(2, 4.6, 3.4)
        for law, label in LAWS.items():
            curve(axes[0], stored["times"], stored, f"{law}_ratio", label)
        axes[0].set(
            xlabel=f"t ({spread_of(stored)})", ylabel="times the loss of teddy-flow"
        )
        axes[0].legend(fontsize=9)
        draw_groups(axes[1], groups, ncols=2, **ABOVE)
        axes[1].set(ylabel="Fréchet distance", xlabel=spread_of(stored))
        axes[1].tick_params(axis="x", labelsize=8)
        return render(figure)


def size_panels(stored: Stored) -> Picture:
    """Figure B: what is still read at three sizes, before and after a shift."""
    grid = numbers(stored["times"])
    odds = np.log(grid / (1 - grid))
    panels = (("fur", False), ("fur", True), ("glasses", True))
    with style():
        figure, axes = canvas(3, 3.6, 3.3)
        for axis, (name, moved) in zip(axes, panels, strict=True):
            for i, size in enumerate((16, 32, 64)):
                x = odds - np.log(2) * i * moved
                curve(axis, x, stored, f"{name}_{size}", f"{size} px")
            ticks = numbers([0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
            axis.set_xticks(np.log(ticks / (1 - ticks)), [f"{t:g}" for t in ticks])
            where = "at t of 16 pixels" if moved else "at equal t"
            axis.set(title=f"{name}, {where}", xlabel="t", xlim=(-2.2, 3.6))
        axes[0].set_ylabel(f"what is still read\n({spread_of(stored)})")
        axes[0].legend()
        return render(figure)


# 6.3 to 6.5: teachers, mixtures, stages

EYES = {"alone": "alone", "clip": "beside CLIP", "random": "beside random weights"}
PLATES = {"low": "2 %", "even": "10 %", "high": "50 %"}
ORDERS = {"early": "most early", "even": "evenly", "late": "most late"}
GOING_ON = {
    "none": "no old pictures",
    "some": "10 % old",
    "much": "30 % old",
    "slow": "no old ones, a tenth of the rate",
}


def eyes_panels(stored: Stored) -> Picture:
    """Figure C: the held-out error beside a teacher, and what the tokens know."""
    with style():
        figure, (left, right) = canvas(2, 4.6, 3.4)
        # Before the first step all are one, and so far off that no later step shows.
        errors = [key for key in stored if key == "steps_seen" or "_error" in key]
        later = {**stored, **{key: stored[key][1:] for key in errors}}
        for key, name in EYES.items():
            curve(left, later["steps_seen"], later, f"{key}_error", name)
        xlabel = f"training step ({spread_of(stored)})"
        left.set(xlabel=xlabel, ylabel="velocity error, held-out")
        left.legend(fontsize=9)
        groups = {
            word: {name: bar(stored, f"{key}_{word}") for key, name in EYES.items()}
            for word in ("fur", "hat")
        }
        draw_groups(right, groups, **ABOVE, ncols=3)
        right.set(ylabel="read off the tokens", ylim=(0, 1), xlabel=spread_of(stored))
        return render(figure)


def plate_panels(stored: Stored) -> Picture:
    """Figure D: is the hat drawn that was asked for, by its share of the training?"""
    hats = {"rare": "the yellow hat", "common": "the other three"}
    with style():
        figure, axes = canvas(2, 4.4, 3.4)
        for axis, plans in zip(axes, (PLATES, ORDERS), strict=True):
            groups = {
                label: {
                    name: bar(stored, f"{p}_{hat}_read") for hat, name in hats.items()
                }
                for p, label in plans.items()
            }
            draw_groups(axis, groups, **ABOVE, ncols=2)
            axis.set(ylim=(0, 1), xlabel=spread_of(stored))
        axes[0].set_ylabel("share of pictures with the hat asked for")
        return render(figure)


def forgetting_panels(stored: Stored) -> Picture:
    """Figure E, left: the old skill and the new one, while a model goes on."""
    titles = {"old": "asked for empty places", "new": "asked for bears"}
    with style():
        figure, axes = canvas(2, 4.4, 3.4)
        for axis, (skill, title) in zip(axes, titles.items(), strict=True):
            for plan, name in GOING_ON.items():
                steps = stored[f"go_on_{plan}_step"]
                curve(axis, steps, stored, f"go_on_{plan}_{skill}", name)
            axis.set(title=title, xlabel=f"steps with bears ({spread_of(stored)})")
        axes[0].set_ylabel("velocity error, held-out")
        axes[1].legend(fontsize=9)
        return render(figure)


def golden_panels(stored: Stored) -> Picture:
    """Figure E, right: the light that a model chooses, while it is tuned."""
    with style():
        figure, axes = canvas(2, 4.2, 3.2)
        for axis, word in zip(axes, ("warmth", "brightness"), strict=True):
            seen = stored["sft_golden_seen"]
            curve(axis, seen, stored, f"sft_golden_{word}", "drawn")
            draw_level(axis, (stored[f"sft_picked_{word}"], "golden pictures"))
            draw_level(axis, (stored[f"sft_all_{word}"], "all pictures"), below=True)
            axis.set(ylabel=word, xlabel=f"tuning step ({spread_of(stored)})")
        return render(figure)


SHARES = {
    "identity": "the [V] bear when asked for",
    "ordinary": "ordinary prompts met",
    "striped": "ordinary bears striped",
}


def _bars(stored: Stored, kinds: Mapping[str, str], title: str) -> Picture:
    """The three shares of each kind of tuning; error bars for several seeds."""
    groups = {
        label: {name: bar(stored, f"{kind}_{key}") for key, name in SHARES.items()}
        for kind, label in kinds.items()
    }
    seeds = seeds_of(stored)
    spread = "one seed" if seeds == 1 else f"± standard error, {seeds} seeds"
    with style():
        figure, (axis,) = canvas(1, 8.4, 3.4)
        draw_groups(axis, groups, ("blue", "green", "red"), **ABOVE, ncols=3)
        axis.set(ylabel="share of the pictures", ylim=(0, 1.04))
        axis.set_xlabel(f"{title}, {spread}")
        return render(figure)


def subject() -> Picture | Table:
    """Figure F, or how to measure it."""
    return measured_figure("06a.F", _subject_bars)


def ranks() -> Picture | Table:
    """Figure G, or how to measure it."""
    return measured_figure("06a.G", _rank_bars)


def _subject_bars(stored: Stored) -> Picture:
    """Figure F: identity and drift, by photos, prior and word."""
    names = {"with": "prior", "without": "no prior"}
    kinds = {
        f"rare_{shots}_{key}": f"{shots} photo{'s' * (shots > 1)},\n{name}"
        for shots in stored["shots"]
        for key, name in names.items()
        if f"rare_{shots}_{key}_identity" in stored
    }
    kinds |= {f"common_3_{key}": f"3, {name},\n“brown”" for key, name in names.items()}
    return _bars(stored, kinds, f"{stored['steps']} steps")


def _rank_bars(stored: Stored) -> Picture:
    """Figure G: LoRA by rank, and all weights."""
    kinds = {
        kind: f"{name}\n{stored[f'{kind}_kb']:,.0f} KB"
        for kind, name in (
            *((f"r{rank}", f"rank {rank}") for rank in stored["ranks"]),
            ("full", "all weights"),
        )
    }
    return _bars(stored, kinds, f"{stored['steps']} steps")


# 6.8: one life

STARTS = {"inherited": "weights of the first stage", "fresh": "fresh weights"}


def life_curves(stored: Stored) -> Picture:
    """Figure H: the loss of the second stage, from two starts."""
    with style():
        figure, (axis,) = canvas(1, 5.6, 3.3)
        for start, label in STARTS.items():
            curve(axis, stored["seen"], stored, f"{start}_loss", label)
        axis.set_xlabel("steps of the second stage")
        axis.set_ylabel("training loss")
        axis.set_ylim(bottom=0)
        axis.legend()
        return render(figure)
