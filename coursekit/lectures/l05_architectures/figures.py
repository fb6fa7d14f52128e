"""The figures of notebook 05 that the general plots do not cover."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line
from coursekit.plots.theme import INK, SERIES, colour

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


def standard_error(stored: Mapping[str, Any], key: str) -> Any:
    """Half the length of an error bar: of the mean over as many seeds as there are."""
    seeds = next(len(each) for name, each in stored.items() if name.endswith("_all"))
    return numbers(stored[f"{key}_std"]) / np.sqrt(seeds)


def mirror_panels(stored: Mapping[str, Any]) -> Picture:
    """Figure A: who wears the bear's hat, and its fur, by distance."""
    x = numbers(stored["distances"])
    with style():
        figure, axes = canvas(2, 4.4, 3.4)
        for axis, word in zip(axes, ("hat", "fur"), strict=True):
            for net, label in NETS.items():
                key = f"{net}_{word}_by_distance"
                draw_line(
                    axis, x, numbers(stored[key]), standard_error(stored, key), label
                )
            axis.set(
                title=f"the same {word}",
                xlabel="from bear to reflection, in pixels",
                ylim=(0, 1.04),
            )
        blind = float(stored["chance_blind"])
        draw_level(axes[0], (blind, "a hat at random"), below=True)
        axes[0].set_ylabel("share of the reflections")
        axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8.5)
        return render(figure)


def start_panels(stored: Mapping[str, Any]) -> Picture:
    """Figure B: the training loss of a DiT whose knobs start at zero, and at random."""
    names = {"zero": "from zero (adaLN-Zero)", "random": "from random numbers"}
    x = numbers(stored["steps_seen"])
    with style():
        figure, (axis,) = canvas(1, 6.0, 3.4)
        for start, label in names.items():
            key = f"{start}_loss"
            draw_line(axis, x, numbers(stored[key]), standard_error(stored, key), label)
        axis.set_yscale("log")
        axis.set(xlabel="training step", ylabel="training loss")
        axis.legend()
        return render(figure)


def skip_panel(stored: Mapping[str, Any]) -> Picture:
    """Figure D: the error in each band of frequency, with and without skips."""
    names = {
        "with": "trained with skips",
        "without": "trained without",
        "closed_0": "with, the finest closed afterwards",
    }
    x = numbers(stored["frequencies"])
    with style():
        figure, (axis,) = canvas(1, 6.0, 3.4)
        for key, label in names.items():
            mean = numbers(stored[f"{key}_lost"])
            draw_line(axis, x, mean, standard_error(stored, f"{key}_lost"), label)
        axis.set_ylim(0, 1.5)
        axis.axhline(1.0, color=INK, lw=1.2, ls=(0, (4, 3)))
        axis.text(0.49, 1.07, "as wrong as a grey picture", ha="right", size=9)
        axis.set(
            xlabel="spatial frequency (cycles a pixel)",
            ylabel="error / power of the picture",
        )
        axis.legend(loc="lower right", fontsize=9)
        return render(figure)


def cost_panels(stored: Mapping[str, Any]) -> Picture:
    """Figure E: error against FLOPs, after equal steps and after equal FLOPs."""
    from matplotlib.ticker import LogLocator

    patches, widths = stored["patches"], stored["widths"]
    with style():
        figure, axes = canvas(2, 4.5, 3.4)
        for width in widths:
            keys = [f"p{patch}_w{width}" for patch in patches]
            x = np.array([stored[f"{key}_flops"] for key in keys]) / 1e6
            mean = np.array([stored[f"{key}_error"] for key in keys])
            half = [float(standard_error(stored, f"{key}_error")) for key in keys]
            draw_line(axes[0], x, mean, np.array(half), f"width {width}")
            for patch, across, up in zip(patches, x, mean, strict=True):
                axes[0].annotate(
                    f"p = {patch}",
                    (across, up),
                    xytext=(5, 5),
                    textcoords="offset points",
                    fontsize=8,
                )
        axes[0].set(title="equal steps", xlabel="MFLOPs for one pass of one picture")
        wide = widths[-1]
        for i, patch in enumerate(patches):
            keys = [f"p{patch}_w{wide}"]
            keys += [f"p{patch}_w{wide}_longer"] if i < len(patches) - 1 else []
            x = np.array([stored[f"{key}_training"] for key in keys]) / 1e12
            mean = np.array([stored[f"{key}_error"] for key in keys])
            half = [float(standard_error(stored, f"{key}_error")) for key in keys]
            draw_line(axes[1], x, mean, np.array(half), f"p = {patch}")
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
        axes[0].set_ylabel("error of the picture")
        return render(figure)


def grouped_bars(
    groups: Mapping[str, Mapping[str, tuple[float, float]]],
    ylabel: str,
    *,
    tones: Sequence[str] = SERIES,
    level: tuple[float, str] | None = None,
    log: bool = False,
    width: float = 7.2,
) -> Picture:
    """Bars in groups: group -> bar -> (mean, half length of its error bar)."""
    bars = list(next(iter(groups.values())))
    room = 0.8 / len(bars)
    with style():
        figure, (axis,) = canvas(1, width, 3.4)
        for j, bar in enumerate(bars):
            x = np.arange(len(groups)) + (j - (len(bars) - 1) / 2) * room
            found = [group.get(bar, (np.nan, 0.0)) for group in groups.values()]
            mean, half = (numbers(column) for column in zip(*found, strict=True))
            tone = colour(tones[j % len(tones)])
            axis.bar(x, mean, room * 0.92, color=tone, label=bar)
            axis.errorbar(x, mean, half, fmt="none", capsize=2.5, color=INK)
        axis.set_xticks(range(len(groups)), list(groups))
        axis.grid(visible=False, axis="x")
        if log:
            axis.set_yscale("log")
        if level is not None:
            axis.axhline(level[0], color=INK, lw=1.4, ls=(0, (4, 3)), label=level[1])
        axis.set(ylabel=ylabel)
        axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, fontsize=9)
        return render(figure)


def position_bars(stored: Mapping[str, Any]) -> Picture:
    """Figure F: the error at the size that was trained and at one that was not."""
    names = {"sincos": "sines, added", "rope": "RoPE", "none": "no positions"}
    places = {
        "small": "32 pixels, as trained",
        "large": "48 pixels",
        "squeezed": "48, places squeezed",
    }
    groups = {
        label: {
            text: (
                float(stored[f"{kind}_{where}"]),
                float(standard_error(stored, f"{kind}_{where}")),
            )
            for where, text in places.items()
            if f"{kind}_{where}" in stored
        }
        for kind, label in names.items()
    }
    level = (float(stored["trained_large"]), "trained at 48")
    return grouped_bars(groups, "error of the picture", level=level)


def binding_bars(stored: Mapping[str, Any]) -> Picture:
    """Figure C: whose hat is on whose head, by the way the prompt is told."""
    groups = {
        label: {
            name: (
                float(stored[f"{net}_{share}"]),
                float(standard_error(stored, f"{net}_{share}")),
            )
            for share, (name, _) in SHARES.items()
        }
        for net, label in TOLD.items()
        if f"{net}_bound" in stored
    }
    tones = [tone for _, tone in SHARES.values()]
    return grouped_bars(groups, "share of the pictures", tones=tones, width=8.0)
