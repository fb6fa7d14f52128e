"""Wrong and right versions of 02.14 dpm2_step."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.dpm_solver import dpm1_step, time_of_log_snr
from coursekit.theory.paths import Path, expand_as
from coursekit.theory.prediction import Predict
from coursekit.theory.solvers import spread_time
from coursekit.workbook.exercises.score_walks import UNSPREAD


def _centre(path: Path, t: Tensor, s: Tensor) -> Tensor:
    return time_of_log_snr(path, (path.log_snr(t) + path.log_snr(s)) / 2, t, s)


def _step(
    middle: Function | None = None,
    place: Function | None = None,
    told: Function | None = None,
    gain: Function | None = None,
    ratio: Function | None = None,
    answer: Function | None = None,
) -> Function:
    """A version from its choices.

    middle: (path, t, s) -> m; place: (x, state at m) -> where the network is asked;
    told: (t, m, s, x) -> when; gain: (path, t, m, s, h) -> the factor of the noise;
    ratio: (path, t, s) -> that of x; answer: (first, second) belief -> the noise used.
    """

    def step(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
        m = _centre(path, t, s) if middle is None else middle(path, t, s)
        first = predict(x, spread_time(t, x))
        h_half = (path.log_snr(m) - path.log_snr(t)) / 2
        size = path.sigma(m) * torch.expm1(h_half)
        there = expand_as(path.alpha(m) / path.alpha(t), x) * x
        there = there - expand_as(size, x) * first.eps
        when = spread_time(m, x) if told is None else told(t, m, s, x)
        second = predict(there if place is None else place(x, there), when)
        eps = second.eps if answer is None else answer(first, second)
        h = (path.log_snr(s) - path.log_snr(t)) / 2
        end = path.sigma(s) * torch.expm1(h)
        if gain is not None:
            end = gain(path, t, m, s, h)
        keep = path.alpha(s) / path.alpha(t) if ratio is None else ratio(path, t, s)
        found: Tensor = expand_as(keep, x) * x - expand_as(end, x) * eps
        return found

    return step


def _two_halves(
    predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path
) -> Tensor:
    m = _centre(path, t, s)
    return dpm1_step(predict, dpm1_step(predict, x, t, m, path), m, s, path)


def _from_the_middle(
    predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path
) -> Tensor:
    """The whole step, but from the state in the middle."""
    m = _centre(path, t, s)
    there = dpm1_step(predict, x, t, m, path)
    eps = predict(there, spread_time(m, x)).eps
    h = (path.log_snr(s) - path.log_snr(t)) / 2
    keep, size = path.alpha(s) / path.alpha(t), path.sigma(s) * torch.expm1(h)
    return expand_as(keep, x) * there - expand_as(size, x) * eps


def _asked_again(
    predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path
) -> Tensor:
    predict(x, spread_time(t, x))
    moved: Tensor = _step()(predict, x, t, s, path)
    return moved


def _in_place(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    moved: Tensor = _step()(predict, x, t, s, path)
    return x.copy_(moved)


def _frozen(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    """A whole dpm1_step with a network whose answer is that of the middle."""
    m = _centre(path, t, s)
    there = dpm1_step(predict, x, t, m, path)
    belief = predict(there, spread_time(m, x))
    return dpm1_step(lambda y, time: belief, x, t, s, path)


def _own_search(
    predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path
) -> Tensor:
    """Its own bisection for the middle, and DDIM's form of both steps."""
    late, early = float(t), float(s)
    wanted = float(path.log_snr(t) + path.log_snr(s)) / 2
    for _ in range(60):
        half = (late + early) / 2
        if float(path.log_snr(t.new_tensor(half))) < wanted:
            late = half
        else:
            early = half
    state, when = x, t
    for new in (t.new_tensor(early), s):
        eps = predict(state, when.to(x.dtype).repeat(len(x))).eps
        x0 = (x - path.sigma(t) * eps) / path.alpha(t)
        state, when = path.alpha(new) * x0 + path.sigma(new) * eps, new
    return state


