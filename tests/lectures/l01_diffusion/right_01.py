"""Right versions of lecture 1's exercises in other styles: each must pass."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from coursekit.theory.ddpm import (
    Model,
    VarianceKind,
    as_time,
    at,
    ddim_step,
    posterior_variance,
    predict_x0,
    q_posterior,
    q_sample,
)
from coursekit.theory.ddpm_samplers import everywhere
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.elbo import prior_kl
from coursekit.theory.noise import fresh_noise

Pair = tuple[Tensor, Tensor]


def linear_list(num_steps: int, rescale: bool = False) -> Tensor:
    factor = 1000 / num_steps if rescale else 1
    beta = [
        min(factor * (1e-4 * (num_steps - 1 - i) + 0.02 * i) / (num_steps - 1), 0.999)
        for i in range(num_steps)
    ]
    return torch.tensor(beta, dtype=torch.float64)


def linear_numpy(num_steps: int, rescale: bool = False) -> Tensor:
    beta = np.linspace(1e-4, 0.02, num_steps)
    if rescale:
        beta = np.minimum(beta / num_steps * 1000, 0.999)
    return torch.from_numpy(beta)


def double_angle(num_steps: int, offset: float = 0.008) -> Tensor:
    k = np.arange(num_steps + 1)
    f = 0.5 + 0.5 * np.cos((k / num_steps + offset) * math.pi / (1 + offset))
    return torch.from_numpy(f / f[0])


def cosine_list(num_steps: int, offset: float = 0.008) -> Tensor:
    right = math.pi / 2 / (1 + offset)
    start = math.cos(offset * right)
    values = [
        (math.cos((k / num_steps + offset) * right) / start) ** 2
        for k in range(num_steps + 1)
    ]
    return torch.tensor(values, dtype=torch.float64)


def step_loop(x: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    rows = []
    for i in range(len(x)):
        beta = float(schedule.beta[k[i]])
        rows.append(math.sqrt(1 - beta) * x[i] + math.sqrt(beta) * eps[i])
    return torch.stack(rows)


def step_numpy(x: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    beta = schedule.beta.numpy()[k.numpy()].reshape(-1, *[1] * (x.ndim - 1))
    result = np.sqrt(1 - beta) * x.numpy() + np.sqrt(beta) * eps.numpy()
    return torch.from_numpy(result).to(x.dtype)


def jump_angles(x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    """Powers instead of roots, einsum instead of broadcasting, angles throughout."""
    angle = torch.acos(schedule.alpha_bar[k] ** 0.5).to(x0.dtype)
    return torch.einsum("b,b...->b...", angle.cos(), x0) + torch.einsum(
        "b,b...->b...", angle.sin(), eps
    )


def jump_loop(x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    out = torch.empty_like(x0)
    for i, step in enumerate(k.tolist()):
        share = math.prod((1 - schedule.beta[1 : step + 1]).tolist())
        out[i] = math.sqrt(share) * x0[i] + math.sqrt(1 - share) * eps[i]
    return out


def precisions(x0: Tensor, xk: Tensor, k: Tensor, schedule: Schedule) -> Pair:
    """Sum of precisions, sample by sample; at k = 1 the answer is known."""
    means, variances = [], []
    for i, step in enumerate(k.tolist()):
        beta, share = schedule.beta[step].item(), schedule.alpha_bar[step - 1].item()
        if step == 1:
            means.append(x0[i])
            variances.append(0.0)
            continue
        var = 1 / ((1 - beta) / beta + 1 / (1 - share))
        pull = (1 - beta) ** 0.5 / beta * xk[i] + share**0.5 / (1 - share) * x0[i]
        means.append(var * pull)
        variances.append(var)
    shape = (-1, *[1] * (x0.ndim - 1))
    return torch.stack(means), torch.tensor(variances, dtype=x0.dtype).reshape(shape)


def through_eps(x0: Tensor, xk: Tensor, k: Tensor, schedule: Schedule) -> Pair:
    """Through the noise that x0 and xk imply."""
    b, s = at(schedule.beta, k, x0), at(schedule.alpha_bar, k, x0)
    eps = (xk - s**0.5 * x0) / (1 - s) ** 0.5
    mean = (xk - b / (1 - s) ** 0.5 * eps) / (1 - b) ** 0.5
    return mean, at(posterior_variance(schedule), k, x0)


def distributions(
    mean_q: Tensor, var_q: Tensor, mean_p: Tensor, var_p: Tensor
) -> Tensor:
    q = torch.distributions.Normal(mean_q, var_q.sqrt().expand_as(mean_q))
    p = torch.distributions.Normal(mean_p, var_p.sqrt().expand_as(mean_p))
    found: Tensor = torch.distributions.kl_divergence(q, p)
    return found.sum(dim=tuple(range(1, mean_q.ndim)))


def log_deviations(
    mean_q: Tensor, var_q: Tensor, mean_p: Tensor, var_p: Tensor
) -> Tensor:
    log_ratio = 0.5 * var_q.log() - 0.5 * var_p.log()
    gap = (mean_q - mean_p) / var_p.sqrt()
    total = -log_ratio + 0.5 * torch.expm1(2 * log_ratio) + 0.5 * gap * gap
    return torch.stack([row.sum() for row in total])


def terms_backwards(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    eps: Iterable[Tensor],
    variance: VarianceKind = "beta",
) -> Tensor:
    """The squared distance of the means, written into a table from the end."""
    num_steps = schedule.num_steps
    table = torch.empty(len(x0), num_steps + 1, dtype=x0.dtype)
    table[:, -1] = prior_kl(x0, schedule)
    draws = list(eps)
    for step in range(num_steps, 0, -1):
        k = torch.full((len(x0),), step)
        xk = q_sample(x0, k, draws[step - 1], schedule)
        x0_hat = predict_x0(xk, model(xk, k / num_steps), k, schedule)
        share, before = schedule.alpha_bar[step], schedule.alpha_bar[step - 1]
        beta = schedule.beta[step]
        gap = (beta * before**0.5 / (1 - share) * (x0 - x0_hat)).flatten(1)
        exact = (1 - before) * beta / (1 - share)
        var = beta if step == 1 or variance == "beta" else exact
        table[:, step - 1] = gap.square().sum(1) / (2 * var)
        if step == 1:
            constant = (2 * math.pi * beta).log()
        else:
            constant = (var / exact).log() + exact / var - 1
        table[:, step - 1] += gap.shape[1] / 2 * constant
    return table


def embedding_complex(t: Tensor, dim: int) -> Tensor:
    frequency = torch.logspace(0, -4, dim // 2 + 1, dtype=torch.float64)[:-1]
    turn = torch.polar(
        torch.ones(1, dim // 2).double(), 1000 * torch.outer(t.double(), frequency)
    )
    return torch.cat([turn.real, turn.imag], dim=1).to(t.dtype)


def embedding_numpy(t: Tensor, dim: int) -> Tensor:
    half = dim // 2
    rate = np.exp(-np.log(10_000) * np.arange(half) / half)
    angle = t.numpy().reshape(-1, 1) * 1000 * rate
    return torch.tensor(np.hstack([np.cos(angle), np.sin(angle)]), dtype=t.dtype)


def embedding_single(t: Tensor, dim: int) -> Tensor:
    """Frequencies in float32, as most people write it."""
    frequency = torch.exp(torch.arange(dim // 2) * (-math.log(10_000) / (dim // 2)))
    angle = torch.einsum("b,f->bf", t.to(torch.float32) * 1000, frequency)
    return torch.cat((torch.cos(angle), torch.sin(angle)), -1).to(t.dtype)


def functional(
    model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
) -> Tensor:
    """With k / T in float32."""
    share = schedule.alpha_bar[k].to(x0.dtype)
    share = share[(...,) + (None,) * (x0.ndim - 1)]
    guess = model(share.sqrt() * x0 + (1 - share).sqrt() * eps, k / schedule.num_steps)
    return torch.nn.functional.mse_loss(guess, eps)


def mean_of_means(
    model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
) -> Tensor:
    t = k.double() / (len(schedule.beta) - 1)
    off = (model(q_sample(x0, k, eps, schedule), t) - eps).flatten(1)
    return off.square().mean(dim=1).sum() / len(x0)


def by_ratio(xk: Tensor, eps: Tensor, k: Tensor, schedule: Schedule) -> Tensor:
    """The signal-to-noise ratio, sample by sample."""
    share = schedule.alpha_bar[k]
    inverse, ratio = share.rsqrt(), (1 / share - 1).sqrt()
    back = [a * x - b * e for a, b, x, e in zip(inverse, ratio, xk, eps, strict=True)]
    return torch.stack(back).to(xk.dtype)


def through_x0(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    noise: Tensor,
    schedule: Schedule,
    variance: VarianceKind = "beta",
) -> Tensor:
    mean, var = q_posterior(predict_x0(xk, eps_hat, k, schedule), xk, k, schedule)
    if variance == "beta":
        var = at(schedule.beta, k, xk)
    fresh = torch.where(at(torch.arange(len(schedule.beta)), k, xk) == 1, 0.0, noise)
    return mean + var.sqrt() * fresh


def ancestral_loop(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    noise: Tensor,
    schedule: Schedule,
    variance: VarianceKind = "beta",
) -> Tensor:
    rows = []
    for i, step in enumerate(k.tolist()):
        beta, share = schedule.beta[step].item(), schedule.alpha_bar[step].item()
        row = (xk[i] - beta * (1 - share) ** -0.5 * eps_hat[i]) * (1 - beta) ** -0.5
        if step > 1:
            before = schedule.alpha_bar[step - 1].item()
            var = beta if variance == "beta" else beta * (1 - before) / (1 - share)
            row = row + var**0.5 * noise[i]
        rows.append(row)
    return torch.stack(rows)


def ddim_loop(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    k_next: Tensor,
    noise: Tensor,
    schedule: Schedule,
    eta: float,
) -> Tensor:
    share, rows = schedule.alpha_bar.tolist(), []
    for i, (j, n) in enumerate(zip(k.tolist(), k_next.tolist(), strict=True)):
        var = eta**2 * (1 - share[n]) / (1 - share[j]) * (1 - share[j] / share[n])
        x0_hat = (xk[i] - (1 - share[j]) ** 0.5 * eps_hat[i]) / share[j] ** 0.5
        onward = max(1 - share[n] - var, 0.0) ** 0.5 * eps_hat[i]
        rows.append(share[n] ** 0.5 * x0_hat + onward + var**0.5 * noise[i])
    return torch.stack(rows)


def rescaled(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    k_next: Tensor,
    noise: Tensor,
    schedule: Schedule,
    eta: float,
) -> Tensor:
    """x0_hat is never formed: x_k is rescaled and its noise exchanged.

    The variance of eta = 1 is that of q_posterior in the chain with two levels only.
    """
    now, nxt = schedule.alpha_bar[k], schedule.alpha_bar[k_next]
    beta = torch.stack([now * 0, 1 - nxt, 1 - now / nxt])
    alpha_bar = torch.stack([now**0, nxt, now])
    variances = []
    for two in map(Schedule, beta.T, alpha_bar.T):
        _, var = q_posterior(xk[:1], xk[:1], torch.tensor([2]), two)
        variances.append(eta**2 * var.double().flatten())
    a, b, c = (
        v.reshape(-1, *[1] * (xk.ndim - 1)) for v in (now, nxt, torch.cat(variances))
    )
    scale = (b / a).sqrt()
    onward = (1 - b - c).clamp(min=0).sqrt() - scale * (1 - a).sqrt()
    return (scale * xk + onward * eps_hat + c.sqrt() * noise).to(xk.dtype)


def as_list(
    model: Model,
    x: Tensor,
    ks: Sequence[int],
    schedule: Schedule,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> list[Tensor]:
    """The noise is drawn before the network is asked."""
    states = [x]
    for now, nxt in pairwise(ks):
        state, noise = states[-1], fresh_noise(x, generator)
        k, k_next = everywhere(now, x), everywhere(nxt, x)
        eps_hat = model(state, as_time(k, x, schedule))
        states.append(ddim_step(state, eps_hat, k, k_next, noise, schedule, eta))
    return states


def recursive(
    model: Model,
    x: Tensor,
    ks: Sequence[int],
    schedule: Schedule,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """A generator that hands the rest of the walk to itself."""
    yield x
    if len(ks) > 1:
        k = torch.tensor([ks[0]] * len(x))
        noise = torch.randn(x.shape, dtype=x.dtype, generator=generator)
        eps_hat = model(x, k / schedule.num_steps)
        k_next = torch.full_like(k, ks[1])
        x = ddim_step(x, eps_hat, k, k_next, noise, schedule, eta)
        yield from recursive(model, x, ks[1:], schedule, eta, generator)


def all_noise_first(
    model: Model,
    x: Tensor,
    ks: Sequence[int],
    schedule: Schedule,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Other noise than the reference's, and as good."""
    shape = (len(ks) - 1, *x.shape)
    noises = torch.randn(shape, dtype=x.dtype, generator=generator)
    yield x
    for noise, (now, nxt) in zip(noises.flip(0), pairwise(ks), strict=True):
        k, k_next = everywhere(now, x), everywhere(nxt, x)
        eps_hat = model(x, as_time(k, x, schedule))
        x = ddim_step(x, eps_hat, k, k_next, noise, schedule, eta)
        yield x


def log2_of_e(nats: Tensor, dims: int) -> Tensor:
    return nats * math.log2(math.e) / dims


def bits_numpy(nats: Tensor, dims: int) -> Tensor:
    return torch.from_numpy(nats.numpy() / np.log(2.0) / dims)


RIGHT = {
    "01.1": (linear_list, linear_numpy),
    "01.2": (double_angle, cosine_list),
    "01.3": (step_loop, step_numpy),
    "01.4": (jump_angles, jump_loop),
    "01.5": (precisions, through_eps),
    "01.6": (distributions, log_deviations),
    "01.7": (terms_backwards,),
    "01.8": (embedding_complex, embedding_numpy, embedding_single),
    "01.9": (functional, mean_of_means),
    "01.10": (by_ratio,),
    "01.11": (through_x0, ancestral_loop),
    "01.12": (ddim_loop, rescaled),
    "01.13": (as_list, recursive, all_noise_first),
    "01.14": (log2_of_e, bits_numpy),
}
