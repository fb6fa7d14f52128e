"""DDPM, one formula per function: noising, its exact undoing, and the learnt undoing.

In every function k is the step of each sample, shape (B,), integers in 1..T; x has
shape (B, ...), any number of dimensions. Coefficients are computed from the float64
tables of the schedule and cast to x's dtype last.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.paths import expand_as

Model = Callable[[Tensor, Tensor], Tensor]  # model(xt, t) -> eps_hat, with t = k / T
VarianceKind = Literal["beta", "posterior"]


def pick(values: Tensor, k: Tensor) -> Tensor:
    """Look up one table entry per sample. values: (T + 1,), k: (B,) -> (B,)."""
    return values[k.to(values.device)]


def at(values: Tensor, k: Tensor, x: Tensor) -> Tensor:
    """Look up values[k] for each sample, shaped so that it multiplies `x`.

    values: (T + 1,) table, k: (B,) integers, x: (B, ...). Returns (B, 1, .., 1) with as
    many dimensions as `x`, in x's dtype and on x's device.
    """
    return expand_as(pick(values, k), x)


def as_time(k: Tensor, x: Tensor, schedule: Schedule) -> Tensor:
    """The clock the network sees: t = k / T in (0, 1], shape (B,), on x's device.

    float64 when x is float64, float32 otherwise: half precision cannot count to 1000.
    """
    dtype = torch.promote_types(x.dtype, torch.float32)
    return k.to(device=x.device, dtype=dtype) / schedule.num_steps


def q_step(x: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    """Take one forward step, from k - 1 to k (Ho et al. 2020, eq. 2).

    The step shrinks the sample a little and adds fresh noise of variance beta_k:

        x_k = sqrt(1 - beta_k) * x_(k-1) + sqrt(beta_k) * eps

    x: x_(k-1), shape (B, ...); eps: standard normal noise like `x`; k: (B,) in 1..T,
    the step that is arrived at. Returns x_k, like `x`.
    """
    keep = at((1 - schedule.beta).sqrt(), k, x)
    add = at(schedule.beta.sqrt(), k, x)
    return keep * x + add * eps


def q_sample(x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    """Jump from clean data straight to step k (Ho et al. 2020, eq. 4).

    Many small Gaussian steps make one large one, so no loop is needed:

        x_k = sqrt(alpha_bar_k) * x0 + sqrt(1 - alpha_bar_k) * eps

    x0: (B, ...); eps: standard normal noise like `x0`; k: (B,) in 1..T. Returns x_k,
    like `x0`.
    """
    signal = at(schedule.alpha_bar.sqrt(), k, x0)
    noise = at((1 - schedule.alpha_bar).sqrt(), k, x0)
    return signal * x0 + noise * eps


def predict_x0(xk: Tensor, eps: Tensor, k: Tensor, schedule: Schedule) -> Tensor:
    """The clean sample that a noise estimate implies (Ho et al. 2020, eq. 15).

    It solves the equation of `q_sample` for x0:

        x0_hat = (x_k - sqrt(1 - alpha_bar_k) * eps) / sqrt(alpha_bar_k)

    xk: (B, ...); eps: true or estimated noise like `xk`; k: (B,) in 1..T. Returns
    x0_hat, like `xk`. Near k = T the divisor is tiny, and errors in eps are blown up.
    """
    signal = at(schedule.alpha_bar.sqrt(), k, xk)
    noise = at((1 - schedule.alpha_bar).sqrt(), k, xk)
    return (xk - noise * eps) / signal


def posterior_variance(schedule: Schedule) -> Tensor:
    """The table beta_tilde of Ho et al. 2020, eq. 7; shape (T + 1,), float64.

        beta_tilde_k = (1 - alpha_bar_(k-1)) / (1 - alpha_bar_k) * beta_k

    Entry 1 is 0: when x0 is known, nothing is uncertain about the last step. Entry 0
    belongs to no step and is set to 0.
    """
    shrink = (1 - schedule.alpha_bar_previous) / (1 - schedule.alpha_bar)
    return (shrink * schedule.beta).nan_to_num(0.0)  # entry 0 is 0 / 0


def q_posterior(
    x0: Tensor, xk: Tensor, k: Tensor, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    """Where x_(k-1) was, given both ends (Ho et al. 2020, eqs. 6 and 7).

    Bayes' rule gives a Gaussian q(x_(k-1) | x_k, x0) with

        mean = sqrt(alpha_bar_(k-1)) * beta_k / (1 - alpha_bar_k) * x0
             + sqrt(1 - beta_k) * (1 - alpha_bar_(k-1)) / (1 - alpha_bar_k) * x_k
        var  = (1 - alpha_bar_(k-1)) / (1 - alpha_bar_k) * beta_k

    x0, xk: (B, ...); k: (B,) in 1..T. `schedule.alpha_bar_previous` is the table of
    alpha_bar_(k-1), `posterior_variance(schedule)` the table of var. Returns two
    tensors: mean, like `x0`, and var, (B, 1, .., 1). At k = 1 they are x0 and 0.
    """
    beta, alpha_bar = schedule.beta, schedule.alpha_bar
    previous = schedule.alpha_bar_previous
    weight_x0 = previous.sqrt() * beta / (1 - alpha_bar)
    weight_xk = (1 - beta).sqrt() * (1 - previous) / (1 - alpha_bar)
    mean = at(weight_x0, k, x0) * x0 + at(weight_xk, k, x0) * xk
    return mean, at(posterior_variance(schedule), k, x0)


def gaussian_kl(mean_q: Tensor, var_q: Tensor, mean_p: Tensor, var_p: Tensor) -> Tensor:
    """KL divergence KL(q || p) between two diagonal Gaussians, in nats, per sample.

    Each dimension contributes

        1/2 * ( log(var_p / var_q) + (var_q + (mean_q - mean_p)^2) / var_p - 1 )

    and the contributions of all dimensions but the first (the batch) are added up.

    mean_q, mean_p: (B, ...). var_q, var_p: positive, of the same shape or broadcastable
    to it, such as (B, 1, .., 1): a shared variance still counts once per dimension.
    Returns (B,).
    """
    spread = (var_q + (mean_q - mean_p) ** 2) / var_p
    per_dimension = 0.5 * (torch.log(var_p / var_q) + spread - 1)
    return per_dimension.flatten(start_dim=1).sum(dim=1)


def loss_simple(
    model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
) -> Tensor:
    """The training loss L_simple: how well the network guesses the noise.

    Noise the data to step k with `eps`, show the result to the network together with
    its time t = k / T (`as_time`), and average the squared error over everything:

        mean( (eps - model(x_k, t))^2 )

    (Ho et al. 2020, eq. 14.) model(xt, t) -> eps_hat; x0, eps: (B, ...); k: (B,) in
    1..T. Returns a scalar that gradients can flow from.
    """
    xk = q_sample(x0, k, eps, schedule)
    eps_hat = model(xk, as_time(k, x0, schedule))
    return ((eps - eps_hat) ** 2).mean()


def reverse_variance(schedule: Schedule, variance: VarianceKind = "beta") -> Tensor:
    """The variance sigma_k^2 of each learnt reverse step; shape (T + 1,), float64.

    "beta" and "posterior" (beta_tilde) are the two choices of Ho et al. 2020, section
    3.2. Entries 0 and 1 are 0: the step that arrives at data adds no noise.
    Raises ValueError for another choice.
    """
    if variance not in ("beta", "posterior"):
        raise ValueError(f"variance is {variance!r}: use 'beta' or 'posterior'")
    table = schedule.beta if variance == "beta" else posterior_variance(schedule)
    return torch.cat([table.new_zeros(2), table[2:]])


def ancestral_step(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    noise: Tensor,
    schedule: Schedule,
    variance: VarianceKind = "beta",
) -> Tensor:
    """Take one learnt step back, from k to k - 1 (Ho et al. 2020, Algorithm 2).

        x_(k-1) = ( x_k - beta_k / sqrt(1 - alpha_bar_k) * eps_hat ) / sqrt(1 - beta_k)
                + sigma_k * noise

    sigma_k^2 is beta_k for variance="beta" and beta_tilde_k for variance="posterior";
    at k = 1 nothing is added. `reverse_variance(schedule, variance)` is that table.

    xk, eps_hat, noise: (B, ...), the noise standard normal; k: (B,) in 1..T. Returns
    x_(k-1), like `xk`.
    """
    remove = at(schedule.beta / (1 - schedule.alpha_bar).sqrt(), k, xk)
    shrink = at((1 - schedule.beta).sqrt(), k, xk)
    sigma = at(reverse_variance(schedule, variance).sqrt(), k, xk)
    return (xk - remove * eps_hat) / shrink + sigma * noise


def ddim_sigma(k: Tensor, k_next: Tensor, schedule: Schedule, eta: float) -> Tensor:
    """The noise level of a DDIM step from k to k_next (Song et al. 2021, DDIM, eq. 16).

        sigma = eta * sqrt( (1 - alpha_bar_next) / (1 - alpha_bar_k) )
                    * sqrt( 1 - alpha_bar_k / alpha_bar_next )

    Returns (B,), float64. For k_next = k - 1 and eta = 1 its square is beta_tilde_k.
    """
    now, nxt = pick(schedule.alpha_bar, k), pick(schedule.alpha_bar, k_next)
    return eta * ((1 - nxt) / (1 - now)).sqrt() * (1 - now / nxt).sqrt()


def ddim_step(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    k_next: Tensor,
    noise: Tensor,
    schedule: Schedule,
    eta: float,
) -> Tensor:
    """Step back from k to any earlier k_next (Song et al. 2021, DDIM, eq. 12).

    Guess x0, then noise the guess again to level k_next, reusing the estimated noise
    for one part and fresh noise for the other:

        x_next = sqrt(alpha_bar_next) * x0_hat
               + sqrt(1 - alpha_bar_next - sigma^2) * eps_hat
               + sigma * noise

    with x0_hat = `predict_x0` and sigma = `ddim_sigma(k, k_next, schedule, eta)`.
    eta = 0 is deterministic; eta = 1 adds as much as DDPM with variance="posterior".

    xk, eps_hat, noise: (B, ...); k, k_next: (B,), 0 <= k_next < k <= T. Returns x_next,
    like `xk`; for k_next = 0 that is x0_hat itself.
    """
    x0_hat = predict_x0(xk, eps_hat, k, schedule)
    alpha_bar = pick(schedule.alpha_bar, k_next)
    sigma = ddim_sigma(k, k_next, schedule, eta)
    reuse = (1 - alpha_bar - sigma**2).clamp(min=0).sqrt()  # rounding can dip below 0
    guess = expand_as(alpha_bar.sqrt(), xk) * x0_hat
    return guess + expand_as(reuse, xk) * eps_hat + expand_as(sigma, xk) * noise
