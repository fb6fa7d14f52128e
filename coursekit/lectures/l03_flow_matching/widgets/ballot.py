"""Who votes for what: the line to one picture against the flow to all of them.

A few data points, a place to stand, a moment. Each data point pulls along its own line
and has a weight; the flow is the mean.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.lectures.l03_flow_matching.widgets.crowd import LIMIT, Layers, plane
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.fields import Arrows, Dots, lattice, squeezed, ways
from coursekit.plots.theme import SERIES
from coursekit.theory.flow import (
    conditional_velocity,
    follow,
    heun_step,
    log_joint,
    marginal_velocity,
)
from coursekit.theory.solvers import time_grid
from coursekit.widgets.controls import choice, number, time
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene, nearest

FIELDS = ("one picture", "all pictures")
BLUR, COUNT, FRAMES = 0.03, 11, 51
POINTS = ((-1.6, 0.9), (1.5, 1.4), (1.1, -1.5), (-0.6, -1.2))
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Votes:
    """Data points (K, 2) and, for both fields, the ways of walkers (F, N, 2)."""

    data: Tensor
    ts: Floats
    ways: dict[str, Floats]

    @classmethod
    def of(cls, count: int = 24, seed: int = 0) -> "Votes":
        """Walk `count` people to the first picture, and to all pictures."""
        data = torch.tensor(POINTS, dtype=torch.float64)
        generator = torch.Generator().manual_seed(seed)
        start = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        ts, films = time_grid(FRAMES - 1), {}
        for name in FIELDS:
            field = partial(velocity, name, data)
            states = follow(field, start, ts, heun_step)
            films[name] = torch.stack(list(states)).numpy()
        return cls(data, ts.numpy(), films)


def velocity(field: str, data: Tensor, x: Tensor, t: Tensor) -> Tensor:
    """The velocity of the line to the first data point, or of the whole flow."""
    if field == FIELDS[0]:
        return conditional_velocity(x, data[:1].expand(len(x), 2), t, BLUR)
    return marginal_velocity(x, t, data, BLUR)


def weights(at: Tensor, ts: Floats, data: Tensor) -> Floats:
    """How likely each data point is the end of someone who stands at `at` (2,): (F, K).

    One row for each time in `ts`.
    """
    times = torch.from_numpy(np.asarray(ts, dtype=np.float64))
    here = at.expand(len(times), 2)
    return np.asarray(log_joint(here, times, data, BLUR).softmax(1).numpy())


def background(made: Votes, field: str, t: float) -> Layers:
    """The field of arrows, and the ways that people have come so far."""
    places = torch.from_numpy(lattice(LIMIT, COUNT))
    now = torch.full((len(places),), t, dtype=torch.float64)
    arrows = -velocity(field, made.data, places, now).numpy()
    i = nearest(made.ts, t)
    film = made.ways[field]
    trails = ways(film[: i + 1], "blue", 0.9, 0.5) if i else ()
    shifts = squeezed(arrows, 1.8 * LIMIT / COUNT, 1.5)
    field_layer = Arrows(places.numpy(), shifts, "grid", 1.0)
    return (field_layer, *trails, Dots(film[i], "blue", 2.0, 0.9))


def ballot(made: Votes, field: str, t: float, at: Tensor) -> tuple[Layers, Floats]:
    """The pull of each picture at `at`, its width the weight, and the mean in pink."""
    share = weights(at, np.array([t]), made.data)[0]
    if field == FIELDS[0]:
        share = np.eye(len(made.data))[0]
    here = at.numpy()[None]
    pulls = tuple(
        Arrows(
            here, squeezed(point.numpy()[None] - here, 2.2, 1.5), SERIES[k + 1], 6 * w
        )
        for k, (point, w) in enumerate(zip(made.data, share, strict=True))
        if w > 0.02
    )
    goal = (share[:, None] * made.data.numpy()).sum(0)[None]
    mean = Arrows(here, squeezed(goal - here, 2.2, 1.5), "pink", 2.4)
    pictures = tuple(
        Dots(point.numpy(), SERIES[k + 1], 5.0, 1.0)
        for k, point in enumerate(made.data)
    )
    return (*pictures, *pulls, mean, Dots(here, "ink", 3.0, 1.0)), share


def draw(made: Votes, field: str, t: float, x: float, y: float) -> Scene:
    """The scene for one field, one moment and one place to stand."""
    at = torch.tensor([x, y], dtype=torch.float64)
    t = max(t, 0.01)
    front, share = ballot(made, field, t, at)
    ts = np.linspace(1.0, 0.01, 60)
    curves = weights(at, ts, made.data)
    chart = Chart(
        [Curve("", ts, curves[:, k], SERIES[k + 1]) for k in range(len(made.data))],
        title="weight of each picture, standing here",
        x_name="t  (1 is noise, 0 is data)",
        y_limits=(0.0, 1.02),
        cursor=t,
        height=230,
    )
    best = int(share.argmax())
    if field == FIELDS[0]:
        text = "Only one picture: every arrow points straight at it, from everywhere."
    elif share[best] < 0.9:
        text = (
            f"Undecided: the largest weight is {share[best]:.2f}. The pink arrow is "
            "the mean of the votes and leads to no picture at all."
        )
    else:
        text = f"Decided: one picture has {share[best]:.0%} of the votes."
    title = "towards one picture" if field == FIELDS[0] else "towards all pictures"
    layers = (*background(made, field, t), *front)
    tone = "" if field == FIELDS[0] else "good" if share[best] >= 0.9 else "warn"
    return Scene((plane(title, layers), chart), text=text, tone=tone)


def flow_votes(*, seed: int = 0) -> Live:
    """The field of one picture against that of all; who votes for what, and where."""
    controls = {
        "field": choice(FIELDS, FIELDS[1]),
        "t": time(0.5, 0.02),
        "x": number("stand right", 0.3, -2.5, 2.5),
        "y": number("stand up", 0.4, -2.5, 2.5),
    }
    return Live(controls, partial(draw, Votes.of(seed=seed)), "flow_votes")
