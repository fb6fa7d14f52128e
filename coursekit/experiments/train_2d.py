"""Train a small noise predictor on a two-dimensional toy, in a few seconds.

One compact loop serves the notebook and every 2-D experiment, so that what a learner
watches and what a claim rests on are the same thing.
"""

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import Mixture
from coursekit.models.mlp import EpsMLP
from coursekit.theory.ddpm import as_time, q_sample
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.elbo import elbo_weight

Weighting = Literal["simple", "vlb", "vlb-sampled"]


class Trained(NamedTuple):
    """A network in eval mode, its losses, and the steps at which they were logged."""

    model: nn.Module
    losses: list[float]
    steps: list[int]


def step_weights(schedule: Schedule, weighting: Weighting) -> Tensor:
    """How much each step's squared error counts, mean 1 over k = 1..T; (T + 1,).

    "simple": 1 everywhere (L_simple, Ho et al. 2020, eq. 14). "vlb" and "vlb-sampled":
    proportional to the weight in the true bound (eq. 12). Entry 0 is unused.
    """
    k = torch.arange(1, schedule.num_steps + 1)
    if weighting == "simple":
        weight = torch.ones(schedule.num_steps, dtype=torch.float64)
    elif weighting in ("vlb", "vlb-sampled"):
        weight = elbo_weight(schedule, k)
    else:
        raise ValueError(f"weighting is {weighting!r}: use simple, vlb or vlb-sampled")
    return torch.cat([weight.new_zeros(1), weight / weight.mean()])


def training_film(
    model: nn.Module,
    data: Mixture,
    schedule: Schedule,
    steps: int = 3000,
    batch: int = 256,
    rate: float = 2e-3,
    weighting: Weighting = "simple",
    seed: int = 0,
) -> Iterator[float]:
    """Train `model` in place and yield the loss of every step: the caller decides.

    "vlb" draws k uniformly and weights the loss; "vlb-sampled" draws k in proportion to
    the weight and leaves the loss alone: the same gradient on average, with less noise.
    Adam with a cosine decay of the rate to zero, gradients clipped at norm 1.
    """
    generator = torch.Generator().manual_seed(seed)
    weight = step_weights(schedule, weighting)
    sampled = weighting == "vlb-sampled"
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        x0 = data.sample(batch, generator).float()
        eps = torch.randn(x0.shape, generator=generator)
        if sampled:
            k = torch.multinomial(weight, batch, replacement=True, generator=generator)
        else:
            k = torch.randint(1, schedule.num_steps + 1, (batch,), generator=generator)
        xk = q_sample(x0, k, eps, schedule)
        errors = (eps - model(xk, as_time(k, x0, schedule))).square().mean(1)
        loss = errors.mean() if sampled else (errors * weight[k].float()).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        yield float(loss.detach())


def train_eps_mlp(
    data: Mixture,
    schedule: Schedule,
    steps: int = 3000,
    width: int = 128,
    depth: int = 3,
    seed: int = 0,
    time: bool = True,
    weighting: Weighting = "simple",
    log_every: int = 50,
) -> Trained:
    """Train an `EpsMLP` on a mixture and return it in eval mode with its losses.

    The losses are means over `log_every` steps. time=False hides the noise level from
    the network. About 5 seconds for 3000 steps on one core.
    """
    with torch.random.fork_rng(devices=[]):  # initialise without touching the caller
        torch.manual_seed(seed)
        model = EpsMLP(dim=data.means.shape[1], width=width, depth=depth, time=time)
    film = training_film(
        model, data, schedule, steps, weighting=weighting, seed=seed + 1000
    )
    losses: list[float] = []
    marks: list[int] = []
    recent: list[float] = []
    for step, loss in enumerate(film, start=1):
        recent.append(loss)
        if len(recent) == log_every or step == steps:
            losses.append(sum(recent) / len(recent))
            marks.append(step)
            recent = []
    return Trained(model.eval(), losses, marks)
