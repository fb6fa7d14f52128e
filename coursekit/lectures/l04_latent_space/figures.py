"""The figures of notebook 04 that the general plots do not cover.

Each takes the measured values of its experiment (`load_measured`).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from coursekit.plots.figures import canvas, draw_groups, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.measured import (
    Stored,
    bar,
    curve,
    measured_figure,
    standard_error,
)
from coursekit.plots.table import Table
from coursekit.plots.theme import INK, SERIES, colour

SETS = {
    "teddy": "bears",
    "fashion": "clothes",
    "emoji": "emoji",
    "latent": "latents of bears",
    "noise": "noise",
}
SPACES = {
    "pixels": "pixels",
    "f2": "f = 2, 4 channels",
    "f4": "f = 4, 4 channels",
    "f8": "f = 8, 4 channels",
    "f8wide": "f = 8, 16 channels",
}
GUIDES = {
    "free": "classifier-free",
    "noisy": "classifier, knows noise",
    "clean": "classifier, clean only",
}
KEPT = {"hat": "hats", "glasses": "glasses", "pose": "poses"}
ATTRIBUTES = ("place", "fur", "hat", "glasses", "action", "pose", "all")
JUDGED = {"name": "name", "name5": "best five", "style": "style"}
Bars = Mapping[str, Mapping[str, tuple[float, float]]]  # see `draw_groups`


def figure(name: str) -> Picture | Table:
    """One of FIGURES as measured, or the line that says how to measure it."""
    return measured_figure(name, FIGURES[name])


def redundancy_panels(stored: Stored) -> Picture:
    """Figure A: correlation against distance, variance against directions."""
    with style():
        figure, axes = canvas(2, 4.3, 3.3)
        for name, label in SETS.items():
            if f"{name}_corr" not in stored:
                continue
            lags = stored["lags"][: len(stored[f"{name}_corr"])]
            curve(axes[0], lags, stored, f"{name}_corr", label)
            percent = [100 * part for part in stored["parts"]]
            curve(axes[1], percent, stored, f"{name}_energy", label)
        axes[0].set(xlabel="rows or columns apart", ylabel="correlation")
        axes[0].set_title("two numbers of one picture")
        axes[1].set_xscale("log")
        axes[1].set_xticks([0.1, 1, 10, 100], ["0.1 %", "1 %", "10 %", "all"])
        axes[1].set(xlabel="share of the directions", ylabel="share of the variance")
        axes[1].set_title("few directions, most of the variance")
        axes[1].legend(loc="lower center", bbox_to_anchor=(0.55, 0.1))
        return render(figure)


def spaces_panels(stored: Stored) -> Picture:
    """Figure B: what comes out of each space, in both worlds, and what beta costs."""
    worlds = {"fashion": "clothes", "teddy": "bears"}
    names = {
        "ok_rebuilt": "rebuilt",
        "ok_between": "halfway between two",
        "ok_normal": "random",
    }
    with style():
        figure, axes = canvas(3, 4.0, 3.4)
        for axis, (world, title) in zip(axes, worlds.items(), strict=False):
            betas = stored[f"{world}_betas"]
            x = np.arange(1 + len(betas), dtype=float)
            for key, label in names.items():
                own = f"{world}_ae_{'ok_scaled' if key == 'ok_normal' else key}"
                mean = [stored[own], *stored[f"{world}_vae_{key}"]]
                half = [
                    standard_error(stored, own),
                    *standard_error(stored, f"{world}_vae_{key}"),
                ]
                draw_line(axis, x, np.array(mean), np.array(half), label)
            axis.set_xticks(x, ["plain", *(f"{beta:g}" for beta in betas)])
            axis.set(xlabel="beta of the VAE", ylim=(-0.02, 1.02), title=title)
            axis.plot(  # halfway in pixels, the thing to beat
                x[[0, -1]],
                [stored[f"{world}_pixels_between"]] * 2,
                color=INK,
                lw=1.2,
                ls=(0, (4, 3)),
                label="halfway in pixels",
            )
        axes[0].set_ylabel("accepted by the judge")
        axes[0].legend()
        rate_distortion(axes[2], stored, "fashion")
        return render(figure)


def rate_distortion(axis: Any, stored: Stored, world: str) -> None:
    """Bits against squared error, a point for each beta."""
    bits, mse = (np.asarray(stored[f"{world}_vae_{k}"]) for k in ("bits", "mse"))
    axis.plot(bits, mse, marker="o", color=colour("purple"))
    unused = stored[f"{world}_vae_dead"]
    for beta, at, off, dead in zip(
        stored[f"{world}_betas"], bits, mse, unused, strict=True
    ):
        note = f"{beta:g}" + (f" ({dead:.0f} unused)" if dead >= 0.5 else "")
        axis.annotate(note, (at, off), textcoords="offset points", xytext=(6, 4))
    axis.set(xlabel="rate: bits a picture", ylabel="distortion: squared error")
    axis.set_title("what beta costs (clothes)")
    axis.margins(x=0.2, y=0.12)


def flow_panels(stored: Stored) -> Picture:
    """Figure C: quality against training FLOPs, and the ceiling of each VAE."""
    with style():
        figure, axes = canvas(2, 4.6, 3.5)
        marks = [mark * stored["budget"] / 1e12 for mark in stored["marks"]]
        for name, label in SPACES.items():
            curve(axes[0], marks, stored, f"{name}_frechet", label)
        scale(axes[0], np.asarray(marks), True, True)
        axes[0].set_xticks(marks, [f"{mark:.2g}" for mark in marks])
        axes[0].set_yticks([5, 10, 20], ["5", "10", "20"])
        axes[0].set_yticks([], minor=True)
        axes[0].set_ylim(bottom=2)  # room for the legend
        axes[0].set(xlabel="training of the flow, TFLOP", ylabel="Fréchet distance")
        axes[0].set_title("time to quality")
        axes[0].legend(loc="lower left", ncols=2)
        through = {
            label.replace(", ", "\n"): {
                KEPT[key]: bar(stored, f"{name}_kept_{key}") for key in KEPT
            }
            for name, label in SPACES.items()
            if name != "pixels"
        }
        below: dict[str, Any] = {"bbox_to_anchor": (0.5, -0.2), "ncols": 3}
        draw_groups(axes[1], through, loc="upper center", **below)
        axes[1].set(ylim=(0, 1.05), ylabel="share that is read as before")
        axes[1].set_title("what comes through")
        return render(figure)


def clip_panels(stored: Stored) -> Picture:
    """Figure D: retrieval and zero-shot accuracy against the batch."""
    with style():
        figure, axes = canvas(2, 4.3, 3.3)
        titles = {"recall": "find the own among 256", "zero": "choose each word"}
        for axis, (key, title) in zip(axes, titles.items(), strict=True):
            for loss, label in (("softmax", "softmax (CLIP)"), ("sigmoid", "sigmoid")):
                batches = stored[f"{loss}_batches"]
                curve(axis, batches, stored, f"{loss}_{key}", label)
            x = np.asarray(stored["softmax_batches"], dtype=float)
            scale(axis, x, True, False)
            axis.set(xlabel="pairs in a batch", title=title)
            axis.set_ylim(bottom=0)
        axes[0].set_ylabel("share that is right")
        axes[0].legend()
        return render(figure)


def guidance_panels(stored: Stored) -> Picture:
    """Figure E: adherence, diversity and distance against the scale."""
    titles = {
        "adherence": "is it what was asked?",
        "diversity": "variety within a class (real: 1)",
        "frechet": "Fréchet distance",
    }
    with style():
        figure, axes = canvas(3, 3.5, 3.2)
        for axis, (key, title) in zip(axes, titles.items(), strict=True):
            for guide, label in GUIDES.items():
                x = stored["scales" if guide == "free" else "slopes"]
                curve(axis, x, stored, f"{guide}_{key}", label)
            axis.set(xlabel="guidance scale", title=title)
            axis.set_ylim(bottom=0)
        draw_level(axes[0], (float(stored["real_adherence"]), "real clothes"))
        draw_level(axes[1], (1.0, "real clothes"))
        draw_level(axes[2], (float(stored["real_frechet"]), "real against real"))
        axes[0].legend(loc="center right")
        return render(figure)


def line_panels(stored: Stored) -> Picture:
    """Figure X: three laws of guidance, with exact scores."""
    x = np.asarray(stored["scales"], dtype=float)
    laws = {"sharp": "the sharpened law", "sde": "guided, with fresh noise"}
    laws["flow"] = "guided flow"
    with style():
        figure, axes = canvas(2, 4.3, 3.3)
        for key, label in laws.items():
            axes[0].plot(x, stored[f"bells_{key}"], marker="o", label=label)
        axes[0].set_yscale("log")
        axes[0].set(xlabel="guidance scale", ylabel="variance")
        axes[0].set_title("N(0, 1) inside N(0, 2)")
        axes[0].legend()
        for key, tone in (("sharp", "blue"), ("flow", "green")):
            y, look = stored[f"rare_{key}"], {"color": colour(tone), "marker": "o"}
            axes[1].plot(x, y, label=laws[key], **look)
        axes[1].set(xlabel="guidance scale", ylabel="share", ylim=(0, 1.05))
        axes[1].set_title("bears far from all cats")
        axes[1].legend()
        return render(figure)


def prompts_panels(stored: Stored) -> Picture:
    """Figure P: what is asked for and is there, for bears and (if measured) emoji."""
    drawn = {"bears: what the sentence says is there": bear_bars(stored)}
    if "emoji_pairs_prompts" in stored:
        drawn["emoji: the judge finds ..."] = emoji_bars(stored)
    below = {"bbox_to_anchor": (0.5, -0.14), "ncols": 4, "fontsize": 8.5}
    with style():
        figure, axes = canvas(len(drawn), 5.6, 3.4)
        for axis, (title, bars) in zip(axes, drawn.items(), strict=True):
            count = len(next(iter(bars.values())))
            tones = (*SERIES[: count - 1], "ink")  # the last are real pictures
            draw_groups(axis, bars, tones, loc="upper center", **below)
            axis.set(ylim=(0, 1.05), title=title)
        axes[0].set_ylabel("share of the pictures")
        return render(figure)


def bear_bars(stored: Stored) -> Bars:
    """For each attribute a bar for each guidance scale, and one for real pictures."""
    scales = {"1": "no guidance", "3": "scale 3", "6": "scale 6"}
    return {
        name: {
            label: bar(stored, f"both_{at}_{name}")
            for at, label in scales.items()
            if f"both_{at}_all" in stored
        }
        | {"real pictures": (float(stored[f"real_both_{name}"]), 0.0)}
        for name in ATTRIBUTES
    }


def emoji_bars(stored: Stored) -> Bars:
    """For each judgement: drawn at scale 3 (pairs trained on, and not), and real."""
    return {
        label: {
            "drawn, trained on": bar(stored, f"emoji_train_3_{name}"),
            "drawn, never seen": bar(stored, f"emoji_pairs_3_{name}"),
            "real, never seen": (float(stored[f"emoji_pairs_real_{name}"]), 0.0),
        }
        for name, label in JUDGED.items()
    }


FIGURES: Mapping[str, Callable[[Stored], Picture]] = {
    "04.A": redundancy_panels,
    "04.B": spaces_panels,
    "04.C": flow_panels,
    "04.D": clip_panels,
    "04.E": guidance_panels,
    "04.P": prompts_panels,
    "04.X": line_panels,
}
