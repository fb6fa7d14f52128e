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

Pair = tuple[Tensor, Tensor]


def linear_list(num_steps: int, rescale: bool = False) -> Tensor:
    factor = 1000 / num_steps if rescale else 1
    beta = [min(factor * b, 0.999) for b in np.linspace(1e-4, 0.02, num_steps)]
    return torch.tensor(beta, dtype=torch.float64)


def double_angle(num_steps: int, offset: float = 0.008) -> Tensor:
    k = np.arange(num_steps + 1)
    f = 0.5 + 0.5 * np.cos((k / num_steps + offset) * math.pi / (1 + offset))
    return torch.from_numpy(f / f[0])


def step_loop(x: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    beta = schedule.beta.numpy()[k.numpy()]
    rows = zip(np.sqrt(1 - beta), x, np.sqrt(beta), eps, strict=True)
    return torch.stack([row * keep + noise * add for keep, row, add, noise in rows])


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
    mean, var = x0.clone(), x0.new_zeros(len(x0), *[1] * (x0.ndim - 1))
    for i, step in enumerate(k.tolist()):
        beta, share = schedule.beta[step].item(), schedule.alpha_bar[step - 1].item()
        if step > 1:
            var[i] = 1 / ((1 - beta) / beta + 1 / (1 - share))
            pull = (1 - beta) ** 0.5 / beta * xk[i] + share**0.5 / (1 - share) * x0[i]
            mean[i] = var[i] * pull
    return mean, var


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
    num_steps, draws = schedule.num_steps, list(eps)
    table = torch.empty(len(x0), num_steps + 1, dtype=x0.dtype)
    table[:, -1] = prior_kl(x0, schedule)
    for step in range(num_steps, 0, -1):
        k = torch.full((len(x0),), step)
        xk = q_sample(x0, k, draws[step - 1], schedule)
        off = (x0 - predict_x0(xk, model(xk, k / num_steps), k, schedule)).flatten(1)
        share, before = schedule.alpha_bar[step], schedule.alpha_bar[step - 1]
        beta = schedule.beta[step]
        exact = (1 - before) * beta / (1 - share)
        var = beta if step == 1 or variance == "beta" else exact
        constant = (var / exact).log() + exact / var - 1
        if step == 1:
            constant = (2 * math.pi * beta).log()
        gap = (beta / (1 - share)) ** 2 * before / var * off.square().sum(1)
        table[:, step - 1] = (gap + off.shape[1] * constant) / 2
    return table


def embedding_complex(t: Tensor, dim: int) -> Tensor:
    if dim != 2 * (dim // 2):
        raise ValueError("odd")
    frequency = torch.logspace(0, -4, dim // 2 + 1, dtype=torch.float64)[:-1]
    turn = torch.polar(
        torch.ones(1, dim // 2).double(), 1000 * torch.outer(t.double(), frequency)
    )
    return torch.cat([turn.real, turn.imag], dim=1).to(t.dtype)


def embedding_single(t: Tensor, dim: int) -> Tensor:
    """Frequencies in float32, as most people write it."""
    if dim % 2 == 1:
        raise ValueError
    frequency = torch.exp(torch.arange(dim // 2) * (-math.log(10_000) / (dim // 2)))
    angle = torch.einsum("b,f->bf", t.to(torch.float32) * 1000, frequency)
    return torch.cat((torch.cos(angle), torch.sin(angle)), -1).to(t.dtype)


def functional(
    model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
) -> Tensor:
    """With k / T in float32."""
    guess = model(q_sample(x0, k, eps, schedule), k / schedule.num_steps)
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


def ancestral_loop(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    noise: Tensor,
    schedule: Schedule,
    variance: VarianceKind = "beta",
) -> Tensor:
    """Through x0 and its posterior, sample by sample; no noise is used at k = 1."""
    x0, rows = predict_x0(xk, eps_hat, k, schedule), []
    for i, step in enumerate(k):
        one = slice(i, i + 1)
        row, var = q_posterior(x0[one], xk[one], k[one], schedule)
        if step > 1:
            var = schedule.beta[step] if variance == "beta" else var
            row = row + var.sqrt() * noise[i]
        rows.append(row)
    return torch.cat(rows)


def rescaled(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    k_next: Tensor,
    noise: Tensor,
    schedule: Schedule,
    eta: float,
) -> Tensor:
    """x0_hat is never formed: each x_k is rescaled and its noise exchanged."""
    share, rows = schedule.alpha_bar.tolist(), []
    for i, (j, n) in enumerate(zip(k.tolist(), k_next.tolist(), strict=True)):
        var = eta**2 * (1 - share[n]) / (1 - share[j]) * (1 - share[j] / share[n])
        scale = (share[n] / share[j]) ** 0.5
        onward = max(1 - share[n] - var, 0.0) ** 0.5 - scale * (1 - share[j]) ** 0.5
        rows.append(scale * xk[i] + onward * eps_hat[i] + var**0.5 * noise[i])
    return torch.stack(rows)


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
) -> list[Tensor]:
    """Other noise than the reference's, and as good; and a list."""
    shape, states = (len(ks) - 1, *x.shape), [x]
    noises = torch.randn(shape, dtype=x.dtype, generator=generator)
    for noise, (now, nxt) in zip(noises.flip(0), pairwise(ks), strict=True):
        x, k, k_next = states[-1], everywhere(now, x), everywhere(nxt, x)
        eps_hat = model(x, as_time(k, x, schedule))
        states.append(ddim_step(x, eps_hat, k, k_next, noise, schedule, eta))
    return states


def bits_numpy(nats: Tensor, dims: int) -> Tensor:
    return torch.from_numpy(nats.numpy() * np.log2(np.e) / dims)


RIGHT = {
    "01.1": (linear_list,),
    "01.2": (double_angle,),
    "01.3": (step_loop,),
    "01.4": (jump_angles, jump_loop),
    "01.5": (precisions, through_eps),
    "01.6": (distributions, log_deviations),
    "01.7": (terms_backwards,),
    "01.8": (embedding_complex, embedding_single),
    "01.9": (functional, mean_of_means),
    "01.10": (by_ratio,),
    "01.11": (ancestral_loop,),
    "01.12": (rescaled,),
    "01.13": (recursive, all_noise_first),
    "01.27": (bits_numpy,),
}
