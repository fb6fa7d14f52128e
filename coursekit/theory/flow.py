"""Flow matching: a velocity field that carries noise to data, learnt without a solver.

Of all the fields that move one density into another, flow matching takes the average
of simple ones: each leads the noise to a single data point, along a straight line.

The papers run their clock from noise to data. Here t = 0 is data and t = 1 is noise:
t_paper = 1 - t, and velocities change their sign (`reverse_clock`).

In every function t has shape (B,) and x has shape (B, ...). A velocity field is a
function velocity(x, t) -> dx/dt, like `x`.
"""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.paths import expand_as
from coursekit.theory.prediction import Prediction
from coursekit.theory.score import divergence
from coursekit.theory.solvers import spread_time

Velocity = Callable[[Tensor, Tensor], Tensor]  # velocity(x, t) -> dx/dt
Density = Callable[[Tensor, Tensor], Tensor]  # density(x, t) -> (B,)
Step = Callable[[Velocity, Tensor, Tensor, Tensor], Tensor]  # step(velocity, x, t, s)


def conditional_path(
    x0: Tensor, eps: Tensor, t: Tensor, sigma_min: float = 0.0
) -> Tensor:
    """The point at time t on the straight line from a data point to its noise.

    The optimal-transport path of Lipman et al. 2023, on our clock (t = 0 is data):

        x_t = (1 - t) * x0 + (sigma_min + (1 - sigma_min) * t) * eps

    It ends in eps at t = 1. At t = 0 a little noise of size sigma_min is left around
    x0; with sigma_min = 0 this is `LinearPath`.

    x0, eps: (B, ...); t: (B,) in [0, 1]; sigma_min: a small number >= 0. Returns x_t,
    like `x0`.
    """
    noise = sigma_min + (1 - sigma_min) * t
    return expand_as(1 - t, x0) * x0 + expand_as(noise, x0) * eps


def conditional_velocity(
    xt: Tensor, x0: Tensor, t: Tensor, sigma_min: float = 0.0
) -> Tensor:
    """The velocity at x_t of the line that belongs to the data point x0.

    Solve `conditional_path` for eps, and put it into the slope of that line,
    dx_t/dt = (1 - sigma_min) * eps - x0 (Lipman et al. 2023). One fraction is left:

        ( (1 - sigma_min) * x_t - x0 ) / ( sigma_min + (1 - sigma_min) * t )

    It is a field: any x_t has a velocity, whether the line started there or not.

    xt, x0: (B, ...); t: (B,) in [0, 1], above 0 where sigma_min = 0. Returns dx_t/dt,
    like `xt`.
    """
    noise = sigma_min + (1 - sigma_min) * t
    return ((1 - sigma_min) * xt - x0) / expand_as(noise, xt)


def log_joint(xt: Tensor, t: Tensor, data: Tensor, sigma_min: float = 0.0) -> Tensor:
    """log( 1/N * p_t(x_t | data_i) ) for each data point: (B, N), float64.

    p_t( . | x0) is the law of `conditional_path` when eps is standard normal.
    xt: (B, ...); t: (B,), above 0 where sigma_min = 0; data: (N, ...).
    """
    x, points, t = xt.flatten(1).double(), data.flatten(1).double(), t.double()
    noise = (sigma_min + (1 - sigma_min) * t)[:, None]
    offset = x[:, None] - (1 - t)[:, None, None] * points
    log_norm = x.shape[1] * (noise.log() + math.log(2 * math.pi) / 2)
    return -(offset**2).sum(-1) / (2 * noise**2) - log_norm - math.log(len(points))


def marginal_density(
    xt: Tensor, t: Tensor, data: Tensor, sigma_min: float = 0.0
) -> Tensor:
    """The density of x_t when x0 is any of N data points, all equally likely: (B,)."""
    return log_joint(xt, t, data, sigma_min).logsumexp(1).exp()


def marginal_velocity(
    xt: Tensor, t: Tensor, data: Tensor, sigma_min: float = 0.0
) -> Tensor:
    """The velocity of the whole flow, exact, for a finite set of data points.

    It is the average of the conditional velocities over the data points, each weighted
    with the probability that x_t came from it (Lipman et al. 2023):

        sum_i  w_i * conditional_velocity(x_t, data_i, t),
        w_i proportional to p_t(x_t | data_i)

    `log_joint(xt, t, data, sigma_min)` gives log p_t(x_t | data_i) up to a constant,
    (B, N) in float64: a softmax turns it into weights. Since the conditional velocity
    is linear in x0, it is enough to average the data points.

    xt: (B, ...); t: (B,) in (0, 1]; data: (N, ...). Returns dx_t/dt, like `xt`.
    """
    weights = log_joint(xt, t, data, sigma_min).softmax(1)
    x0_hat = torch.einsum("bn,n...->b...", weights, data.double())
    return conditional_velocity(xt, x0_hat.to(xt.dtype), t, sigma_min)


