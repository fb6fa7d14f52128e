"""Train a small noise predictor on a two-dimensional toy, in a few seconds."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import Mixture
from coursekit.experiments.train_toy import fit, fresh
from coursekit.models.mlp import EpsMLP
from coursekit.theory.ddpm import as_time, q_sample
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.elbo import elbo_weight

Weighting = Literal["simple", "vlb", "vlb-sampled"]


class Trained(NamedTuple):
    """A network in eval mode, and the loss of every step."""

    model: nn.Module
    losses: list[float]


def step_weights(schedule: Schedule, weighting: Weighting) -> Tensor:
    """How much each step's squared error counts, mean 1 over k = 1..T; (T + 1,).

    "simple": 1 everywhere (L_simple, Ho et al. 2020, eq. 14). "vlb" and "vlb-sampled":
    proportional to the weight in the true bound (eq. 12). Entry 0 is unused.
    """
    if weighting not in ("simple", "vlb", "vlb-sampled"):
        raise ValueError(f"weighting is {weighting!r}: use simple, vlb or vlb-sampled")
    weight = elbo_weight(schedule, torch.arange(1, schedule.num_steps + 1))
    if weighting == "simple":
        weight = torch.ones_like(weight)
    return torch.cat([weight.new_zeros(1), weight / weight.mean()])


def train_eps_mlp(
    data: Mixture,
    schedule: Schedule,
    steps: int = 3000,
    width: int = 128,
    seed: int = 0,
    time: bool = True,
    weighting: Weighting = "simple",
) -> Trained:
    """Train an `EpsMLP` on a mixture. About 5 seconds for 3000 steps on one core.

    "vlb" draws k uniformly and weights the loss; "vlb-sampled" draws k in proportion to
    the weight and leaves the loss alone: the same gradient on average, with less noise.
    time=False hides the noise level from the network.
    """
    dim, sampled = data.means.shape[1], weighting == "vlb-sampled"
    model = fresh(seed, lambda: EpsMLP(dim, width, time=time))
    weight, last = step_weights(schedule, weighting), schedule.num_steps

    def loss(x0: Tensor, generator: torch.Generator) -> Tensor:
        n, eps = len(x0), torch.randn(x0.shape, generator=generator)
        if sampled:
            k = torch.multinomial(weight, n, replacement=True, generator=generator)
        else:
            k = torch.randint(1, last + 1, (n,), generator=generator)
        xk = q_sample(x0, k, eps, schedule)
        off: Tensor = eps - model(xk, as_time(k, x0, schedule))
        errors = off.square().mean(1)
        return errors.mean() if sampled else (errors * weight[k].float()).mean()

    losses = fit(model, loss, data, steps, seed=seed + 1000)
    return Trained(model.eval(), losses)
