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
    posterior_variance,
    predict_x0,
    q_posterior,
    q_sample,
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

    q(x_T | x0) has mean sqrt(alpha_bar_T) x0 and variance 1 - alpha_bar_T. No network is
    involved. x0: (B, ...). Returns (B,) nats.
    """
    alpha_bar = schedule.alpha_bar[-1]
    mean = expand_as(alpha_bar.sqrt(), x0) * x0
    var = expand_as(1 - alpha_bar, x0)
    return gaussian_kl(mean, var, torch.zeros_like(x0), torch.ones_like(var))


def elbo_terms(
    model: Model, x0: Tensor, schedule: Schedule, eps: Iterable[Tensor]
) -> Tensor:
    """All T + 1 terms of the bound for each sample, in nats (Ho et al. 2020, eq. 5).

    For each step k = 1..T, noise x0 to x_k with eps[k - 1], ask the network for the
    noise, turn that into x0_hat, and put x0_hat where the true x0 would go:
    `q_posterior(x0_hat, x_k, k, schedule)` is the learnt step back. Then

        column 0      L_0     = -log N(x0; learnt mean at k = 1, beta_1)
        column k - 1  L_(k-1) = KL( exact step || learnt step ),  k = 2..T
        column T      L_T     = `prior_kl(x0, schedule)`

    Exact and learnt step share the posterior variance beta_tilde_k, which is 0 at
    k = 1: hence the Gaussian decoder with beta_1 in column 0 (`gaussian_nll`).

    model(xt, t) -> eps_hat; x0: (B, ...); eps: (T, B, ...) standard normal, fresh for
    each step. Returns (B, T + 1): for each sample an unbiased estimate of every term.
    """
    terms = []
    for step, noise in zip(range(1, schedule.num_steps + 1), eps, strict=True):
        k = torch.full((len(x0),), step, device=x0.device)
        xk = q_sample(x0, k, noise, schedule)
        x0_hat = predict_x0(xk, model(xk, as_time(k, x0, schedule)), k, schedule)
        learnt, var = q_posterior(x0_hat, xk, k, schedule)
        exact, _ = q_posterior(x0, xk, k, schedule)
        if step == 1:
            terms.append(gaussian_nll(x0, learnt, at(schedule.beta, k, x0)))
        else:
            terms.append(gaussian_kl(exact, var, learnt, var))
    return torch.stack([*terms, prior_kl(x0, schedule)], dim=1)


def elbo(model: Model, x0: Tensor, schedule: Schedule, eps: Iterable[Tensor]) -> Tensor:
    """A lower bound on log p(x0) in nats, per sample: minus the sum of the L terms.

    The bound holds on average over `eps`; a single draw may exceed log p(x0).
    Arguments as for `elbo_terms`. Returns (B,).
    """
    return -elbo_terms(model, x0, schedule, eps).sum(dim=1)


def elbo_weight(
    schedule: Schedule, k: Tensor, variance: VarianceKind = "posterior"
) -> Tensor:
    """The price of a noise error at step k in the bound (Ho et al. 2020, eq. 12).

        weight_k = beta_k^2 / ( 2 sigma_k^2 (1 - beta_k) (1 - alpha_bar_k) )

    It multiplies |eps - eps_hat|^2, summed over dimensions; L_simple puts 1 instead.
    sigma_k^2 is beta_k ("beta") or beta_tilde_k ("posterior"); at k = 1 it is beta_1
    either way, the variance of the decoder. k: (B,) in 1..T. Returns (B,) float64.
    """
    beta, alpha_bar = schedule.beta, schedule.alpha_bar
    var = beta if variance == "beta" else posterior_variance(schedule)
    var = torch.cat([beta[:2], var[2:]])
    return pick(beta**2 / (2 * var * (1 - beta) * (1 - alpha_bar)), k)


def bits_per_dim(nats: Tensor, dims: int) -> Tensor:
    """Turn nats per sample into bits per dimension: nats / (dims * log 2).

    nats: a negative log-likelihood or a bound on it, any shape; dims: how many numbers
    one sample has, for example 3 * 32 * 32. Returns the shape of `nats`.
    """
    return nats / (dims * math.log(2))
