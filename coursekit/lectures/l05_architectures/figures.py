"""The figures of notebook 05 that the general plots do not cover."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from coursekit.plots.figures import canvas, draw_groups, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line
from coursekit.plots.measured import Stored, bar, curve, spread_of
from coursekit.plots.theme import INK

NETS = {
    "near": "convolutions, 14 pixels",
    "middle": "convolutions, 22 pixels",
    "unet": "U-Net",
    "unet-attention": "U-Net with attention",
    "dit": "DiT",
}
TOLD = {
    "adaln": "knobs\nonly",
    "cross": "cross-\nattention",
    "cross-rope": "cross-att.\nwith RoPE",
    "context": "in\ncontext",
    "double": "double\nstream",
    "double-sines": "double,\nsines too",
    "single": "single\nstream",
    "single-sines": "single,\nsines too",
}
SHARES = {  # share -> its name and colour
    "bound": ("as asked", "green"),
    "swapped": ("hats exchanged", "red"),
    "other": ("something else", "grid"),
}
ABOVE: Any = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
ABOVE |= {"ncols": 4, "fontsize": 9}


def mirror_panels(stored: Stored) -> Picture:
    """Figure A: who wears the bear's hat, and its fur, by distance."""
    with style():
        figure, axes = canvas(2, 4.4, 3.4)
        for axis, word in zip(axes, ("hat", "fur"), strict=True):
            for net, label in NETS.items():
                key = f"{net}_{word}_by_distance"
                curve(axis, stored["distances"], stored, key, label)
            axis.set(
                title=f"the same {word}",
                xlabel="from bear to reflection, in pixels",
                ylim=(0, 1.04),
            )
        blind = float(stored["chance_blind"])
        draw_level(axes[0], (blind, "a hat at random"), below=True)
        axes[0].set_ylabel(f"share of the reflections\n({spread_of(stored)})")
        axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8.5)
        return render(figure)


def start_panels(stored: Stored) -> Picture:
    """Figure B: the training loss of a DiT whose knobs start at zero, and at random."""
    names = {"zero": "from zero (adaLN-Zero)", "random": "from random numbers"}
    with style():
        figure, (axis,) = canvas(1, 6.0, 3.4)
        for start, label in names.items():
            curve(axis, stored["steps_seen"], stored, f"{start}_loss", label)
        axis.set_yscale("log")
        xlabel = f"training step ({spread_of(stored)})"
        axis.set(xlabel=xlabel, ylabel="training loss")
        axis.legend()
        return render(figure)


def skip_panel(stored: Stored) -> Picture:
    """Figure D: the error in each band of frequency, with and without skips."""
    names = {
        "with": "trained with skips",
        "without": "trained without",
        "closed_0": "with, the finest closed afterwards",
    }
    with style():
        figure, (axis,) = canvas(1, 6.0, 3.4)
        for key, label in names.items():
            curve(axis, stored["frequencies"], stored, f"{key}_lost", label)
        axis.set_ylim(0, 1.5)
        axis.axhline(1.0, color=INK, lw=1.2, ls=(0, (4, 3)))
        axis.text(0.49, 1.07, "as wrong as a grey picture", ha="right", size=9)
        axis.set(
            xlabel=f"spatial frequency, cycles a pixel ({spread_of(stored)})",
            ylabel="error / power of the picture",
        )
        axis.legend(loc="lower right", fontsize=9)
        return render(figure)


def cost_panels(stored: Stored) -> Picture:
    """Figure E: error against FLOPs, after equal steps and after equal FLOPs."""
    from matplotlib.ticker import LogLocator

    patches, widths = stored["patches"], stored["widths"]

    def points(
        axis: Any, name: str, keys: Sequence[str], cost: str, unit: float
    ) -> tuple[Any, Any]:
        x = np.array([stored[f"{key}_{cost}"] for key in keys]) / unit
        bars = [bar(stored, f"{key}_error") for key in keys]
        mean, half = (np.array(each) for each in zip(*bars, strict=True))
        draw_line(axis, x, mean, half, name)
        return x, mean

    with style():
        figure, axes = canvas(2, 4.5, 3.4)
        for width in widths:
            keys = [f"p{patch}_w{width}" for patch in patches]
            x, mean = points(axes[0], f"width {width}", keys, "flops", 1e6)
            for patch, *at in zip(patches, x, mean, strict=True):
                off: Any = {"xytext": (5, 5), "textcoords": "offset points"}
                axes[0].annotate(f"p = {patch}", at, fontsize=8, **off)
        axes[0].set(title="equal steps", xlabel="MFLOPs for one pass of one picture")
        wide = widths[-1]
        for patch in patches:
            keys = [f"p{patch}_w{wide}"]
            keys += [f"p{patch}_w{wide}_longer"] if patch != patches[-1] else []
            points(axes[1], f"p = {patch}", keys, "training", 1e12)
        axes[1].set(
            title=f"width {wide}, then {stored['longer']} times the steps",
            xlabel="TFLOPs of the training",
        )
        for axis in axes:
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.xaxis.set_major_formatter("{x:g}")
            axis.minorticks_off()
            axis.legend()
        axes[0].set_ylabel(f"error of the picture\n({spread_of(stored)})")
        return render(figure)


def position_bars(stored: Stored) -> Picture:
    """Figure F: the error at the size that was trained and at one that was not."""
    names = {"sincos": "sines, added", "rope": "RoPE", "none": "no positions"}
    places = {
        "small": "32 pixels, as trained",
        "large": "48 pixels",
        "squeezed": "48, places squeezed",
    }
    groups = {
        label: {
            text: bar(stored, f"{kind}_{where}")
            for where, text in places.items()
            if f"{kind}_{where}" in stored
        }
        for kind, label in names.items()
    }
    trained = float(stored["trained_large"])
    with style():
        figure, (axis,) = canvas(1, 7.2, 3.4)
        dashed: Any = {"color": INK, "lw": 1.4, "ls": (0, (4, 3))}
        axis.axhline(trained, label="trained at 48", **dashed)
        draw_groups(axis, groups, **ABOVE)
        axis.set(ylabel="error of the picture", xlabel=spread_of(stored))
        return render(figure)


def binding_bars(stored: Stored) -> Picture:
    """Figure C: whose hat is on whose head, by the way the prompt is told."""
    groups = {
        label: {name: bar(stored, f"{net}_{key}") for key, (name, _) in SHARES.items()}
        for net, label in TOLD.items()
        if f"{net}_bound" in stored
    }
    with style():
        figure, (axis,) = canvas(1, 8.0, 3.4)
        draw_groups(axis, groups, [tone for _, tone in SHARES.values()], **ABOVE)
        axis.set(ylabel="share of the pictures", xlabel=spread_of(stored))
        return render(figure)