def cfm_loss(
    model: Velocity, x0: Tensor, t: Tensor, eps: Tensor, sigma_min: float = 0.0
) -> Tensor:
    """The loss of conditional flow matching (Lipman et al. 2023).

    Show the network x_t = `conditional_path(x0, eps, t, sigma_min)` and the time, and
    compare its answer with the slope of the line it came from:

        mean( (model(x_t, t) - ((1 - sigma_min) * eps - x0))^2 )

    Its gradient is that of the loss against `marginal_velocity`, which nobody knows for
    real data. x0, eps: (B, ...); t: (B,) in [0, 1]. Returns a scalar that gradients can
    flow from: the mean over the batch and all other dimensions.
    """
    xt = conditional_path(x0, eps, t, sigma_min)
    target = (1 - sigma_min) * eps - x0
    return ((model(xt, t) - target) ** 2).mean()


def euler_step(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """Go from time t to time s along the velocity at the start. Error of order 1.

        x + (s - t) * velocity(x, t)

    When sampling, time falls: s < t, and the step s - t is negative.

    x: (B, ...) at time t; t, s: (B,), a pair for each sample. Returns the state at s,
    like `x`.
    """
    return x + expand_as(s - t, x) * velocity(x, t)


def heun_step(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """Go from t to s along the mean of two velocities (Heun). Error of order 2.

    Take an Euler step, look at the velocity where it lands (at time s), and make the
    step again from x with the mean of both velocities:

        x + (s - t) * ( velocity(x, t) + velocity(x_euler, s) ) / 2

    x: (B, ...) at time t; t, s: (B,). Two evaluations. The velocity must be finite at
    s too. Returns the state at s, like `x`.
    """
    h = expand_as(s - t, x)
    first = velocity(x, t)
    second = velocity(x + h * first, s)
    return x + h * (first + second) / 2


def follow(
    velocity: Velocity, x: Tensor, ts: Tensor, step: Step = euler_step
) -> Iterator[Tensor]:
    """Yield the states at all times of a grid: N + 1 times, N steps. ts: (N + 1,).

    A decreasing grid samples; an increasing one carries data to noise.
    """
    yield x
    for t, s in pairwise(ts):
        x = step(velocity, x, spread_time(t, x), spread_time(s, x))
        yield x


def continuity_residual(
    density: Density, velocity: Velocity, x: Tensor, t: Tensor
) -> Tensor:
    """By how much a density and a velocity violate the continuity equation.

    Density is neither made nor lost, it flows: where more flows out than in, it falls.

        residual = dp/dt + div( p * velocity )

    is 0 everywhere when `velocity` moves `density`. The flux p * velocity counts, not
    the velocity alone.

    density(x, t) -> (B,); velocity(x, t) -> (B, D); x: (B, D); t: (B,). `divergence`
    of lecture 2 takes a function of x only. Both slopes are derivatives (autograd), no
    difference quotients. Returns (B,), in density per unit time.
    """
    with torch.enable_grad():
        moment = t.detach().clone().requires_grad_()
        (rate,) = torch.autograd.grad(density(x, moment).sum(), moment)
    flux = divergence(lambda y: expand_as(density(y, t), y) * velocity(y, t), x)
    return rate + flux


def from_velocity(velocity: Tensor, xt: Tensor, t: Tensor) -> Prediction:
    """What a velocity on the straight path says about data, noise and score.

    On `LinearPath`, x_t = (1 - t) * x0 + t * eps and velocity = eps - x0. Two equations
    give x0 and eps; score = -eps / t, and v = (1 - t) * eps - t * x0 (Salimans & Ho
    2022) follow.

    velocity, xt: (B, ...); t: (B,) in (0, 1]. Returns Prediction(x0=..., eps=...,
    score=..., velocity=..., v=...), each like `xt`.
    """
    time = expand_as(t, xt)
    x0 = xt - time * velocity
    eps = xt + (1 - time) * velocity
    return Prediction(
        x0=x0,
        eps=eps,
        score=-eps / time,
        velocity=velocity,
        v=(1 - time) * eps - time * x0,
    )


def reverse_clock(velocity: Velocity) -> Velocity:
    """The same flow on the opposite clock: minus the velocity at time 1 - t.

    It turns ours into the papers' u, with t = 0 noise and t = 1 data, and back.
    """

    def reversed_velocity(x: Tensor, t: Tensor) -> Tensor:
        return -velocity(x, 1 - t)

    return reversed_velocity
