"""Wrong and right versions of 02.13 dpm1_step."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.dpm_solver import dpm1_step
from coursekit.theory.paths import Path, expand_as
from coursekit.theory.prediction import Predict
from coursekit.theory.solvers import ddim_path, spread_time
from coursekit.workbook.exercises.score_walks import UNSPREAD


def _step(
    width: Function | None = None,
    gain: Function | None = None,
    ratio: Function | None = None,
    answer: Function | None = None,
    told: Function | None = None,
) -> Function:
    """A version from its choices.

    width: (path, t, s) -> h; gain: (path, t, s, h) -> the factor of the noise; ratio:
    (path, t, s) -> that of x; answer: a belief -> what stands for the noise; told:
    (t, s, x) -> the time that the network gets.
    """

    def step(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
        belief = predict(x, spread_time(t, x) if told is None else told(t, s, x))
        eps_hat = belief.eps if answer is None else answer(belief)
        h = (path.log_snr(s) - path.log_snr(t)) / 2
        if width is not None:
            h = width(path, t, s)
        size = path.sigma(s) * torch.expm1(h) if gain is None else gain(path, t, s, h)
        keep = path.alpha(s) / path.alpha(t) if ratio is None else ratio(path, t, s)
        found: Tensor = expand_as(keep, x) * x - expand_as(size, x) * eps_hat
        return found

    return step


def _euler(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    return x + float(s - t) * predict(x, spread_time(t, x)).velocity


def _twice(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    predict(x, spread_time(t, x))
    return dpm1_step(predict, x, t, s, path)


def _in_place(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    moved = dpm1_step(predict, x, t, s, path)
    x.copy_(moved)
    return x


def _ddim(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    """It is DDIM with eta = 0."""
    *_, moved = ddim_path(predict, x, torch.stack([t, s]), path)
    return moved


def _of_data(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    """The same step written for x0, with alpha and sigma in each other's place."""
    x0 = predict(x, t.to(x.dtype).repeat(len(x))).x0
    h = (path.log_snr(s) - path.log_snr(t)) / 2
    return path.sigma(s) / path.sigma(t) * x + path.alpha(s) * (1 - (-h).exp()) * x0


def _without_lambda(
    predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path
) -> Tensor:
    """sigma_s (e^h - 1) = alpha_s sigma_t / alpha_t - sigma_s."""
    alpha_t, alpha_s, sigma_t, sigma_s = (
        float(f(time)) for f in (path.alpha, path.sigma) for time in (t, s)
    )
    eps = predict(x, torch.full((len(x),), float(t), dtype=x.dtype)).eps
    return alpha_s / alpha_t * x - (alpha_s / alpha_t * sigma_t - sigma_s) * eps


MUTANTS = (
    Mutant(
        "no minus one",
        _step(gain=lambda path, t, s, h: path.sigma(s) * h.exp()),
        "the noise has the factor sigma_s e^h: it is sigma_s (e^h - 1), which vanishes "
        "for a step of no length",
    ),
    Mutant(
        "h for e^h - 1",
        _step(gain=lambda path, t, s, h: path.sigma(s) * h),
        "the noise has the factor sigma_s h: that is right for small steps only, it is "
        "sigma_s (e^h - 1)",
    ),
    Mutant(
        "sign of h",
        _step(width=lambda path, t, s: (path.log_snr(t) - path.log_snr(s)) / 2),
        "h has the wrong sign: it is lambda_s - lambda_t, which is positive on the way "
        "to the data",
    ),
    Mutant(
        "log SNR not halved",
        _step(width=lambda path, t, s: path.log_snr(s) - path.log_snr(t)),
        "h is twice too long: lambda is log(alpha / sigma), half of log_snr",
    ),
    Mutant(
        "h in time",
        _step(width=lambda path, t, s: t - s),
        "h is the step in time: it is the step in lambda = log_snr / 2",
    ),
    Mutant(
        "ratio upside down",
        _step(ratio=lambda path, t, s: path.alpha(t) / path.alpha(s)),
        "the ratio of the alphas is upside down: x grows on the way to the data, by "
        "alpha_s / alpha_t",
    ),
    Mutant(
        "no ratio",
        _step(ratio=lambda path, t, s: torch.ones_like(t)),
        "x is not scaled: it has the factor alpha_s / alpha_t",
    ),
    Mutant(
        "ratio of the sigmas",
        _step(ratio=lambda path, t, s: path.sigma(s) / path.sigma(t)),
        "x has the factor sigma_s / sigma_t: that belongs to the form with x0, with "
        "the noise it is alpha_s / alpha_t",
    ),
    Mutant(
        "sigma of t",
        _step(gain=lambda path, t, s, h: path.sigma(t) * torch.expm1(h)),
        "the noise has sigma_t: it is sigma_s, the noise that is left at the end of "
        "the step",
    ),
    Mutant(
        "alpha for sigma",
        _step(gain=lambda path, t, s, h: path.alpha(s) * torch.expm1(h)),
        "the noise has alpha_s: with e^-lambda from the integral it becomes sigma_s",
    ),
    Mutant(
        "noise added",
        _step(gain=lambda path, t, s, h: -path.sigma(s) * torch.expm1(h)),
        "the noise is added: on the way to the data it is taken away",
    ),
    Mutant(
        "x0 for eps",
        _step(answer=lambda belief: belief.x0),
        "x0 stands where the noise belongs: take predict(x, t).eps",
    ),
    Mutant(
        "score for eps",
        _step(answer=lambda belief: belief.score),
        "the score stands where the noise belongs: take predict(x, t).eps",
    ),
    Mutant(
        "velocity for eps",
        _step(answer=lambda belief: belief.velocity),
        "the velocity stands where the noise belongs: take predict(x, t).eps",
    ),
    Mutant(
        "asked at s",
        _step(told=lambda t, s, x: spread_time(s, x)),
        "the network is asked at s: x is still at time t",
    ),
    Mutant("time not spread", _step(told=lambda t, s, x: t.to(x.dtype)), UNSPREAD),
    Mutant(
        "Euler",
        _euler,
        "this is an Euler step along the velocity: here the linear half is exact, and "
        "only the noise is frozen",
    ),
    Mutant(
        "asked twice",
        _twice,
        "the network is asked twice: keep its answer, evaluations are what sampling "
        "costs",
    ),
    Mutant(
        "in place",
        _in_place,
        "x is changed in place: compute a new tensor and leave the caller's alone",
    ),
)

VARIANTS = (
    Variant("DDIM", _ddim),
    Variant("written for x0", _of_data),
    Variant("without lambda, in plain numbers", _without_lambda),
)
