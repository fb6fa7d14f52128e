"""Solvers: generators that walk a sample from noise (t = 1) down to data (t = 0).

    *_, x0 = heun(predict, x, time_grid(20))      # the last state
    film = list(heun(predict, x, time_grid(20)))  # all of them

`predict(xt, t)` gives a `Prediction`; `ts` is a decreasing grid of N + 1 times, and
N + 1 states come out, the first of them `x` itself. Gradients are left to the caller:
wrap the loop in `torch.no_grad()` unless you want to differentiate through it.
"""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import Path, expand_as
from coursekit.theory.prediction import Predict, velocity_of


def time_grid(num_steps: int, start: float = 1.0, end: float = 0.0) -> Tensor:
    """N + 1 evenly spaced times from `start` down to `end`, float64.

    Some paths and predictions are singular at an end: start a little below 1 when the
    network predicts the noise on a path with alpha(1) = 0; end a little above 0 on a
    variance-preserving path, where sigma rises with infinite slope.
    """
    return torch.linspace(start, end, num_steps + 1, dtype=torch.float64)


def spread_time(t: Tensor, x: Tensor) -> Tensor:
    """The same time for every sample: shape (B,), in x's dtype, on x's device."""
    return t.to(x.dtype).to(x.device).expand(len(x))


def euler(predict: Predict, x: Tensor, ts: Tensor) -> Iterator[Tensor]:
    """Follow the velocity in straight steps: x + (s - t) velocity(x, t). Order 1."""
    velocity = velocity_of(predict)
    yield x
    for t, s in pairwise(ts):
        x = x + float(s - t) * velocity(x, spread_time(t, x))
        yield x


def heun(predict: Predict, x: Tensor, ts: Tensor) -> Iterator[Tensor]:
    """Average the velocities at both ends of an Euler step. Order 2.

    A step that ends at t = 0 stays an Euler step (Karras et al. 2022):
    many predictions are undefined there, and the order survives one such step.
    """
    velocity = velocity_of(predict)
    yield x
    for t, s in pairwise(ts):
        h, slope = float(s - t), velocity(x, spread_time(t, x))
        if s > 0:
            guess = x + h * slope
            slope = (slope + velocity(guess, spread_time(s, x))) / 2
        x = x + h * slope
        yield x


def rk4(predict: Predict, x: Tensor, ts: Tensor) -> Iterator[Tensor]:
    """The classical Runge-Kutta method: four velocities a step. Order 4.

    The velocity must be finite at both ends of the grid.
    """
    velocity = velocity_of(predict)
    yield x
    for t, s in pairwise(ts):
        h, middle = float(s - t), spread_time((t + s) / 2, x)
        k1 = velocity(x, spread_time(t, x))
        k2 = velocity(x + h / 2 * k1, middle)
        k3 = velocity(x + h / 2 * k2, middle)
        k4 = velocity(x + h * k3, spread_time(s, x))
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        yield x


def step_back(path: Path, t: Tensor, s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The exact step back q(x_s | x_t, x0): weight of xt, weight of x0, variance.

    With a = alpha_t / alpha_s and w = sigma_t^2 - a^2 sigma_s^2, the variance that the
    path adds between s and t, these are

        a sigma_s^2 / sigma_t^2,    alpha_s w / sigma_t^2,    w sigma_s^2 / sigma_t^2

    (Kingma et al. 2021, variational diffusion models). On a DDPM path, with s one step
    before t, they are eqs. 6 and 7 of Ho et al. 2020. s < t, any shape; float64 inside.
    """
    t, s = t.double(), s.double()
    alpha_s, sigma_t = path.alpha(s), path.sigma(t)
    a = path.alpha(t) / alpha_s
    added = sigma_t**2 - a**2 * path.sigma(s) ** 2
    shrink = (path.sigma(s) / sigma_t) ** 2
    return a * shrink, alpha_s * added / sigma_t**2, added * shrink


def ancestral_path(
    predict: Predict,
    x: Tensor,
    ts: Tensor,
    path: Path,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Ancestral sampling on any path: `step_back` with the guess of x0 in x0's place.

    On a DDPM path this is Algorithm 2 of Ho et al. 2020 with the posterior variance.
    """
    yield x
    for t, s in pairwise(ts):
        weight_xt, weight_x0, var = step_back(path, t, s)
        x0_hat = predict(x, spread_time(t, x)).x0
        mean = expand_as(weight_xt, x) * x + expand_as(weight_x0, x) * x0_hat
        x = mean + expand_as(var.sqrt(), x) * fresh_noise(x, generator)
        yield x


def ddim_path(
    predict: Predict,
    x: Tensor,
    ts: Tensor,
    path: Path,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """DDIM on any path: guess x0 and eps, noise the guess again to level s.

        x_s = alpha_s x0_hat + sqrt(sigma_s^2 - eta^2 var) eps_hat + eta sqrt(var) noise

    with var from `step_back` (Song et al. 2021, DDIM, eqs. 12 and 16). eta = 0 follows
    the velocity without random numbers; eta = 1 has the law of `ancestral_path`.
    """
    yield x
    for t, s in pairwise(ts):
        belief, var = predict(x, spread_time(t, x)), eta**2 * step_back(path, t, s)[2]
        alpha, sigma = path.alpha(s.double()), path.sigma(s.double())
        reuse = (sigma**2 - var).clamp(min=0).sqrt()
        x = expand_as(alpha, x) * belief.x0 + expand_as(reuse, x) * belief.eps
        if eta > 0:
            x = x + expand_as(var.sqrt(), x) * fresh_noise(x, generator)
        yield x
