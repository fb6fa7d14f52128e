"""The exact likelihood of a flow: follow a data point to its noise, count the spread.

Along a path of the flow, density thins out where the velocity diverges:

    d log p_t(x_t) / dt = - div velocity(x_t, t)

(the instantaneous change of variables, Chen et al. 2018).
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.flow import Velocity
from coursekit.theory.score import divergence
from coursekit.theory.solvers import spread_time

Field = Callable[[Tensor], Tensor]  # field(x) -> like x
Trace = Callable[[Field, Tensor], Tensor]  # trace(field, x) -> (B,)


def normal_log_prob(x: Tensor) -> Tensor:
    """The log density of standard normal noise in nats: (B, ...) -> (B,)."""
    flat = x.flatten(1)
    return -(flat**2).sum(1) / 2 - flat.shape[1] * math.log(2 * math.pi) / 2


def frozen(velocity: Velocity, t: Tensor) -> Field:
    """The velocity at one moment: a function of x alone. t: (B,)."""
    return lambda x: velocity(x, t)


def log_likelihood(
    velocity: Velocity, x0: Tensor, ts: Tensor, trace: Trace = divergence
) -> Tensor:
    """The log density that a flow gives to data, in nats (Chen et al. 2018).

    Walk the grid from data to noise and add up the divergence on the way:

        log p(x0) = log N(x_1; 0, I) + integral from 0 to 1 of div velocity(x_t, t) dt

    Both the state and the integral take Heun steps: the mean of the values at the
    start of a step and at the end of an Euler step. `normal_log_prob` is the log
    density of the noise; `trace(frozen(velocity, t), x)` is the divergence, (B,).

    x0: (B, D) at time ts[-1]; ts: (N + 1,), decreasing to data as for sampling, so
    walk it backwards. Returns (B,).
    """
    x, total = x0, torch.zeros(len(x0), dtype=x0.dtype, device=x0.device)
    for t, s in pairwise(ts.flip(0)):
        h, now, then = float(s - t), spread_time(t, x), spread_time(s, x)
        first = velocity(x, now)
        guess = x + h * first
        spread_now = trace(frozen(velocity, now), x)
        spread_then = trace(frozen(velocity, then), guess)
        x = x + h * (first + velocity(guess, then)) / 2
        total = total + h * (spread_now + spread_then) / 2
    return normal_log_prob(x) + total


def hutchinson(probe: Tensor) -> Trace:
    """An estimate of the divergence from one derivative: probe^T J probe.

    Right on average when the probe has independent entries of mean 0 and variance 1
    (Hutchinson 1990; in flows, Grathwohl et al. 2019). One probe, like `x`, serves a
    whole walk.
    """

    def trace(field: Field, x: Tensor) -> Tensor:
        with torch.enable_grad():
            y = x.detach().clone().requires_grad_()
            (pulled,) = torch.autograd.grad((field(y) * probe).sum(), y)
        return (pulled * probe).flatten(1).sum(1)

    return trace
