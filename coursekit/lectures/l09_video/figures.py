"""The figures of notebook 09, drawn from what was measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l09_video.experiments.clip_distances import WAYS
from coursekit.plots.figures import canvas, draw_groups, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.measured import (
    Stored,
    bar,
    curve,
    measured_figure,
    seeds_of,
    spread_of,
)
from coursekit.plots.table import Table, table
from coursekit.plots.theme import INK, colour

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
    "grey": "alike, grey first frame",
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
        axes[0].set_ylim(bottom=18.5)  # room for the names
        axes[0].legend(fontsize=8, loc="lower right")
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


HEARD = {"frames": "frames alone", "grown": "frames, then time", "full": "full"}
WORDS = {"hat": "hat", "fur": "fur", "place": "place"}


def flicker_panels() -> Picture | Table:
    """Figure C: what flickers, untold and told, and what is as asked."""
    return measured_figure("09.C", _flicker_panels)


def _flicker_panels(stored: Stored) -> Picture:
    panels = {
        "untold_{}_flicker": "flicker, nothing told of it",
        "told_{}_flicker": "flicker, all told",
        "told_{}_right": "as asked, all told",
    }
    with style():
        figure, axes = canvas(4, 3.4, 3.2)
        for axis, (key, title) in zip(axes, panels.items(), strict=False):
            groups = {
                word: {
                    name: (stored[f"{way}_{key.format(word)}"], np.nan)
                    for way, name in HEARD.items()
                }
                for word in WORDS
            }
            draw_groups(axis, groups, fontsize=8)
            axis.set(title=title, ylim=(0, 1.05 if "right" in key else 0.45))
            if key != "untold_{}_flicker":
                axis.get_legend().remove()
        moved = [stored[f"{way}_untold_motion"] for way in HEARD]
        axes[3].bar(list(HEARD.values()), moved, color=colour("blue"))
        axes[3].tick_params(axis="x", labelrotation=20, labelsize=8)
        draw_level(axes[3], (stored["real_motion"], ""))
        axes[3].set(title="motion (dashed: drawn clips)")
        axes[0].set_ylabel("share of neighbours")
        axes[2].set_ylabel("share of frames")
        return render(figure)


def capped(stored: Stored, key: str) -> tuple[float, float]:
    """A bar and its standard error; of one training there is none."""
    mean, error = bar(stored, key)
    return mean, error if error > 0 else np.nan


def causal_panels() -> Picture | Table:
    """Figure G: full against causal attention, equal steps."""
    return measured_figure("09.G", _causal_panels)


def _causal_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(3, 4.2, 3.2)
        for axis, kind in zip(axes, ("right", "flicker"), strict=False):
            told = "told" if kind == "right" else "untold"
            groups = {
                word: {
                    way: capped(stored, f"{way}_{told}_{word}_{kind}")
                    for way in ("full", "causal")
                }
                for word in WORDS
            }
            draw_groups(axis, groups, fontsize=8)
        axes[0].set(title="as asked, all told", ylabel="share of frames")
        axes[1].set(title="flicker, nothing told of it", ylabel="share of neighbours")
        draw_groups(
            axes[2],
            {"": {way: capped(stored, f"{way}_loss") for way in ("full", "causal")}},
            fontsize=8,
            loc="upper right",
            ncols=2,
        )
        axes[2].set(title="held-out loss", ylim=(0, 1.5))
        axes[0].set_xlabel(spread_of(stored))
        return render(figure)


def step_seconds() -> Picture | Table:
    """Figure W: milliseconds of a step of training, by how many tokens there are."""
    return measured_figure("09.W", _step_seconds)


def _step_seconds(stored: Stored) -> Picture:
    ways = {**HEARD, "causal": "causal"}
    with style():
        figure, axes = canvas(2, 4.2, 3.2)
        for axis, unit in zip(axes, ("ms", "gflops"), strict=True):
            for way, name in ways.items():
                draw_line(axis, stored["tokens"], stored[f"{way}_{unit}"], None, name)
            scale(axis, stored["tokens"], True, True)
            axis.set(xlabel="tokens of a clip")
        axes[0].set(title="milliseconds of a step, one clip")
        axes[1].set(title="GFLOPs of a pass, counted")
        axes[0].legend(fontsize=8)
        return render(figure)


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


SHOWN = {
    "teacher": "true past (teacher forcing)",
    "noisy": "noise in the past",
    "free": "free levels (diffusion forcing)",
    "half": "free levels, half begin clean",
    "own": "own past (self-forcing)",
}


def forcing_panels() -> Picture | Table:
    """Figure F: the error of every frame, after the true past and after the own."""
    return measured_figure("09.F", _forcing_panels)


def _forcing_panels(stored: Stored) -> Picture:
    frames = np.arange(stored["given"], stored["frames"])
    with style():
        figure, axes = canvas(2, 4.6, 3.6)
        for axis, past in zip(axes, ("true", "own"), strict=True):
            for way, name in SHOWN.items():
                curve(axis, frames, stored, f"{way}_{past}", name)
            axis.set(
                title=f"after the {'true' if past == 'true' else 'network’s own'} past",
                xlabel=f"frame ({spread_of(stored)})",
                ylim=(0, 1.2),
            )
            centre = float(np.mean(stored["centre"]))
            said = "always the middle of the box" if past == "true" else ""
            draw_level(axis, (centre, said))
        axes[0].set_ylabel("error, box half-widths")
        axes[0].legend(fontsize=8, loc="upper left", bbox_to_anchor=(0, 0.62))
        return render(figure)


def forcing_table() -> Table:
    """The last frame of figure F, and what the own past costs."""
    stored = load_measured("09.F")
    rows = {}
    for way, name in SHOWN.items():
        true, own, times = (bar(stored, f"{way}_{k}") for k in KEYS)
        rows[name] = {
            "true past": f"{true[0]:.3f} ± {true[1]:.3f}",
            "own past": f"{own[0]:.2f} ± {own[1]:.2f}",
            "own over true": f"{times[0]:.1f} ± {times[1]:.1f}",
        }
    return table(rows)


KEYS = ("last_true", "last_own", "ratio")
TITLES = {**WAYS, "foreign": "2nd frames foreign", "rebuilt": "by the autoencoder"}
EYES = {
    "motion": "motion encoder",
    "content": "content encoder",
    "frames": "frame by frame",
}


def distance_panels() -> Picture | Table:
    """Figure I: each change by three distances, and the floors."""
    return measured_figure("09.I", _distance_panels)


def _distance_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 5.0, 3.8)
        found = [[float(stored[f"{eye}_{way}"]) for eye in EYES] for way in TITLES]
        axes[0].imshow(np.log(numbers(found)), cmap="Blues", aspect="auto", vmin=0)
        for (i, j), value in np.ndenumerate(numbers(found)):
            tone = "white" if value > 25 else "#20303f"
            said = f"{value:.0f}" if value > 25 else f"{value:.2g}"
            axes[0].text(j, i, said, ha="center", va="center", size=9, color=tone)
        axes[0].set_xticks(range(len(EYES)), EYES.values(), size=8.5)
        axes[0].set_yticks(range(len(TITLES)), TITLES.values())
        axes[0].grid(visible=False)
        axes[0].set(title=f"distance, in floors (mean of {seeds_of(stored)} draws)")
        for eye in ("motion", "content"):
            curve(axes[1], stored["sizes"], stored, f"{eye}_floors", EYES[eye])
        scale(axes[1], stored["sizes"], True, True)
        axes[1].set(
            title="real clips against real clips",
            xlabel=f"clips of each ({spread_of(stored)})",
            ylabel="distance",
        )
        axes[1].legend()
        return render(figure)


def judges_table() -> Table:
    """Figure I as numbers: what each measure says of each change."""
    stored = load_measured("09.I")
    rows = {}
    for way, name in {"real": "real", **TITLES}.items():
        rows[name] = {
            f"{said}, in floors": f"{stored[f'{eye}_{way}']:.1f}"
            if way != "real"
            else "1"
            for eye, said in EYES.items()
        } | {
            "hats that change": f"{stored[f'hats_{way}']:.1%}",
            "motion": f"{stored[f'moves_{way}']:.3f}",
        }
    return table(rows)
