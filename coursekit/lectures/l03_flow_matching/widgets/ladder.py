"""How many steps? The ways that a solver walks, with 1 to 64 steps.

Every combination of flow, method and number of steps is walked once, beforehand.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.evaluation.distances import energy_distance
from coursekit.lectures.l03_flow_matching.experiments.pictures import COST, METHODS
from coursekit.lectures.l03_flow_matching.widgets.crowd import Layers, plane
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.fields import Dots, ways
from coursekit.theory.flow import follow
from coursekit.theory.solvers import time_grid
from coursekit.widgets.controls import choice, level, show
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
SHOWN = 70  # ways drawn; all the points count for the distance
Floats = NDArray[np.float64]
Velocity = Callable[[Tensor, Tensor], Tensor]
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Ladder:
    """Ways (F, SHOWN, 2), ends (N, 2) and distances, by (flow, method, steps)."""

    ways: dict[Key, Floats]
    ends: dict[Key, Floats]
    distances: dict[Key, float]
    target: Floats
    flows: tuple[str, ...]

    @classmethod
    def of(
        cls,
        flows: Mapping[str, Velocity],
        target: Any,
        count: int = 500,
        seed: int = 0,
        steps: Sequence[int] = STEPS,
    ) -> "Ladder":
        """Walk `count` points with each flow, method and number of steps."""
        generator = torch.Generator().manual_seed(seed)
        start = torch.randn(count, 2, generator=generator)
        goal = torch.as_tensor(np.asarray(target))[: 2 * count].double()
        films: dict[Key, Floats] = {}
        ends: dict[Key, Floats] = {}
        distances: dict[Key, float] = {}
        with torch.no_grad():
            for name, velocity in flows.items():
                for method, step in METHODS.items():
                    for n in steps:
                        states = list(follow(velocity, start, time_grid(n), step))
                        key = (name, method, n)
                        shown = torch.stack(states)[:, :SHOWN]
                        films[key] = shown.double().numpy()
                        ends[key] = states[-1].double().numpy()
                        distances[key] = energy_distance(states[-1], goal)
        return cls(films, ends, distances, goal.numpy()[:400], tuple(flows))


def bend(film: Floats) -> float:
    """How much longer the ways are than the straight lines between their ends."""
    lengths = np.linalg.norm(np.diff(film, axis=0), axis=2).sum(0)
    direct = np.linalg.norm(film[-1] - film[0], axis=1)
    return float(lengths.sum() / direct.sum() - 1)


def panel(ladder: Ladder, key: Key) -> Layers:
    """The data, the ways, where they begin and where they end."""
    film = ladder.ways[key]
    return (
        Dots(ladder.target, "grid", 1.3, 0.6),
        *ways(film, "blue", 0.9, 0.45),
        Dots(film[0], "ink", 1.5, 0.5),
        Dots(ladder.ends[key][:200], "orange", 1.6, 0.9),
    )


def draw(ladder: Ladder, flow: str, method: str, steps: int) -> Scene:
    """The scene for one flow, method and number of steps."""
    key = (flow, method, steps)
    known = sorted({n for _, _, n in ladder.distances})
    curves = [
        Curve(
            name,
            [math.log2(n * COST[name]) for n in known],
            [max(ladder.distances[flow, name, n], 1e-4) for n in known],
            dashed=name == "Heun",
        )
        for name in METHODS
    ]
    cost = steps * COST[method]
    chart = Chart(
        curves,
        title="distance to the data",
        x_name="log₂ of the network evaluations",
        x_limits=(0.0, 7.0),
        y_limits=(-4.0, 0.5),
        log_y=True,
        cursor=math.log2(cost),
        height=230,
    )
    far = ladder.distances[key]
    extra = bend(ladder.ways[key])
    text = (
        f"{steps} step{'s' * (steps > 1)} of {method}, {cost} evaluations: energy "
        f"distance {max(far, 0):.4f}; the ways are {extra:.0%} longer than need be."
    )
    tone = "good" if far < 0.01 else "warn" if far < 0.05 else "bad"
    title = f"{flow}: {steps} step{'s' * (steps > 1)}"
    return Scene((plane(title, panel(ladder, key)), chart), text=text, tone=tone)


def flow_steps(
    flows: Mapping[str, Any], *, target: Any, count: int = 500, seed: int = 0
) -> Live:
    """The ways a solver walks with 1 to 64 steps, Euler or Heun.

    flows: name -> velocity(x, t).  target: points (M, 2) of the data.
    """
    controls = {
        "flow": choice(list(flows)),
        "method": choice(list(METHODS)),
        "steps": level("steps", STEPS, 4),
    }
    show(controls["flow"], len(flows) > 1)
    ladder = Ladder.of(flows, target, count, seed)
    return Live(controls, partial(draw, ladder), "flow_steps")
