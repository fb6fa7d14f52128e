"""Wrong and right versions of 01.11 ancestral_step."""

import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Mutant,
    Variant,
)
from coursekit.theory.ddpm import (
    VarianceKind,
    at,
    posterior_variance,
    predict_x0,
    q_posterior,
    reverse_variance,
)
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.workbook.exercises.diffusion_messages import EARLY, UNSHAPED


def _step(
    remove: Function | None = None,
    shrink: Function | None = None,
    sigma: Function | None = None,
    sign: float = 1.0,
) -> Function:
    """A version from its coefficients, each a function of the schedule."""

    def ancestral_step(
        xk: Tensor,
        eps_hat: Tensor,
        k: Tensor,
        noise: Tensor,
        schedule: Schedule,
        variance: VarianceKind = "beta",
    ) -> Tensor:
        a = at((remove or _remove)(schedule), k, xk)
        b = at((shrink or _shrink)(schedule), k, xk)
        c = at((sigma or _sigma)(schedule, variance), k, xk)
        return (xk - sign * a * eps_hat) / b + c * noise

    return ancestral_step


def _remove(s: Schedule) -> Tensor:
    return s.beta / (1 - s.alpha_bar).sqrt()


def _shrink(s: Schedule) -> Tensor:
    return (1 - s.beta).sqrt()


def _sigma(s: Schedule, variance: VarianceKind) -> Tensor:
    return reverse_variance(s, variance).sqrt()


def _noise_at_the_end(s: Schedule, variance: VarianceKind) -> Tensor:
    return (s.beta if variance == "beta" else posterior_variance(s)).sqrt()


def _early(s: Schedule) -> Schedule:
    beta = torch.cat([s.beta[:1], s.beta[:-1]])
    return Schedule(beta, s.alpha_bar_previous)


def _unshaped(
    xk: Tensor,
    eps_hat: Tensor,
    k: Tensor,
    noise: Tensor,
    schedule: Schedule,
    variance: VarianceKind = "beta",
) -> Tensor:
    beta, share = schedule.beta[k].to(xk), schedule.alpha_bar[k].to(xk)
    sigma = reverse_variance(schedule, variance)[k].sqrt().to(xk)
    return (xk - beta / (1 - share).sqrt() * eps_hat) / (
        1 - beta
    ).sqrt() + sigma * noise


def _through_x0(
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


def _loop(
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


MUTANTS = (
    Mutant(
        "noise at k = 1",
        _step(sigma=_noise_at_the_end),
        "noise is added at k = 1: the last step arrives at data, so it adds none",
    ),
    Mutant(
        "variance for std",
        _step(sigma=reverse_variance),
        "the fresh noise is scaled with its variance: use the standard deviation",
    ),
    Mutant(
        "no noise",
        _step(sigma=lambda s, variance: torch.zeros_like(s.beta)),
        "no fresh noise is added: this gives the mean of the step, and repeated "
        "means blur",
    ),
    Mutant(
        "always beta",
        _step(sigma=lambda s, variance: reverse_variance(s, "beta").sqrt()),
        "variance='posterior' changes nothing: it stands for beta_tilde",
    ),
    Mutant(
        "always beta_tilde",
        _step(sigma=lambda s, variance: reverse_variance(s, "posterior").sqrt()),
        "variance='beta' changes nothing: it stands for beta itself",
    ),
    Mutant(
        "plus",
        _step(sign=-1.0),
        "the guessed noise is added: take it away",
    ),
    Mutant(
        "all noise at once",
        _step(lambda s: (1 - s.alpha_bar).sqrt()),
        "all the noise is taken away at once: one step removes beta / sqrt(1 - "
        "alpha_bar) of eps_hat",
    ),
    Mutant(
        "root of beta",
        _step(lambda s: s.beta.sqrt()),
        "sqrt(beta) is the noise that this step added; eps_hat is the total noise, "
        "and its share is beta / sqrt(1 - alpha_bar)",
    ),
    Mutant(
        "not shrunk back",
        _step(shrink=lambda s: torch.ones_like(s.beta)),
        "the division by sqrt(1 - beta) is missing: the forward step shrank x",
    ),
    Mutant(
        "alpha_bar in the division",
        _step(shrink=lambda s: s.alpha_bar.sqrt()),
        "divided by sqrt(alpha_bar): one step back undoes sqrt(1 - beta) only",
    ),
    Mutant(
        "off by one",
        _step(
            lambda s: _remove(_early(s)).nan_to_num(0.0),
            lambda s: _shrink(_early(s)),
            lambda s, variance: _sigma(_early(s), variance),
        ),
        EARLY,
    ),
    Mutant("not reshaped", _unshaped, UNSHAPED),
)

VARIANTS = (
    Variant("through x0_hat and q_posterior", _through_x0),
    Variant("a loop", _loop),
)