MUTANTS = (
    Mutant(
        "first order",
        dpm1_step,
        "this is dpm1_step: ask for the noise in the middle, and take the step with "
        "that",
    ),
    Mutant(
        "two half steps",
        _two_halves,
        "these are two half steps of order 1: the second one must be a whole step, "
        "from x",
    ),
    Mutant(
        "from the middle",
        _from_the_middle,
        "the whole step is taken from the state in the middle: start again from x",
    ),
    Mutant(
        "middle in time",
        _step(middle=lambda path, t, s: (t + s) / 2),
        "the middle is the middle in time: it is the middle in lambda, where log_snr "
        "is the mean of both ends",
    ),
    Mutant(
        "lambda for log SNR",
        _step(
            middle=lambda path, t, s: time_of_log_snr(
                path, (path.log_snr(t) + path.log_snr(s)) / 4, t, s
            )
        ),
        "time_of_log_snr is given lambda: it wants log_snr, which is 2 lambda",
    ),
    Mutant(
        "ends swapped",
        _step(
            middle=lambda path, t, s: time_of_log_snr(
                path, (path.log_snr(t) + path.log_snr(s)) / 2, s, t
            )
        ),
        "the ends of the search are swapped: time_of_log_snr takes the late one first, "
        "t and then s",
    ),
    Mutant(
        "both ends",
        _step(
            middle=lambda path, t, s: s,
            answer=lambda one, two: (one.eps + two.eps) / 2,
        ),
        "this is Heun's way, the mean of both ends: here the noise of the middle "
        "stands for the whole step",
    ),
    Mutant(
        "mean with the first",
        _step(answer=lambda one, two: (one.eps + two.eps) / 2),
        "the noise of the start and that of the middle are averaged: only the middle "
        "counts",
    ),
    Mutant(
        "first answer",
        _step(answer=lambda one, two: one.eps),
        "the noise of the start is used for the whole step: use that of the middle",
    ),
    Mutant(
        "x did not move",
        _step(place=lambda x, there: x),
        "the network is shown x at the time of the middle: walk there first, with "
        "dpm1_step",
    ),
    Mutant(
        "asked at t",
        _step(told=lambda t, m, s, x: spread_time(t, x)),
        "the network is told t for the state in the middle: tell it m",
    ),
    Mutant(
        "asked at s",
        _step(told=lambda t, m, s, x: spread_time(s, x)),
        "the network is told s for the state in the middle: tell it m",
    ),
    Mutant("time not spread", _step(told=lambda t, m, s, x: m.to(x.dtype)), UNSPREAD),
    Mutant(
        "half of h",
        _step(gain=lambda path, t, m, s, h: path.sigma(s) * torch.expm1(h / 2)),
        "the last step is half as long in lambda: its h is lambda_s - lambda_t, the "
        "whole",
    ),
    Mutant(
        "log SNR not halved",
        _step(gain=lambda path, t, m, s, h: path.sigma(s) * torch.expm1(2 * h)),
        "h is twice too long: lambda is log(alpha / sigma), half of log_snr",
    ),
    Mutant(
        "sign of h",
        _step(gain=lambda path, t, m, s, h: path.sigma(s) * torch.expm1(-h)),
        "h has the wrong sign: it is lambda_s - lambda_t, which is positive on the way "
        "to the data",
    ),
    Mutant(
        "no minus one",
        _step(gain=lambda path, t, m, s, h: path.sigma(s) * h.exp()),
        "the noise has the factor sigma_s e^h: it is sigma_s (e^h - 1)",
    ),
    Mutant(
        "sigma of t",
        _step(gain=lambda path, t, m, s, h: path.sigma(t) * torch.expm1(h)),
        "the noise has sigma_t: it is sigma_s, that of the end of the step",
    ),
    Mutant(
        "sigma of the middle",
        _step(gain=lambda path, t, m, s, h: path.sigma(m) * torch.expm1(h)),
        "the noise has the sigma of the middle: only its direction comes from there, "
        "the factor has sigma_s",
    ),
    Mutant(
        "ratio upside down",
        _step(ratio=lambda path, t, s: path.alpha(t) / path.alpha(s)),
        "the ratio of the alphas is upside down: x has the factor alpha_s / alpha_t",
    ),
    Mutant(
        "asked again",
        _asked_again,
        "the network is asked three times: two will do, evaluations are what sampling "
        "costs",
    ),
    Mutant(
        "in place",
        _in_place,
        "x is changed in place: compute a new tensor and leave the caller's alone",
    ),
)

VARIANTS = (
    Variant("a network that is frozen", _frozen),
    Variant("its own search, and DDIM's form", _own_search),
)
