"""The evidence lower bound of a DDPM: a certificate on log p(x0), term by term.

log p(x0) >= -(L_0 + L_1 + .. + L_T)   (Ho et al. 2020, eq. 5). L_T compares the end
of the noising with the prior; L_1 .. L_(T-1) compare each learnt step back with the
exact one; L_0 is the cost of writing down x0 once x_1 is known.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from coursekit.theory.ddpm import (
    Model,
    VarianceKind,
    as_time,
    at,
    gaussian_kl,
    pick,
    predict_x0,
    q_posterior,
    q_sample,
    reverse_variance,
)
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.paths import expand_as


def gaussian_nll(x: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    """-log N(x; mean, var) of a diagonal Gaussian, in nats, per sample.

    x, mean: (B, ...); var: positive, broadcastable to x. Each dimension contributes
    1/2 * ( log(2 pi var) + (x - mean)^2 / var ); returns the sums, shape (B,).
    """
    per_dimension = 0.5 * (torch.log(2 * math.pi * var) + (x - mean) ** 2 / var)
    return per_dimension.flatten(start_dim=1).sum(dim=1)


def prior_kl(x0: Tensor, schedule: Schedule) -> Tensor:
    """L_T = KL( q(x_T | x0) || N(0, I) ): what the chain still remembers at its end.

    q(x_T | x0) has mean sqrt(alpha_bar_T) x0 and variance 1 - alpha_bar_T. No network
    is involved. x0: (B, ...). Returns (B,) nats.
    """
    alpha_bar = schedule.alpha_bar[-1]
    mean = expand_as(alpha_bar.sqrt(), x0) * x0
    var = expand_as(1 - alpha_bar, x0)
    return gaussian_kl(mean, var, torch.zeros_like(x0), torch.ones_like(var))


def learnt_variance(schedule: Schedule, variance: VarianceKind = "beta") -> Tensor:
    """The variance sigma_k^2 of the learnt steps in the bound; shape (T + 1,), float64.

    beta_k ("beta") or beta_tilde_k ("posterior"), but beta_1 at k = 1 either way: a
    decoder of variance 0 would be infinitely wrong. Entry 0 belongs to no step.
    """
    table = reverse_variance(schedule, variance)
    return torch.cat([schedule.beta[:2], table[2:]])


def elbo_terms(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    eps: Iterable[Tensor],
    variance: VarianceKind = "beta",
) -> Tensor:
    """All T + 1 terms of the bound for each sample, in nats (Ho et al. 2020, eq. 5).

    For each step k = 1..T, noise x0 to x_k with eps[k - 1], ask the network for the
    noise, turn that into x0_hat, and put x0_hat where the true x0 would go:
    the mean of `q_posterior(x0_hat, x_k, k, schedule)` is the mean of the learnt step
    back; its variance is `learnt_variance(schedule, variance)` at k. The exact step is
    `q_posterior(x0, x_k, k, schedule)`, mean and variance. Then

        column 0      L_0     = -log N(x0; learnt step), k = 1    (`gaussian_nll`)
        column k - 1  L_(k-1) = KL( exact step || learnt step ), k = 2..T
        column T      L_T     = `prior_kl(x0, schedule)`

    model(xt, t) -> eps_hat; x0: (B, ...); eps: (T, B, ...) standard normal, fresh for
    each step. Returns (B, T + 1): for each sample an unbiased estimate of every term.
    """
    terms, sigma2 = [], learnt_variance(schedule, variance)
    for step, noise in zip(range(1, schedule.num_steps + 1), eps, strict=True):
        k = torch.full((len(x0),), step, device=x0.device)
        xk = q_sample(x0, k, noise, schedule)
        x0_hat = predict_x0(xk, model(xk, as_time(k, x0, schedule)), k, schedule)
        learnt, var_p = q_posterior(x0_hat, xk, k, schedule)[0], at(sigma2, k, x0)
        exact, var_q = q_posterior(x0, xk, k, schedule)
        if step == 1:
            terms.append(gaussian_nll(x0, learnt, var_p))
        else:
            terms.append(gaussian_kl(exact, var_q, learnt, var_p))
    return torch.stack([*terms, prior_kl(x0, schedule)], dim=1)


def elbo(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    eps: Iterable[Tensor],
    variance: VarianceKind = "beta",
) -> Tensor:
    """A lower bound on log p(x0) in nats, per sample: minus the sum of the L terms.

    The bound holds on average over `eps`; a single draw may exceed log p(x0).
    Arguments as for `elbo_terms`. Returns (B,).
    """
    return -elbo_terms(model, x0, schedule, eps, variance).sum(dim=1)


def elbo_weight(
    schedule: Schedule, k: Tensor, variance: VarianceKind = "beta"
) -> Tensor:
    """The price of a noise error at step k in the bound (Ho et al. 2020, eq. 12).

        weight_k = beta_k^2 / ( 2 sigma_k^2 (1 - beta_k) (1 - alpha_bar_k) )

    It multiplies |eps - eps_hat|^2, summed over dimensions; L_simple puts 1 instead.
    sigma_k^2 is `learnt_variance(schedule, variance)` at k. k: (B,) in 1..T. Returns
    (B,), float64.
    """
    beta, alpha_bar = schedule.beta, schedule.alpha_bar
    sigma2 = learnt_variance(schedule, variance)
    return pick(beta**2 / (2 * sigma2 * (1 - beta) * (1 - alpha_bar)), k)


def bits_per_dim(nats: Tensor, dims: int) -> Tensor:
    """Turn nats per sample into bits per dimension: nats / (dims * log 2).

    nats: a negative log-likelihood or a bound on it, any shape; dims: how many numbers
    one sample has, for example 3 * 32 * 32. Returns the shape of `nats`.
    """
    return nats / (dims * math.log(2))
