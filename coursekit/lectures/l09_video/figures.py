"""The figures of notebook 09, drawn from what was measured."""

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
    """Figure D: what comes back, by frame, by training, and the shirt."""
    return measured_figure("09.D", _latent_panels)


def _latent_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(3, 3.9, 3.4)
        for key, name in SAVED.items():
            axes[0].plot(stored[f"{key}_frames"], label=name)
        axes[0].set(title="what ships, frame by frame", xlabel="frame", ylabel="dB")
        axes[0].set_xticks(range(0, 17, 4))
        for key, name in LESSONS.items():
            axes[1].plot(stored["stops"], stored[f"{key}_psnr"], marker="o", label=name)
        scale(axes[1], stored["stops"], True, False)
        axes[1].set(
            title="one thing changed", xlabel="steps", ylabel="dB, frames 1 .. 16"
        )
        for axis in axes[:2]:
            axis.legend(fontsize=8)
        bars = {SAVED[key]: stored[f"{key}_shirts"] for key in SAVED}
        bars |= {LESSONS[key]: stored[f"{key}_shirts"] for key in LESSONS}
        for i, share in enumerate(bars.values()):
            axes[2].barh(i, share, height=0.62)
            axes[2].text(share, i, f" {share:.0%}", va="center", size=9)
        axes[2].axvline(1 / 6, color=INK, lw=1.2, ls=(0, (4, 3)))
        axes[2].set_yticks(range(len(bars)), list(bars), fontsize=8)
        axes[2].invert_yaxis()
        axes[2].grid(visible=False, axis="y")
        axes[2].set(title="the shirt has its colour", xlim=(0, 1.2))
        return render(figure)


# --- V2
# --- V3
# --- V4
