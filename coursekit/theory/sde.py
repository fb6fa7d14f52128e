"""Stochastic differential equations that walk along a path, and their way back.

    dx = f(t) x dt + g(t) dW          from data (t = 0) to noise (t = 1)

Every path has one such equation. Backwards it needs the score, and there is a whole
family of ways back with the same crowd at every time: `reverse_sde` has the dial.
Times of a step are a pair (t, s); on the way back s < t.
"""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import Path, expand_as
from coursekit.theory.prediction import Predict
from coursekit.theory.solvers import spread_time


def drift_diffusion(path: Path, t: Tensor) -> tuple[Tensor, Tensor]:
    """The coefficients f(t) and g(t) of dx = f x dt + g dW that walks along a path.

    The mean must follow alpha, and the variance that the path adds must follow sigma^2:

        f = alpha' / alpha,        g^2 = 2 sigma sigma' - 2 f sigma^2

    On `VPPath` they are -beta/2 and sqrt(beta), on `VEPath` 0 and the root of the slope
    of sigma^2 (Song et al. 2021, score SDE). `path.alpha(t)`, `path.sigma(t)` and
    `path.derivatives(t)`, the pair (alpha', sigma'), are at hand.

    t: any shape, within (0, 1]; alpha must not be 0 there. Returns (f, g), each shaped
    like `t`.
    """
    sigma = path.sigma(t)
    d_alpha, d_sigma = path.derivatives(t)
    f = d_alpha / path.alpha(t)
    return f, (2 * sigma * d_sigma - 2 * f * sigma**2).sqrt()


def euler_maruyama_step(
    x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor
) -> Tensor:
    """One step of dx = drift dt + g dW: a straight pull, and a shake (Euler-Maruyama).

        x + drift * dt + g * sqrt(|dt|) * noise

    The increment of a Wiener process has variance |dt|, whichever way time runs.

    x, drift, noise: (B, ...), noise standard normal; g, dt: (B,); dt is negative on the
    way back. Returns the state after the step, like `x`.
    """
    shake = g * dt.abs().sqrt()
    return x + expand_as(dt, x) * drift + expand_as(shake, x) * noise


def reverse_sde_step(
    x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
) -> Tensor:
    """One step back in time, from t to s < t, along the reverse SDE (Anderson 1982).

        dx = ( f x - g^2 score ) dt + g dW,      dt = s - t < 0

    with f and g of `drift_diffusion(path, t)`. The bracket is the drift of an
    `euler_maruyama_step`.

    x: (B, ...), the state at time t; score: the slope of log p_t there, like `x`;
    t, s: (B,), a pair for each sample; noise: standard normal, like `x`, and added also
    where s is 0. Returns the state at time s, like `x`.
    """
    f, g = drift_diffusion(path, t)
    drift = expand_as(f, x) * x - expand_as(g**2, x) * score
    return euler_maruyama_step(x, drift, g, s - t, noise)


def probability_flow(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
    """The velocity of the ODE with the same crowd at every time as the SDE.

        dx/dt = f x - g^2 score / 2

    (Song et al. 2021, score SDE), with f and g of `drift_diffusion(path, t)`. Half of
    the score is enough, for there is no noise to make up for.

    x: (B, ...), the state at time t; score: like `x`; t: (B,). Returns dx/dt, like `x`:
    it points from data to noise, as time does.
    """
    f, g = drift_diffusion(path, t)
    return expand_as(f, x) * x - expand_as(g**2 / 2, x) * score


def reverse_sde(
    predict: Predict,
    x: Tensor,
    ts: Tensor,
    path: Path,
    churn: float = 1.0,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Walk from noise to data along any of the equations with the path's marginals.

        dx = ( f x - (1 + churn^2) / 2 * g^2 score ) dt + churn * g dW

    churn = 1 is the reverse SDE, churn = 0 the probability flow in Euler steps; noise
    and the extra pull of the score balance for every value. Yields all states, the
    start first. ts: decreasing times, inside (0, 1].
    """
    yield x
    for t, s in pairwise(ts.double()):
        score = predict(x, spread_time(t, x)).score
        f, g = drift_diffusion(path, t)
        pull = expand_as((1 + churn**2) / 2 * g**2, x) * score
        x = x + float(s - t) * (expand_as(f, x) * x - pull)
        if churn > 0:
            size = churn * g * (t - s).sqrt()
            x = x + expand_as(size, x) * fresh_noise(x, generator)
        yield x
