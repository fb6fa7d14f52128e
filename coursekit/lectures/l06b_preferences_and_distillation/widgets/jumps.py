"""One jump from anywhere on the way: to the mean of what can be meant, or to the end.

The exact flow of the plane. Of each point on a path it is known where the path ends,
and what an Euler step to t = 0 says: the mean of all data that could be under it.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.datasets.toys import exact_predict
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import RING
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.fields import Dots, square, ways
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import rk4, spread_time, time_grid
from coursekit.widgets.controls import time
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene, nearest

LIMIT, FRAMES, TIED = 2.6, 41, 40
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Jumps:
    """ts: (F,), from 1 down to 0; states and means: (F, N, 2); real: (M, 2)."""

    ts: Floats
    states: Floats
    means: Floats
    real: Floats

    @classmethod
    def of(cls, count: int = 250, seed: int = 0) -> "Jumps":
        """Walk `count` points along the exact flow, four steps for each frame."""
        predict = exact_predict(RING, LinearPath())
        generator = torch.Generator().manual_seed(seed)
        start = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        fine = list(rk4(predict, start, time_grid(4 * (FRAMES - 1), end=1e-3)))
        states, ts = fine[::4], time_grid(FRAMES - 1, end=1e-3).double()
        means = [
            predict(x, spread_time(t, x)).x0 for t, x in zip(ts, states, strict=True)
        ]
        return cls(
            ts.numpy(),
            torch.stack(states).numpy(),
            torch.stack(means).numpy(),
            RING.sample(400, generator).double().numpy(),
        )

    def missed(self) -> Floats:
        """How far the mean is from the end of the path, root mean square, (F,)."""
        apart = np.square(self.means - self.states[-1]).sum(-1)
        return np.asarray(np.sqrt(apart.mean(1)))


def draw(jumps: Jumps, t: float) -> Scene:
    """The scene at one time: where the points are, and where two jumps take them."""
    i = nearest(jumps.ts, t)
    state, mean, end = jumps.states[i], jumps.means[i], jumps.states[-1]
    tied = ways(np.stack([state, mean])[:, :TIED], "orange", 0.8, 0.4)
    missed = jumps.missed()
    plane = square(
        f"t = {jumps.ts[i]:.2f}",
        (
            Dots(jumps.real, "grid", 1.3, 0.6),
            *tied,
            Dots(state, "ink", 1.3, 0.4),
            Dots(end, "green", 1.6, 0.8),
            Dots(mean, "orange", 1.8, 0.9),
        ),
        limit=LIMIT,
        width=330,
        height=320,
        margins=(26, 26, 8, 24),
    )
    chart = Chart(
        [Curve("", jumps.ts[::-1], missed[::-1])],
        title="how far one Euler step misses the end",
        x_name="t, from data to noise",
        y_limits=(0.0, 1.6),
        cursor=float(jumps.ts[i]),
        height=230,
    )
    wide = float(np.sqrt(np.square(mean - mean.mean(0)).sum(-1).mean()))
    text = (
        f"one Euler step from t = {jumps.ts[i]:.2f}: a crowd {wide:.2f} wide, "
        f"{missed[i]:.2f} off the ends of the paths. The ends (green) do not move."
    )
    return Scene((plane, chart), text=text, tone="bad" if missed[i] > 0.3 else "good")


def one_jump(seed: int = 0) -> Live:
    """Jump to t = 0 from anywhere on the exact paths of the plane.

    Black: points on their way; orange: one Euler step from there; green: where the
    path ends.
    """
    return Live({"t": time(1.0)}, partial(draw, Jumps.of(seed=seed)), "one_jump")
