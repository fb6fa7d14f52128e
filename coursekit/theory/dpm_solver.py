"""DPM-Solvers: the linear half of the flow solved exactly, the network's half guessed.

With lambda = log(alpha / sigma), half of the log signal-to-noise ratio, the flow from t
to s is (Lu et al. 2022, DPM-Solver)

    x_s = alpha_s / alpha_t * x_t
          - alpha_s * integral of exp(-lambda) eps(x_lambda) from lambda_t to lambda_s

Only the noise inside the integral has to be approximated. Both ends of a grid must have
a finite lambda: stay inside (0, 1) on the straight path.
"""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.paths import Path, expand_as
from coursekit.theory.prediction import Predict
from coursekit.theory.solvers import spread_time


def time_of_log_snr(path: Path, wanted: Tensor, late: Tensor, early: Tensor) -> Tensor:
    """The times between `early` and `late` at which log_snr(t) = wanted, by bisection.

    log_snr falls with time. wanted: any shape; late, early: of shape (), both ends of
    the search. float64, exact to rounding.
    """
    left, right = (torch.zeros_like(wanted) + end.double() for end in (early, late))
    for _ in range(60):
        middle = (left + right) / 2
        noisy = path.log_snr(middle) < wanted
        left, right = (
            torch.where(noisy, left, middle),
            torch.where(noisy, middle, right),
        )
    return (left + right) / 2


def dpm1_step(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    """One step of DPM-Solver-1 (Lu et al. 2022), from t to s. Error of order 1.

    Freeze the noise at what the network says at the start, eps = predict(x, t).eps.
    With h = lambda_s - lambda_t, lambda = path.log_snr(.) / 2,

        alpha_s / alpha_t * x  -  sigma_s * (e^h - 1) * eps

    `torch.expm1(h)` is e^h - 1 without loss of digits; `spread_time(t, x)` is the time
    as a network wants it, one for each sample.

    x: (B, ...) at time t; t, s: of shape (), with finite lambda at both. Returns the
    state at s, like `x`. One evaluation.
    """
    eps_hat = predict(x, spread_time(t, x)).eps
    h = (path.log_snr(s) - path.log_snr(t)) / 2
    ratio, gain = path.alpha(s) / path.alpha(t), path.sigma(s) * torch.expm1(h)
    return expand_as(ratio, x) * x - expand_as(gain, x) * eps_hat


def dpm2_step(predict: Predict, x: Tensor, t: Tensor, s: Tensor, path: Path) -> Tensor:
    """One step of DPM-Solver-2 (Lu et al. 2022), from t to s. Error of order 2.

    Go to the middle first, m, where lambda is the mean of lambda_t and lambda_s, with
    `dpm1_step`. Ask for the noise there, eps_m, and take the whole step from x with it:

        alpha_s / alpha_t * x  -  sigma_s * (e^h - 1) * eps_m,   h = lambda_s - lambda_t

    `time_of_log_snr(path, wanted, t, s)` finds the time m from its log signal-to-noise
    ratio.

    x: (B, ...) at time t; t, s: of shape (), with finite lambda at both. Returns the
    state at s, like `x`. Two evaluations.
    """
    log_snr_t, log_snr_s = path.log_snr(t), path.log_snr(s)
    m = time_of_log_snr(path, (log_snr_t + log_snr_s) / 2, t, s)
    eps_m = predict(dpm1_step(predict, x, t, m, path), spread_time(m, x)).eps
    gain = path.sigma(s) * torch.expm1((log_snr_s - log_snr_t) / 2)
    ratio = path.alpha(s) / path.alpha(t)
    return expand_as(ratio, x) * x - expand_as(gain, x) * eps_m


def dpm2m(
    predict: Predict, x: Tensor, ts: Tensor, path: Path, kind: str = "x0"
) -> Iterator[Tensor]:
    """DPM-Solver 2M: order 2 for one evaluation a step. Yields N + 1 states.

    Instead of asking at the middle of a step, extrapolate to it from the answer of the
    step before (Lu et al. 2022, DPM-Solver++). kind: which answer is extrapolated.
    "x0" is DPM-Solver++: the same integral for the data, where alpha and sigma swap
    their places and lambda turns its sign. "eps" is the multistep form of DPM-Solver.
    The first step has nothing to extrapolate from; it is DPM-Solver-1.
    """
    sign = 1.0 if kind == "eps" else -1.0
    before = None
    yield x
    for t, s in pairwise(ts.double()):
        answer = getattr(predict(x, spread_time(t, x)), kind)
        h = (path.log_snr(s) - path.log_snr(t)) / 2
        middle = answer
        if before is not None:
            old_answer, old_h = before
            middle = answer + expand_as(h / old_h / 2, x) * (answer - old_answer)
        before = answer, h
        keep, own = (
            (path.alpha, path.sigma) if kind == "eps" else (path.sigma, path.alpha)
        )
        gain = own(s) * torch.expm1(sign * h)
        x = expand_as(keep(s) / keep(t), x) * x - expand_as(gain, x) * middle
        yield x
