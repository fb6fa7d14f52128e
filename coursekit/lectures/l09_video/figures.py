"""The figures of notebook 09, drawn from what was measured."""

import numpy as np

from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line
from coursekit.plots.measured import Stored, measured_figure
from coursekit.plots.table import Table
from coursekit.plots.theme import INK, colour

# --- V1
# --- V2
# --- V3
TASKS = {
    "last 1": "last frame",
    "last 5": "last 5",
    "last 9": "last 9",
    "last 17": "last 17",
    "whole": "all, made\nfrom frame 0",
    "last 1, told": "last frame,\nshirt told",
}


def recall_panels() -> Picture | Table:
    """Figure E: who returns, and in the right shirt, by what was known."""
    return measured_figure("09.E", _recall_panels)


def _recall_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 5.0, 3.3)
        panels = {"right": "right shirt, of those who return", "returned": "he returns"}
        for axis, (key, title) in zip(axes, panels.items(), strict=True):
            mean = numbers(stored[key])
            ends = np.stack(
                [numbers(stored[f"{key}_{end}"]) for end in ("low", "high")]
            )
            x = np.arange(len(mean))
            axis.bar(x, mean, 0.62, color=colour("blue"))
            off = np.maximum(np.abs(ends - mean), 0)
            axis.errorbar(x, mean, off, fmt="none", capsize=3, color=INK)
            names = [TASKS.get(name, name) for name in stored["tasks"]]
            axis.set_xticks(x, names, fontsize=7.5)
            axis.grid(visible=False, axis="x")
            axis.set(title=title, ylim=(0, 1.03), ylabel="share of films")
        axes[0].plot(
            np.arange(len(stored["chance"])),
            stored["chance"],
            "_",
            ms=26,
            mew=2,
            color=colour("orange"),
            label="chance: shuffled truths",
        )
        axes[0].legend(fontsize=8)
        return render(figure)


CHAINS = {
    "last_1": "last frame",
    "last_5": "last 5 frames",
    "last_13": "last 13 frames",
    "told": "last frame, all told",
    "copy": "no network: copies",
}


def drift_panels() -> Picture | Table:
    """Figure R: what chained clips lose, part by part."""
    return measured_figure("09.R", _drift_panels)


def _drift_panels(stored: Stored) -> Picture:
    panels = {
        "right": "place, fur and hat right",
        "error": "error of pixels",
        "motion": "motion",
    }
    with style():
        figure, axes = canvas(3, 3.7, 3.2)
        for axis, (key, title) in zip(axes, panels.items(), strict=True):
            for way, name in CHAINS.items():
                values = numbers(stored[f"{way}_{key}"])
                x = np.arange(len(values))
                errors = stored.get(f"{way}_{key}_error")
                draw_line(axis, x, values, numbers(errors) if errors else None, name)
            axis.set(title=title, xlabel=f"part of {stored['part']} frames; 0 is given")
            axis.set_xticks(x)
            axis.set_ylim(bottom=0)
        draw_level(axes[2], (stored["true_motion"], "true films"))
        axes[0].legend(fontsize=8)
        return render(figure)


def dust_panel() -> Picture | Table:
    """Figure H: how often dust rises, by what was learnt and by the book."""
    return measured_figure("09.H", _dust_panel)


def _dust_panel(stored: Stored) -> Picture:
    worlds = {
        "always": "with each book",
        "apart": "whatever the book",
        "never": "without",
    }
    bars = {"book": "a book is put", "none": "no book"}
    with style():
        figure, (axis,) = canvas(1, 5.6, 3.2)
        room = 0.36
        for j, (which, name) in enumerate(bars.items()):
            x = np.arange(len(worlds)) + (j - 0.5) * room
            rates = [stored[f"{world}_{which}"] for world in worlds]
            ends = [
                [
                    abs(stored[f"{w}_{which}_{end}"] - stored[f"{w}_{which}"])
                    for w in worlds
                ]
                for end in ("low", "high")
            ]
            tone = colour(("blue", "orange")[j])
            axis.bar(x, rates, room * 0.92, color=tone, label=name)
            axis.errorbar(x, rates, ends, fmt="none", capsize=3, color=INK)
        axis.set_xticks(range(len(worlds)), worlds.values())
        axis.grid(visible=False, axis="x")
        axis.set(ylim=(0, 1.2), ylabel="dust rises, share of clips")
        axis.set(xlabel="in the clips it learnt from, dust rises", title="same scenes")
        axis.legend(fontsize=8, loc="upper right", ncols=2)
        return render(figure)


# --- V4
