"""How tight is the bound of a DDPM, when the network is as good as it can be?

On a mixture everything is known: log p(x0), the best network, and the exact reverse
step. What is left between the bound and the truth is the price of the chain itself,
of its Gaussian steps and of its finite length.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_eps_model, lopsided
from coursekit.experiments.summary import mean
from coursekit.theory.ddpm import (
    as_time,
    at,
    gaussian_kl,
    predict_x0,
    q_posterior,
    q_sample,
    q_step,
)
from coursekit.theory.ddpm_samplers import everywhere
from coursekit.theory.ddpm_schedule import Schedule, make_schedule
from coursekit.theory.elbo import elbo_terms, gaussian_nll, learnt_variance
from coursekit.theory.noise import fresh_noise

KINDS = ("linear", "linear-short", "cosine")


def with_error(name: str, values: Tensor) -> dict[str, float]:
    """The mean over samples, and its standard error as `{name}_error`."""
    error = values.std() / math.sqrt(len(values))
    return {name: float(values.mean()), f"{name}_error": float(error)}


def learnt_step(
    mixture: Mixture, xk: Tensor, k: Tensor, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    """Mean and variance of p(x_(k-1) | x_k) with the best network and variance beta."""
    eps_hat = exact_eps_model(mixture, schedule)(xk, as_time(k, xk, schedule))
    x0_hat = predict_x0(xk, eps_hat, k, schedule)
    centre, _ = q_posterior(x0_hat, xk, k, schedule)
    return centre, at(learnt_variance(schedule), k, xk)


def step_gaps(
    mixture: Mixture, schedule: Schedule, num_samples: int, generator: torch.Generator
) -> Tensor:
    """What each step costs the bound, per sample: shape (num_samples, T + 1), nats.

    Walk the noising chain x_0, x_1, .., x_T. Column k - 1 holds
    log q(x_(k-1) | x_k) - log p(x_(k-1) | x_k), column T holds log q(x_T) - log N(x_T).
    In expectation each is a KL divergence, and their sum is log p(x0) minus the bound.
    Both logarithms see the same point, so nearly all of the noise cancels: this is the
    sharp way to measure the gap, but it needs the exact law of every x_k.
    """
    x, gaps = mixture.sample(num_samples, generator), []
    log_q = mixture.log_prob(x)
    for step in range(1, schedule.num_steps + 1):
        k = everywhere(step, x)
        ahead = q_step(x, k, fresh_noise(x, generator), schedule)
        alpha_bar = float(schedule.alpha_bar[step])
        law = mixture.noised(math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar))
        log_q_ahead = law.log_prob(ahead)
        centre = at((1 - schedule.beta).sqrt(), k, x) * x
        forward = -gaussian_nll(ahead, centre, at(schedule.beta, k, x))
        reverse = -gaussian_nll(x, *learnt_step(mixture, ahead, k, schedule))
        gaps.append(forward + log_q - log_q_ahead - reverse)
        x, log_q = ahead, log_q_ahead
    log_prior = -gaussian_nll(x, torch.zeros_like(x), torch.ones_like(x))
    return torch.stack([*gaps, log_q - log_prior], dim=1)


def terms_and_gaps(
    mixture: Mixture, schedule: Schedule, num_samples: int, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """x0 (N, D), the terms of the negative bound (N, T + 1), and `step_gaps`."""
    generator = torch.Generator().manual_seed(seed)
    x0 = mixture.sample(num_samples, generator)
    eps = (fresh_noise(x0, generator) for _ in range(schedule.num_steps))
    terms = elbo_terms(exact_eps_model(mixture, schedule), x0, schedule, eps)
    return x0, terms, step_gaps(mixture, schedule, num_samples, generator)


def one_setting(
    mixture: Mixture, schedule: Schedule, num_samples: int, seed: int
) -> dict[str, float]:
    """log p(x0), the bound and the gap between them, two ways, for one seed."""
    x0, terms, gaps = terms_and_gaps(mixture, schedule, num_samples, seed)
    bound, log_prob = -terms.sum(1), mixture.log_prob(x0)
    return {
        "log_prob": float(log_prob.mean()),
        "elbo": float(bound.mean()),
        **with_error("gap_by_difference", log_prob - bound),
        **with_error("gap", gaps.sum(1)),
        "gap_prior": float(gaps[:, -1].mean()),
    }


def term_table(
    mixture: Mixture, schedule: Schedule, num_samples: int, seed: int
) -> list[dict[str, Any]]:
    """Every term of the bound at one setting, its error, and its share of the gap."""
    _, terms, gaps = terms_and_gaps(mixture, schedule, num_samples, seed)
    rows: list[dict[str, Any]] = []
    for i, gap in enumerate(gaps.mean(0).tolist()):
        nats, error = with_error("nats", terms[:, i]).values()
        rows.append({"term": f"L_{i}", "nats": nats, "error": error, "gap": gap})
    return rows


def monte_carlo_terms(
    mixture: Mixture,
    schedule: Schedule,
    ks: Sequence[int],
    num_samples: int,
    seed: int,
) -> list[dict[str, float]]:
    """L_(k-1) by the closed-form KL and by sampling x_(k-1) from the exact posterior.

    Both use the same x_k and agree on average; the sampled log ratio is noisier, which
    is why Ho et al. 2020 (section 2) prefer the closed form.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = []
    for step in ks:
        x0 = mixture.sample(num_samples, generator)
        k = everywhere(step, x0)
        eps, z = torch.randn(2, *x0.shape, generator=generator, dtype=x0.dtype)
        xk = q_sample(x0, k, eps, schedule)
        mean_q, var_q = q_posterior(x0, xk, k, schedule)
        mean_p, var_p = learnt_step(mixture, xk, k, schedule)
        x = mean_q + var_q.sqrt() * z
        sampled = gaussian_nll(x, mean_p, var_p) - gaussian_nll(x, mean_q, var_q)
        closed = gaussian_kl(mean_q, var_q, mean_p, var_p)
        rows.append(
            {
                "k": float(step),
                **with_error("closed_form", closed),
                **with_error("monte_carlo", sampled),
                **with_error("difference", sampled - closed),
            }
        )
    return rows


