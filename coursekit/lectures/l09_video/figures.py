"""The figures of notebook 09, drawn from what was measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import scale
from coursekit.plots.measured import Stored, measured_figure
from coursekit.plots.table import Table
from coursekit.plots.theme import INK, colour

# --- V1

SIGHTS = {
    "causal": "past only",
    "time": "GroupNorm over time",
    "both": "windows both ways",
    "short": "a zero short in front",
}


def causality_maps() -> Picture | Table:
    """Figure A: which latents move when one frame does."""
    return measured_figure("09.A", _causality_maps)


def _causality_maps(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(len(SIGHTS), 2.5, 4.2)
        for axis, (way, name) in zip(axes, SIGHTS.items(), strict=True):
            moves = numbers(stored[f"{way}_map"])
            shown = np.log10(np.where(moves > 0, moves, np.nan))
            image = axis.imshow(shown, vmin=-5, vmax=1, cmap="Blues", aspect="auto")
            frames, latents = moves.shape
            # Below the stairs are frames that come after a latent.
            x = np.repeat(np.arange(-0.5, 5), 2)[1:-1]
            y = np.repeat([0.5, 4.5, 8.5, 12.5, 16.5], 2)
            axis.plot(x, y, color=colour("orange"), lw=2)
            axis.set(title=name, xlabel="latent", xlim=(-0.5, latents - 0.5))
            axis.set_ylim(frames - 0.5, -0.5)
            axis.set_xticks(range(latents))
            axis.set_yticks(range(0, frames, 4))
            axis.grid(visible=False)
        axes[0].set_ylabel("frame that changes")
        bar = figure.colorbar(image, ax=axes, shrink=0.8)
        bar.set_label("log₁₀ of the move")
        return render(figure)


def stream_lines() -> Picture | Table:
    """Figure B: the memory of a clip at once, and of a stream."""
    return measured_figure("09.B", _stream_lines)


def _stream_lines(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 4.4, 3.2)
        for axis, way in zip(axes, ("encode", "decode"), strict=True):
            for key, name in {"whole": "at once", "stream": "in chunks"}.items():
                axis.plot(
                    stored["later"], stored[f"{way}_{key}"], marker="o", label=name
                )
            scale(axis, stored["later"], True, True)
            axis.set(title=f"{way}", xlabel="frames after the first")
        axes[0].set_ylabel("megabytes of tensors, at most")
        axes[0].legend()
        return render(figure)


LESSONS = {
    "grown": "the recipe",
    "scratch": "all of it new",
    "few": "4 channels, not 16",
    "plain": "all pixels alike",
    "grey": "so, no first frame",
}
SAVED = {
    "pictures": "each frame a picture",
    "clip": "clip: 4 frames a latent",
    "mixed": "every 4th picture, mixed",
}


def latent_panels() -> Picture | Table:
    """Figure D: what comes back of a clip, frame by frame, and of the shirt."""
    return measured_figure("09.D", _latent_panels)


def _latent_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 4.6, 3.2)
        for key, name in SAVED.items():
            axes[0].plot(stored[f"{key}_frames"], label=name)
        axes[0].set(title="what ships, frame by frame", xlabel="frame", ylabel="dB")
        axes[0].set_xticks(range(0, 17, 4))
        axes[0].legend(fontsize=8)
        shares = {**SAVED, "true": "true frames, mixed"}
        draw_shirts(
            axes[1], {name: stored[f"{key}_shirts"] for key, name in shares.items()}
        )
        return render(figure)


def lesson_panels() -> Picture | Table:
    """Figure L: one thing of the recipe changed at a time."""
    return measured_figure("09.L", _lesson_panels)


def _lesson_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 4.6, 3.2)
        for key, name in LESSONS.items():
            axes[0].plot(stored["stops"], stored[f"{key}_psnr"], marker="o", label=name)
        scale(axes[0], stored["stops"], True, False)
        axes[0].set(title="frames 1 to 16", xlabel="steps, one seed", ylabel="dB")
        axes[0].legend(fontsize=8)
        draw_shirts(
            axes[1], {name: stored[f"{key}_shirts"] for key, name in LESSONS.items()}
        )
        return render(figure)


def draw_shirts(axis: Any, shares: Mapping[str, float]) -> None:
    """In what share of frames a shirt has its colour; dashed: luck."""
    for i, share in enumerate(shares.values()):
        axis.barh(i, share, height=0.62, color=colour("blue"))
        axis.text(share, i, f" {share:.0%}", va="center", size=9)
    axis.axvline(1 / 6, color=INK, lw=1.2, ls=(0, (4, 3)))
    axis.set_yticks(range(len(shares)), list(shares), fontsize=8)
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    axis.set(title="the shirt has its colour", xlim=(0, 1.2))


# --- V2
# --- V3
# --- V4
