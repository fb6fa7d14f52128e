"""Generations of models: normal laws at once, and bears of a flow that was measured."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.experiments.film_store import load_film
from coursekit.lectures.l08c_cost_collapse_trust.experiments.collapse import FILM, SIDE
from coursekit.plots.chart import Chart, Curve
from coursekit.theory.collapse import FEEDS
from coursekit.theory.collapse import generations as families
from coursekit.widgets.controls import level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

LAST, CHAINS, SHOWN = 60, 100, 6


@cache
def variances(n: int, share: float) -> NDArray[np.float64]:
    """The variances of CHAINS families, sorted, of generations 0 to LAST."""
    luck = torch.Generator().manual_seed(0)
    noise = torch.randn(LAST, 2, n, CHAINS, generator=luck, dtype=torch.float64)
    found = families("fresh", noise, share).numpy()
    return np.sort(np.concatenate([np.ones((1, CHAINS)), found]), axis=1)


def bears(generation: int, share: float) -> NDArray[np.uint8] | None:
    """Pictures of the nearest generation that was measured: half fresh, or replaced."""
    try:
        frames = load_film(FILM, SIDE)
    except FileNotFoundError:
        return None
    rounds = len(frames) // len(FEEDS)
    first = rounds * FEEDS.index("fresh" if share else "replace")
    chosen: NDArray[np.uint8] = frames[first + min(generation, rounds - 1), :SHOWN]
    return chosen


def draw(generation: float, n: float, share: float) -> Scene:
    """Three families by generation, and what a flow draws."""
    g, when, rows = int(generation), np.arange(LAST + 1), variances(int(n), share)
    who = {"nine of ten below": 90, "median": 50, "one of ten below": 10}
    curves = [Curve(name, when, rows[:, k], dashed=k != 50) for name, k in who.items()]
    chart = Chart(
        curves,
        "variance",
        "generation",
        x_limits=(0, LAST),
        y_limits=(0, 2),
        cursor=g,
        width=480,
    )
    images = bears(g, share)
    names = ["drawn by a flow", *[""] * (SHOWN - 1)] if images is not None else ()
    text = f"generation {g}: median variance {rows[g, 50]:.3f}"
    return Scene([chart], images, names, text)


def generations() -> Live:
    """Generation, points a generation, and the share of them that is fresh and real."""
    controls = {
        "generation": number("generation", 0, 0, LAST, 1, "d"),
        "n": level("points", (20, 50, 100, 200), 50),
        "share": level("fresh", (0, 0.05, 0.1, 0.2, 0.5), 0),
    }
    return Live(controls, draw, "generations")
