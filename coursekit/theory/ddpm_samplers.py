"""DDPM samplers: generators that walk from noise to data and show every state.

`*_, x0 = ddim(model, x, ks, schedule)` keeps the last state, `list(...)` the film.
The network is called as model(xt, t) with t = k / T of shape (B,); gradients are off.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.ddpm import (
    Model,
    VarianceKind,
    ancestral_step,
    as_time,
    ddim_step,
)
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.noise import fresh_noise


def everywhere(k: int, x: Tensor) -> Tensor:
    """The same step for every sample: shape (B,), integers."""
    return torch.full((len(x),), k, dtype=torch.long, device=x.device)


def respaced(num_steps: int, num_evals: int) -> list[int]:
    """Choose the steps of a short walk: T = k_0 > k_1 > .. > k_N = 0, evenly spaced.

    Entry i is T (N - i) / N, rounded to the nearest integer (`round`). The list has
    num_evals + 1 entries, one network evaluation for each move.
    Raises ValueError unless 1 <= num_evals <= num_steps.
    """
    if not 1 <= num_evals <= num_steps:
        raise ValueError(f"num_evals is {num_evals}: it must be in 1..{num_steps}")
    return [round(num_steps * i / num_evals) for i in range(num_evals, -1, -1)]


@torch.no_grad()
def ancestral(
    model: Model,
    x: Tensor,
    schedule: Schedule,
    variance: VarianceKind = "posterior",
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """DDPM's sampler: all T steps, fresh noise at each (Ho et al. 2020, Algorithm 2).

    x: (B, ...) standard normal noise, the state at k = T. Yields T + 1 states, from `x`
    itself to the sample x0.
    """
    yield x
    for step in range(schedule.num_steps, 0, -1):
        k = everywhere(step, x)
        eps_hat = model(x, as_time(k, x, schedule))
        noise = fresh_noise(x, generator)
        x = ancestral_step(x, eps_hat, k, noise, schedule, variance)
        yield x


def subschedule(schedule: Schedule, ks: Sequence[int]) -> Schedule:
    """The short chain that visits only the steps `ks` (decreasing, ending with 0).

    It keeps their alpha_bar; each beta bridges one gap, 1 - alpha_bar_k /
    alpha_bar_next (Nichol & Dhariwal 2021). Entry i belongs to the
    i-th smallest step.
    """
    alpha_bar = schedule.alpha_bar[torch.tensor(list(reversed(ks)))]
    beta = torch.cat([alpha_bar.new_zeros(1), 1 - alpha_bar[1:] / alpha_bar[:-1]])
    return Schedule(beta, alpha_bar)


@torch.no_grad()
def ancestral_skipped(
    model: Model,
    x: Tensor,
    ks: Sequence[int],
    schedule: Schedule,
    variance: VarianceKind = "posterior",
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """DDPM's sampler on a sub-sequence of steps, treated as a short chain of its own.

    x: (B, ...) noise at step ks[0]; ks: decreasing and ending with 0, as `respaced`
    gives. Yields len(ks) states. The network still reads the time of the long chain.
    """
    short = subschedule(schedule, ks)
    yield x
    for step in range(short.num_steps, 0, -1):
        t = as_time(everywhere(ks[short.num_steps - step], x), x, schedule)
        k, noise = everywhere(step, x), fresh_noise(x, generator)
        x = ancestral_step(x, model(x, t), k, noise, short, variance)
        yield x


@torch.no_grad()
def ddim(
    model: Model,
    x: Tensor,
    ks: Sequence[int],
    schedule: Schedule,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """DDIM's sampler on any decreasing steps `ks` (Song et al. 2021, DDIM).

    x: (B, ...) noise at step ks[0]; ks: decreasing steps, usually `respaced(T, N)`,
    which ends with 0. First yield `x` itself. Then, for each pair of neighbours k and
    k_next: ask the network for eps_hat = model(x, t) with t from `as_time`, draw
    `fresh_noise(x, generator)` (also when eta = 0 will ignore it), take one
    `ddim_step` and yield the new state. `everywhere(k, x)` turns an int into the (B,)
    tensor that these functions want.

    Yields len(ks) states; the last one is the sample.
    """
    yield x
    for step, step_next in pairwise(ks):
        k, k_next = everywhere(step, x), everywhere(step_next, x)
        eps_hat = model(x, as_time(k, x, schedule))
        noise = fresh_noise(x, generator)
        x = ddim_step(x, eps_hat, k, k_next, noise, schedule, eta)
        yield x
