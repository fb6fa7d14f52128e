"""The crowd: people and arrows on the left, the density that they make on the right.

Everything slow is computed once: the exact ways of 160 people, and the density on a
grid at 51 times. A scene only draws.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.datasets.toys import Mixture, exact_predict
from coursekit.plots.fields import (
    Arrows,
    Dots,
    Layer,
    lattice,
    square,
    squeezed,
)
from coursekit.plots.theme import SERIES
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import rk4, spread_time, time_grid
from coursekit.widgets.controls import time
from coursekit.widgets.live import Live
from coursekit.widgets.samples import sectors
from coursekit.widgets.scene import Scene, nearest

LIMIT, ARROWS, CELLS, LEVELS = 3.0, 11, 23, 6
Floats = NDArray[np.float64]
Layers = tuple[Layer, ...]


plane = partial(square, limit=LIMIT, width=330, height=320, margins=(26, 26, 8, 24))


@dataclass(frozen=True)
class Crowd:
    """The exact flow of a mixture, from noise (first) to data (last).

    ts: (F,); states: (F, N, 2); groups: (N,), the direction in which each ends;
    arrows: (F, M, 2) at places (M, 2), as a sampler walks; density: (F, CELLS^2).
    """

    ts: Floats
    states: Floats
    groups: NDArray[np.int64]
    places: Floats
    arrows: Floats
    density: Floats

    @classmethod
    def of(
        cls, mixture: Mixture, count: int = 160, frames: int = 51, seed: int = 0
    ) -> "Crowd":
        """Walk `count` people along the exact velocity, two steps for each frame."""
        predict = exact_predict(mixture, LinearPath())
        generator = torch.Generator().manual_seed(seed)
        start = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        states = list(rk4(predict, start, time_grid(2 * (frames - 1))))[::2]
        places = torch.from_numpy(lattice(LIMIT, ARROWS))
        cells = torch.from_numpy(lattice(LIMIT, CELLS))
        ts = time_grid(frames - 1)
        arrows = [-predict(places, spread_time(t, places)).velocity for t in ts]
        density = [mixture.noised(1 - float(t), float(t)).log_prob(cells) for t in ts]
        return cls(
            ts.numpy(),
            torch.stack(states).numpy(),
            np.asarray(sectors(states[-1])),
            places.numpy(),
            torch.stack(arrows).numpy(),
            torch.stack(density).exp().numpy(),
        )

    def frame(self, t: float) -> int:
        """The frame whose time is nearest to t."""
        return nearest(self.ts, t)


def shading(density: Floats) -> Layers:
    """Cells of equal density as squares, a layer for each of a few levels."""
    half = 0.5 * (330 - 34) / CELLS
    cells, top = lattice(LIMIT, CELLS), density.max()
    level = np.rint(LEVELS * np.sqrt(density / top)).astype(int)
    return tuple(
        Dots(cells[level == n], "blue", half, 0.85 * n / LEVELS)
        for n in range(1, LEVELS + 1)
        if (level == n).any()
    )


def draw(crowd: Crowd, t: float) -> Scene:
    """The scene at one time: who is where, where to now, and how crowded it is."""
    i = crowd.frame(t)
    room = 1.8 * LIMIT / ARROWS
    people = tuple(
        Dots(crowd.states[i][crowd.groups == g], SERIES[g % len(SERIES)], 1.7, 0.9)
        for g in np.unique(crowd.groups)
    )
    arrows = Arrows(crowd.places, squeezed(crowd.arrows[i], room, 1.5), "grid", 1.0)
    cell = (2 * LIMIT / CELLS) ** 2
    mass = float(crowd.density[i].sum()) * cell
    speed = float(np.linalg.norm(crowd.arrows[i], axis=1).mean())
    now = crowd.ts[i]
    where = "noise" if now == 1 else "data" if now == 0 else f"t = {now:.2f}"
    text = (
        f"{where}: mean speed on the arrows {speed:.1f}, "
        f"mass in the right picture {mass:.3f}"
    )
    return Scene(
        (
            plane("people, and where they walk", (arrows, *people)),
            plane("how crowded each place is", shading(crowd.density[i])),
        ),
        text=text,
        tone="good" if math.isclose(mass, 1, abs_tol=0.02) else "",
    )


def flow_field(mixture: Mixture, *, seed: int = 0) -> Live:
    """A crowd on its way from noise to data: people and arrows, and the density.

    mixture: the data, whose exact flow is followed.
    """
    crowd = Crowd.of(mixture, seed=seed)
    return Live({"t": time(0.6)}, partial(draw, crowd), "flow_field")
