"""The figures of notebook 07, drawn from what was measured."""

import numpy as np

from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level
from coursekit.plots.measured import Stored, curve, spread_of

# --- 7.1 to 7.3: ratings --------------------------------------------------------------

# --- 7.4 to 7.6: distances ------------------------------------------------------------

MEASURES = {
    "frechet": "Fréchet",
    "kid": "KID",
    "cmmd": "wide\nkernel",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
}
CROWDS = {
    "real": "real bears",
    "blur_07": "blurred, σ 0.7",
    "blur_1": "blurred, σ 1",
    "noise_01": "grain, 0.1",
    "noise_02": "grain, 0.2",
    "no_dance": "nobody dances",
    "brown": "brown bears only",
    "copies": "50 known by heart",
}
EYES = {"reader": "seen by the reader", "clip": "seen by CLIP"}


def bias_panels(stored: Stored) -> Picture:
    """Figure C: the Fréchet distance over the number of pictures, and its limit."""
    sizes = numbers(stored["sizes"])
    with style():
        figure, axes = canvas(2, 4.4, 3.5)
        points = numbers(stored["normal_sizes"])
        curve(axes[0], points, stored, "normal_frechet", "measured")
        theory = numbers(stored["normal_theory"])
        axes[0].plot(points, theory, "--", color="grey", label="(D² + 5 D) / (2 N)")
        axes[0].set(xscale="log", yscale="log", xlabel="N in each crowd")
        axes[0].set(title="one normal law, beside itself", ylabel="Fréchet distance")
        for name, label in (("real", "real bears"), ("blurred", "blurred bears")):
            curve(axes[1], 1 / sizes, stored, f"{name}_frechet", label)
            line = stored[f"{name}_limit"] + stored[f"{name}_slope"] / sizes[1:]
            ends = [stored[f"{name}_limit"], *line[::-1]]
            axes[1].plot([0, *(1 / sizes[1:])[::-1]], ends, "--", color="grey")
        axes[1].set_xticks(1 / sizes, [f"1/{size:g}" for size in sizes], rotation=60)
        axes[1].set(title="beside other real bears", ylim=(-3, None), xlim=(0, None))
        axes[1].set(xlabel=f"1 / N ({spread_of(stored)})")
        for axis in axes:
            axis.legend()
        return render(figure)


def pair_panels(stored: Stored) -> Picture:
    """Figure D: blur of every width, and the shift by one pixel as a level."""
    names = {"psnr": "PSNR, dB", "ssim": "SSIM", "seen": "seen by the reader"}
    sigmas = stored["sigmas"]
    with style():
        figure, axes = canvas(3, 3.3, 3.1)
        for axis, (key, name) in zip(axes, names.items(), strict=True):
            curve(axis, sigmas, stored, f"blur_{key}", "blur")
            draw_level(axis, (stored[f"shift_{key}"], "one pixel to the right"))
            axis.axvline(stored[f"equal_{key}"], color="grey", lw=1)
            axis.set(title=name, xlabel="σ of the blur, pixels")
        axes[0].set_ylabel("mean over pictures")
        return render(figure)


def _noticed(stored: Stored, key: str, floor: str) -> bool:
    """Whether all draws lie beyond all draws of real bears, on one side."""
    found, real = numbers(stored[f"{key}_all"]), numbers(stored[f"{floor}_all"])
    return bool(found.min() > real.max() or found.max() < real.min())


def spoilt_table(stored: Stored) -> Picture:
    """Figure H: what each measure says of each crowd; blue where it noticed."""
    with style():
        figure, axes = canvas(2, 5.0, 3.6)
        for axis, (eye, title) in zip(axes, EYES.items(), strict=True):
            seen = np.zeros((len(CROWDS), len(MEASURES)))
            for i, crowd in enumerate(CROWDS):
                for j, name in enumerate(MEASURES):
                    key = f"{eye}_{crowd}_{name}"
                    seen[i, j] = _noticed(stored, key, f"{eye}_real_{name}")
                    text = _short(stored[key])
                    axis.text(
                        j, i, text, ha="center", va="center", size=9, color="#20303f"
                    )
            axis.imshow(seen, cmap="Blues", vmin=0, vmax=3, aspect="auto")
            axis.set_xticks(range(len(MEASURES)), MEASURES.values(), size=9)
            axis.xaxis.tick_top()
            axis.grid(visible=False)
            axis.set_xlabel(title)
        axes[0].set_yticks(range(len(CROWDS)), CROWDS.values())
        axes[1].set_yticks(range(len(CROWDS)), [""] * len(CROWDS))
        return render(figure)


def _short(value: float) -> str:
    """About three digits, without an exponent; what rounds to nothing is 0."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.{1 if abs(value) >= 10 else 3 if abs(value) >= 0.02 else 4}f}"
    return "0" if float(text) == 0 else text


# --- 7.7 to 7.9: alignment ------------------------------------------------------------

# --- 7.10 to 7.11: judges -------------------------------------------------------------

# --- 7.12: the arena ------------------------------------------------------------------
