"""Dice at every step: the crowd of the exact flow, and walks from one first noise."""

from functools import partial

import torch
from torch import Tensor

from coursekit.lectures.l06b_preferences_and_distillation.experiments.dice import (
    Law,
    ring_velocity,
    roll,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    judge,
    points,
)
from coursekit.plots.fields import Dots, square, ways
from coursekit.theory.solvers import time_grid
from coursekit.widgets.controls import level
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

LIMIT, COUNT, WALKS = 2.6, 400, 12
LEVELS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1.0)
STEPS = (5, 10, 20, 40, 80)


def draw(law: Law, real: Tensor, noise: float, steps: int) -> Scene:
    """The ends of COUNT walks, and the ways of WALKS from one place."""
    stir = torch.Generator().manual_seed(1)
    start = torch.randn(COUNT + 1, 2, generator=stir, dtype=torch.float64)
    start[COUNT:] = torch.tensor([[0.5, 0.3]])
    start = torch.cat([start, start[-1:].expand(WALKS - 1, 2)])
    states = roll(ring_velocity, start, time_grid(steps), noise, stir, law)
    film = torch.stack(states)
    ends, walks = film[-1, :COUNT], film[:, COUNT:].numpy()
    behind = Dots(real.numpy(), "grid", 1.4)
    crowd = square(
        f"{COUNT} first noises", (behind, Dots(ends.numpy(), "blue", 1.8, 0.8)), LIMIT
    )
    trails = ways(walks, "purple", 1.0, 0.6)
    tips = Dots(walks[-1], "orange", 3.5, 1.0)
    one = square(f"{WALKS} walks from one first noise", (behind, *trails, tips), LIMIT)
    apart = judge(film[-1, COUNT:])["masses"]
    on = judge(ends)["on"]
    text = (
        f"{on:.0%} of the points are on a cloud. The {WALKS} walks end on "
        f"{sum(mass > 0 for mass in apart)} of the clouds."
    )
    return Scene((crowd, one), text=text, tone="good" if on > 0.95 else "warn")


def dice(law: Law) -> Live:
    """Turn the noise of a walk up, and see who moves.

    law: the step as a normal law, as `transition` gives it.
    """
    controls = {
        "noise": level("noise level", LEVELS, 0.0),
        "steps": level("steps", STEPS, 40),
    }
    real = points(600, torch.Generator().manual_seed(3))
    return Live(controls, partial(draw, law, real), "dice")
