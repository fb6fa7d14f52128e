"""Films of pictures by a velocity network: every state, and the guess of x0 from there.

The solvers are plain, nothing is clipped on the way: what a short walk gets wrong is
meant to be seen.
"""

from itertools import pairwise

import torch
from torch import Tensor

from coursekit.experiments.films import Film
from coursekit.theory.flow import Step, euler_step, from_velocity, heun_step
from coursekit.theory.noise import pixel_noise
from coursekit.theory.solvers import spread_time, time_grid

METHODS: dict[str, Step] = {"Euler": euler_step, "Heun": heun_step}
COST = {"Euler": 1, "Heun": 2}  # network evaluations in a step


def starting_noise(name: str, count: int, seed: int) -> Tensor:
    """Noise for `count` pictures of a recipe, (count, C, H, W)."""
    from coursekit.training.recipes_pixels import PIXELS

    generator = torch.Generator().manual_seed(seed)
    return pixel_noise((count, *PIXELS[name].shape), generator)


@torch.no_grad()
def film(
    name: str, count: int, num_steps: int, seed: int, method: str = "Euler"
) -> Film:
    """All states from noise to picture by the shipped velocity network `name`.

    method: one of METHODS. The estimates are the pictures that the network sees: from
    the state, all the way along its velocity.
    """
    from coursekit.training.pretrained import load_model

    model, step = load_model(name), METHODS[method]
    x, ts = starting_noise(name, count, seed), time_grid(num_steps)
    states, estimates = [x], []
    for t, s in pairwise(ts):
        asked: list[Tensor] = []

        def watched(y: Tensor, time: Tensor, asked: list[Tensor] = asked) -> Tensor:
            asked.append(model(y, time))
            return asked[-1]

        now = spread_time(t, x)
        after = step(watched, x, now, spread_time(s, x))
        estimates.append(from_velocity(asked[0], x, now).x0)
        x = after
        states.append(x)
    return Film(states, [*estimates, x], ts.tolist())


@torch.no_grad()
def ladder(
    name: str, count: int, nfes: tuple[int, ...], seed: int, method: str
) -> list[Tensor]:
    """The last states after each number of evaluations, from the same noise.

    An even number for Heun, which asks twice in a step; with 1 it takes an Euler step.
    """
    ends = []
    for n in nfes:
        how = method if n >= COST[method] else "Euler"
        ends.append(film(name, count, n // COST[how], seed, how).states[-1])
    return ends
