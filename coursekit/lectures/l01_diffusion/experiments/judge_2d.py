"""How good is a noise predictor on a mixture whose best predictor is known?

Three rulers: samples against exact samples, the error beyond what nobody can avoid, and
what that error costs in the likelihood bound.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_eps_model
from coursekit.evaluation.distances import energy_distance
from coursekit.theory.ddpm import Model, as_time, q_sample
from coursekit.theory.ddpm_samplers import ancestral, everywhere
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.elbo import elbo_weight
from coursekit.theory.noise import fresh_noise


def draw(model: Model, schedule: Schedule, n: int, seed: int) -> Tensor:
    """n samples of the full ancestral chain, (n, 2), float32."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(n, 2, generator=generator)
    *_, x0 = ancestral(model, start, schedule, generator=generator)
    return x0


def distance_to(data: Mixture, x: Tensor, seed: int) -> float:
    """Energy distance between samples x (N, D) and a fresh exact sample of size N."""
    generator = torch.Generator().manual_seed(seed + 77_000)
    return energy_distance(x, data.sample(len(x), generator))


def floor(data: Mixture, n: int, seed: int) -> float:
    """Energy distance between two exact samples of size n: what perfection scores."""
    generator = torch.Generator().manual_seed(seed + 99_000)
    return distance_to(data, data.sample(n, generator), seed)


@torch.no_grad()
def excess_errors(
    model: Model,
    data: Mixture,
    schedule: Schedule,
    ks: Sequence[int],
    n: int,
    seed: int,
) -> list[float]:
    """E|eps_hat - E[eps | xk]|^2 per dimension, at each step of `ks`.

    The part of the loss that training can remove: the rest, the spread of eps given xk,
    is there for every model.
    """
    generator = torch.Generator().manual_seed(seed + 55_000)
    best, errors = exact_eps_model(data, schedule), []
    for step in ks:
        x0 = data.sample(n, generator).to(torch.get_default_dtype())
        k = everywhere(step, x0)
        xk = q_sample(x0, k, fresh_noise(x0, generator), schedule)
        t = as_time(k, xk, schedule)
        errors.append(float((model(xk, t) - best(xk, t)).square().mean()))
    return errors


def bound_cost(errors: Sequence[float], schedule: Schedule) -> float:
    """Nats that a model of the plane loses in the ELBO against the best predictor.

    errors: `excess_errors` at k = 1..T, all of them. Each counts with `elbo_weight`;
    the cross term vanishes, since the best predictor is a conditional mean.
    """
    k = torch.arange(1, schedule.num_steps + 1)
    return 2 * float(elbo_weight(schedule, k) @ torch.tensor(errors).double())


@torch.no_grad()
def least_loss(data: Mixture, schedule: Schedule, n: int) -> float:
    """L_simple of the best predictor: E|eps - E[eps | xk]|^2 per dimension."""
    generator = torch.Generator().manual_seed(33_000)
    best, total = exact_eps_model(data, schedule), 0.0
    for step in range(1, schedule.num_steps + 1):
        x0 = data.sample(n, generator)
        k, eps = everywhere(step, x0), fresh_noise(x0, generator)
        xk = q_sample(x0, k, eps, schedule)
        total += float((eps - best(xk, as_time(k, xk, schedule))).square().mean())
    return total / schedule.num_steps
