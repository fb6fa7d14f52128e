"""Wrong and right versions of 01.7 elbo_terms."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Mutant,
    Variant,
)
from coursekit.theory.ddpm import (
    Model,
    VarianceKind,
    as_time,
    at,
    gaussian_kl,
    posterior_variance,
    predict_x0,
    q_posterior,
    q_sample,
)
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.elbo import gaussian_nll, learnt_variance, prior_kl


def _terms(
    time: Function = as_time,
    implied: Function | None = None,
    var: Function = learnt_variance,
    divergence: Function = gaussian_kl,
    decoder: Function | None = None,
    noise: Function | None = None,
    collect: Function | None = None,
) -> Function:
    """A version of elbo_terms from its choices."""

    def elbo_terms(
        model: Model,
        x0: Tensor,
        schedule: Schedule,
        eps: Iterable[Tensor],
        variance: VarianceKind = "beta",
    ) -> Tensor:
        all_eps, terms = list(eps), []
        for step in range(1, schedule.num_steps + 1):
            k = torch.full((len(x0),), step)
            xk = q_sample(x0, k, (noise or _own)(all_eps, step), schedule)
            guess = model(xk, time(k, x0, schedule))
            x0_hat = (implied or predict_x0)(xk, guess, k, schedule)
            learnt, _ = q_posterior(x0_hat, xk, k, schedule)
            exact, var_q = q_posterior(x0, xk, k, schedule)
            var_p = at(var(schedule, variance), k, x0)
            if step == 1:
                terms.append((decoder or gaussian_nll)(x0, learnt, var_p))
            else:
                terms.append(divergence(exact, var_q, learnt, var_p))
        terms.append(prior_kl(x0, schedule))
        found: Tensor = (collect or _stack)(terms)
        return found

    return elbo_terms


def _own(eps: list[Tensor], step: int) -> Tensor:
    return eps[step - 1]


def _stack(terms: list[Tensor]) -> Tensor:
    return torch.stack(terms, dim=1)


def _noise_as_data(xk: Tensor, guess: Tensor, k: Tensor, schedule: Schedule) -> Tensor:
    return guess


def _no_decoder(s: Schedule, variance: VarianceKind) -> Tensor:
    return s.beta if variance == "beta" else posterior_variance(s)


def _no_constant(x: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    found: Tensor = ((x - mean) ** 2 / (2 * var)).flatten(1).sum(1)
    return found


def _swapped_kl(a: Tensor, var_a: Tensor, b: Tensor, var_b: Tensor) -> Tensor:
    return gaussian_kl(b, var_b, a, var_a)


def _terms_fill(
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
            table[:, 0] += gap.shape[1] / 2 * (2 * math.pi * beta).log()
        else:
            table[:, step - 1] += (
                gap.shape[1] / 2 * ((var / exact).log() + exact / var - 1)
            )
    return table


MUTANTS = (
    Mutant(
        "noise in the place of x0",
        _terms(implied=_noise_as_data),
        "the guessed noise stands where x0 belongs: turn it into x0_hat first",
    ),
    Mutant(
        "always beta",
        _terms(var=lambda s, variance: learnt_variance(s, "beta")),
        "variance='posterior' changes nothing: it stands for beta_tilde",
    ),
    Mutant(
        "always beta_tilde",
        _terms(var=lambda s, variance: learnt_variance(s, "posterior")),
        "variance='beta' changes nothing: the learnt step then has the variance beta",
    ),
    Mutant(
        "decoder of variance 0",
        _terms(var=_no_decoder),
        "L_0 uses beta_tilde_1, which is 0: the decoder has the variance beta_1",
    ),
    Mutant(
        "KL swapped",
        _terms(divergence=_swapped_kl),
        "the KL goes the other way round: the exact step comes first",
    ),
    Mutant(
        "decoder without constant",
        _terms(decoder=_no_constant),
        "L_0 is only the squared error: -log N also has the log of 2 pi beta_1",
    ),
    Mutant(
        "one noise for all steps",
        _terms(noise=lambda eps, step: eps[0]),
        "every step uses the same noise: step k has its own, eps[k - 1]",
    ),
    Mutant(
        "k for t",
        _terms(time=lambda k, x0, schedule: k),
        "the network is given k: it wants the time t = k / T between 0 and 1",
    ),
    Mutant(
        "no prior",
        _terms(collect=lambda terms: torch.stack(terms[:-1], dim=1)),
        "L_T is missing: there are T + 1 columns, the last one compares with the prior",
    ),
    Mutant(
        "reversed",
        _terms(collect=lambda terms: torch.stack(terms[::-1], dim=1)),
        "the columns run from L_T to L_0: column 0 is L_0",
    ),
    Mutant(
        "transposed",
        _terms(collect=lambda terms: torch.stack(terms)),
        "the table is transposed: one row for each sample, one column for each term",
    ),
    Mutant(
        "minus",
        _terms(collect=lambda terms: -torch.stack(terms, dim=1)),
        "the sign is flipped: the L terms are costs, the bound is minus their sum",
    ),
)

VARIANTS = (Variant("distance of means, from the end", _terms_fill),)
