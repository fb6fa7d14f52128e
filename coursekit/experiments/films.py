"""Films: every state of a sampler, and what the network saw under the noise.

A film is what the notebooks scrub through. It is computed once, then looked at often.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.theory.ddpm import as_time, predict_x0
from coursekit.theory.ddpm_samplers import ddim, respaced
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.noise import pixel_noise

EpsModel = Callable[[Tensor, Tensor], Tensor]


class Film(NamedTuple):
    """States from noise to data, with the network's guess of the data at each.

    states: N+1 tensors (B, ...);  estimates: N+1 tensors, the last is the last state;
    ts: N+1 times, 1 = noise and 0 = data.
    """

    states: list[Tensor]
    estimates: list[Tensor]
    ts: list[float]


def last(states: Iterable[Tensor]) -> Tensor:
    """The final state of a sampler."""
    *_, x = states
    return x


def record(
    model: EpsModel,
    start: Tensor,
    schedule: Schedule,
    num_evals: int,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Film:
    """Sample with DDIM and keep the film (Song et al. 2021).

    start: (B, ...) standard normal noise at k = T.  num_evals: network evaluations.
    """
    ks = respaced(schedule.num_steps, num_evals)
    estimates: list[Tensor] = []

    def watched(xk: Tensor, t: Tensor) -> Tensor:
        eps = model(xk, t)
        k = (t * schedule.num_steps).round().long()
        estimates.append(predict_x0(xk, eps, k, schedule))
        return eps

    with torch.no_grad():
        states = list(ddim(watched, start, ks, schedule, eta, generator))
    return Film(states, [*estimates, states[-1]], [k / schedule.num_steps for k in ks])


def with_guesses(model: EpsModel, states: list[Tensor], schedule: Schedule) -> Film:
    """Ask the network, at every state of a full chain, what it sees under the noise.

    states: T + 1 tensors (B, ...) from k = T to 0, as `ancestral` yields them.
    """
    estimates: list[Tensor] = []
    with torch.no_grad():
        for k, xk in zip(range(schedule.num_steps, 0, -1), states[:-1], strict=True):
            ks = torch.full((len(xk),), k)
            eps = model(xk, as_time(ks, xk, schedule))
            estimates.append(predict_x0(xk, eps, ks, schedule))
    ts = [k / schedule.num_steps for k in range(schedule.num_steps, -1, -1)]
    return Film(states, [*estimates, states[-1]], ts)


def from_checkpoint(
    name: str, count: int, num_evals: int, seed: int, eta: float = 0.0
) -> Film:
    """A film of `count` pictures by the shipped checkpoint of recipe `name`."""
    from coursekit.training.pretrained import load_model
    from coursekit.training.recipes_pixels import PIXELS

    recipe = PIXELS[name]
    generator = torch.Generator().manual_seed(seed)
    start = pixel_noise((count, *recipe.shape), generator)
    return record(
        load_model(name), start, recipe.make_schedule(), num_evals, eta, generator
    )
