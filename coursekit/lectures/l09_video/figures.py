"""The figures of notebook 09, drawn from what was measured."""

import numpy as np

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l09_video.experiments.clip_distances import WAYS
from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, scale
from coursekit.plots.measured import (
    Stored,
    bar,
    curve,
    measured_figure,
    seeds_of,
    spread_of,
)
from coursekit.plots.table import Table, table

# --- V1
# --- V2
# --- V3
# --- V4
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
