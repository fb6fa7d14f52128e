"""How tight is the bound of a DDPM, when the network is as good as it can be?

On a mixture everything is known: log p(x0), the best network, and the exact reverse
step. What is left between the bound and the truth is the price of the chain itself,
of its Gaussian steps and of its finite length.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_eps_model, lopsided
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

KINDS = ("linear", "linear-short", "cosine")


def mean_and_error(values: Tensor) -> tuple[float, float]:
    """The mean over samples and its standard error."""
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))


def learnt_step(
    mixture: Mixture, xk: Tensor, k: Tensor, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    """Mean and variance of p(x_(k-1) | x_k) with the best network and variance beta."""
    eps_hat = exact_eps_model(mixture, schedule)(xk, as_time(k, xk, schedule))
    x0_hat = predict_x0(xk, eps_hat, k, schedule)
    mean, _ = q_posterior(x0_hat, xk, k, schedule)
    return mean, at(learnt_variance(schedule), k, xk)


def step_gaps(
    mixture: Mixture,
    schedule: Schedule,
    num_samples: int,
    generator: torch.Generator,
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
        noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        ahead = q_step(x, k, noise, schedule)
        alpha_bar = float(schedule.alpha_bar[step])
        law = mixture.noised(math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar))
        log_q_ahead = law.log_prob(ahead)
        mean = at((1 - schedule.beta).sqrt(), k, x) * x
        forward = -gaussian_nll(ahead, mean, at(schedule.beta, k, x))
        reverse = -gaussian_nll(x, *learnt_step(mixture, ahead, k, schedule))
        gaps.append(forward + log_q - log_q_ahead - reverse)
        x, log_q = ahead, log_q_ahead
    log_prior = -gaussian_nll(x, torch.zeros_like(x), torch.ones_like(x))
    return torch.stack([*gaps, log_q - log_prior], dim=1)


def one_setting(
    mixture: Mixture, schedule: Schedule, num_samples: int, seed: int
) -> dict[str, float]:
    """log p(x0), the bound and the gap between them, two ways, for one seed."""
    generator = torch.Generator().manual_seed(seed)
    x0 = mixture.sample(num_samples, generator)
    model = exact_eps_model(mixture, schedule)
    eps = (
        torch.randn(x0.shape, generator=generator, dtype=x0.dtype)
        for _ in range(schedule.num_steps)
    )
    bound = -elbo_terms(model, x0, schedule, eps).sum(1)
    log_prob = mixture.log_prob(x0)
    plain, plain_error = mean_and_error(log_prob - bound)
    sharp = step_gaps(mixture, schedule, num_samples, generator)
    gap, gap_error = mean_and_error(sharp.sum(1))
    return {
        "log_prob": float(log_prob.mean()),
        "elbo": float(bound.mean()),
        "gap_by_difference": plain,
        "gap_by_difference_error": plain_error,
        "gap": gap,
        "gap_error": gap_error,
        "gap_prior": float(sharp[:, -1].mean()),
    }


def term_table(
    mixture: Mixture, schedule: Schedule, num_samples: int, seed: int
) -> list[dict[str, Any]]:
    """Every term of the bound at one setting, its error, and its share of the gap."""
    generator = torch.Generator().manual_seed(seed)
    x0 = mixture.sample(num_samples, generator)
    eps = torch.randn(
        schedule.num_steps, *x0.shape, generator=generator, dtype=x0.dtype
    )
    terms = elbo_terms(exact_eps_model(mixture, schedule), x0, schedule, eps)
    wasted = step_gaps(mixture, schedule, num_samples, generator).mean(0)
    rows: list[dict[str, Any]] = []
    for column in range(schedule.num_steps + 1):
        mean, error = mean_and_error(terms[:, column])
        name = f"L_{column}"
        rows.append(
            {"term": name, "nats": mean, "error": error, "gap": float(wasted[column])}
        )
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
        row = {"k": float(step)}
        row["closed_form"], row["closed_form_error"] = mean_and_error(closed)
        row["monte_carlo"], row["monte_carlo_error"] = mean_and_error(sampled)
        row["difference"], row["difference_error"] = mean_and_error(sampled - closed)
        rows.append(row)
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
    flat: dict[str, float] = {}
    for kind in kinds:
        for num_steps in steps:
            schedule = make_schedule(kind, num_steps)  # type: ignore[arg-type]
            runs = [one_setting(mixture, schedule, num_samples, s) for s in seeds]
            rows += [
                {"kind": kind, "steps": num_steps, "seed": seed, **run}
                for seed, run in zip(seeds, runs, strict=True)
            ]
            name = f"{kind.replace('-', '_')}_{num_steps}"
            gaps = torch.tensor([run["gap"] for run in runs])
            flat[f"gap_{name}"] = float(gaps.mean())
            flat[f"gap_std_{name}"] = float(gaps.std()) if len(gaps) > 1 else 0.0
            flat[f"elbo_{name}"] = sum(run["elbo"] for run in runs) / len(runs)
    short = make_schedule("cosine", 20)
    generator = torch.Generator().manual_seed(0)
    log_prob = mixture.log_prob(mixture.sample(200_000, generator)).mean()
    gaps_only = [
        v for key, v in flat.items() if key.startswith("gap_") and "std" not in key
    ]
    return {
        "dims": 2,
        "num_samples": num_samples,
        "log_prob": float(log_prob),
        "gap_min": min(gaps_only),
        "gap_max": max(gaps_only),
        **flat,
        "rows": rows,
        "terms": term_table(mixture, short, 10 * num_samples, seeds[0]),
        "monte_carlo": monte_carlo_terms(
            mixture, short, (2, 5, 10, 15, 20), 10 * num_samples, seeds[0]
        ),
    }