def elbo_gap(
    num_samples: int = 2000,
    seeds: Sequence[int] = (0, 1, 2),
    kinds: Sequence[str] = KINDS,
    steps: Sequence[int] = (10, 50, 200, 1000),
    quick: bool = False,
) -> dict[str, Any]:
    """The gap between log p(x0) and the bound, by schedule and chain length, in nats.

    Keys: "rows" (one per kind, T and seed), flat "gap_KIND_T", "gap_std_KIND_T" (over
    seeds), "elbo_KIND_T", "log_prob", "gap_min", "gap_max"; "terms" and "monte_carlo"
    at the cosine schedule with 20 steps. Hyphens in kinds become underscores.
    """
    if quick:
        num_samples, steps = min(num_samples, 500), steps[:2]
    mixture, rows = lopsided(), []
    means: dict[str, float] = {}
    gaps: dict[str, float] = {}
    for kind, num_steps in itertools.product(kinds, steps):
        schedule = make_schedule(kind, num_steps)  # type: ignore[arg-type]
        runs = [one_setting(mixture, schedule, num_samples, s) for s in seeds]
        for seed, run in zip(seeds, runs, strict=True):
            rows.append({"kind": kind, "steps": num_steps, "seed": seed, **run})
        name = f"{kind.replace('-', '_')}_{num_steps}"
        found = torch.tensor([run["gap"] for run in runs])
        gaps[f"gap_{name}"] = float(found.mean())
        means[f"gap_std_{name}"] = float(found.std()) if len(runs) > 1 else 0.0
        means[f"elbo_{name}"] = mean([run["elbo"] for run in runs])
    short, many = make_schedule("cosine", 20), 10 * num_samples
    exact = mixture.sample(200_000, torch.Generator().manual_seed(0))
    return {
        "dims": 2,
        "num_samples": num_samples,
        "log_prob": float(mixture.log_prob(exact).mean()),
        "gap_min": min(gaps.values()),
        "gap_max": max(gaps.values()),
        **gaps,
        **means,
        "rows": rows,
        "terms": term_table(mixture, short, many, seeds[0]),
        "monte_carlo": monte_carlo_terms(
            mixture, short, (2, 5, 10, 15, 20), many, seeds[0]
        ),
    }
