"""Figure 04.P: what is asked for, and what is there, for teddies and for emoji."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coursekit.plots.figures import canvas, render, style
from coursekit.plots.images import Picture
from coursekit.plots.theme import INK, SERIES, colour

Stored = Mapping[str, Any]
ATTRIBUTES = ("place", "fur", "hat", "glasses", "action", "pose", "all")
JUDGED = {"name": "name", "name5": "best five", "style": "style"}
Bars = Sequence[tuple[float, float]]  # (mean, half length of the error bar)


def prompts_panels(stored: Stored) -> Picture:
    """Teddies by attribute and guidance scale; emoji, where measured, by split."""
    emoji = "emoji_pairs_prompts" in stored
    with style():
        figure, axes = canvas(2 if emoji else 1, 5.6, 3.4)
        draw(axes[0], ATTRIBUTES, teddy_bars(stored))
        axes[0].set_title("bears: what the sentence says is there")
        axes[0].set_ylabel("share of the pictures")
        if emoji:
            draw(axes[1], tuple(JUDGED.values()), emoji_bars(stored))
            axes[1].set_title("emoji: the judge finds ...")
        return render(figure)


def teddy_bars(stored: Stored) -> dict[str, Bars]:
    """For each guidance scale, and for real pictures, a bar for each attribute."""
    named = {"1": "no guidance", "3": "scale 3", "6": "scale 6"}
    rows: dict[str, Bars] = {
        label: [with_error(stored, f"both_{at}_{name}") for name in ATTRIBUTES]
        for at, label in named.items()
        if f"both_{at}_all" in stored
    }
    real = [(float(stored[f"real_both_{name}"]), 0.0) for name in ATTRIBUTES]
    return {**rows, "real pictures": real}


def emoji_bars(stored: Stored) -> dict[str, Bars]:
    """Drawn at scale 3 and real, for pairs that were held out or trained on."""
    rows: dict[str, Bars] = {}
    for split, label in (("train", "trained on"), ("pairs", "never seen")):
        start = f"emoji_{split}"
        rows[f"drawn, {label}"] = [
            with_error(stored, f"{start}_3_{name}") for name in JUDGED
        ]
    rows["real, never seen"] = [
        (float(stored[f"emoji_pairs_real_{name}"]), 0.0) for name in JUDGED
    ]
    return rows


def with_error(stored: Stored, key: str) -> tuple[float, float]:
    """A mean over seeds and its standard error."""
    return float(stored[key]), float(stored[f"{key}_std"]) / np.sqrt(
        len(stored[f"{key}_all"])
    )


def draw(axis: Any, places: Sequence[str], rows: Mapping[str, Bars]) -> None:
    """Groups of bars: one group for each place, one colour for each row."""
    room = 0.84 / len(rows)
    for j, (label, bars) in enumerate(rows.items()):
        x = np.arange(len(places)) + (j - (len(rows) - 1) / 2) * room
        mean, half = (np.array(column) for column in zip(*bars, strict=True))
        tone = INK if label.startswith("real") else colour(SERIES[j])
        axis.bar(x, mean, room * 0.92, color=tone, label=label)
        axis.errorbar(x, mean, half, fmt="none", capsize=2, color=INK)
    axis.set_xticks(range(len(places)), list(places))
    axis.grid(visible=False, axis="x")
    axis.set_ylim(0, 1.05)
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4, fontsize=8.5)
