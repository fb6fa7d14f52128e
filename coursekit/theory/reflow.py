"""Rectified flow's second idea: train again on the pairs that the flow itself makes.

The lines from noise to data cross at first; the paths of the flow cannot. A flow that
is trained on its own pairs of ends has straighter paths and needs fewer steps
(Liu et al. 2023). Its loss is `cfm_loss`: only the pairs change.
"""

from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.flow import Step, Velocity, euler_step, follow
from coursekit.theory.robust_losses import squared_l2


def make_pairs(
    velocity: Velocity, eps: Tensor, ts: Tensor, step: Step = euler_step
) -> tuple[Tensor, Tensor]:
    """Pairs for reflow (Liu et al. 2023): noise, and where the flow takes it.

    Follow the velocity over the whole grid (`follow(velocity, eps, ts, step)` yields
    the states) and keep both ends. What led there is no longer needed, so no gradients
    are recorded.

    eps: (B, ...), noise at time ts[0]; ts: (N + 1,) decreasing times. Returns the
    tuple (x0, eps): data first, as in `cfm_loss`.
    """
    with torch.no_grad():
        *_, x0 = follow(velocity, eps, ts, step)
    return x0, eps


def straightness(velocity: Velocity, eps: Tensor, ts: Tensor) -> Tensor:
    """How much the paths of a flow bend (Liu et al. 2023): 0 when they are straight.

    On a straight path the velocity is constant and equal to the whole displacement per
    unit time. The mean square of the difference, over time, samples and dimensions, is

        S = 1/(t_0 - t_N) * sum_i (t_i - t_(i+1)) * mean( (velocity_i - overall)^2 )

    with overall = (x at t_0 - x at t_N) / (t_0 - t_N), and velocity_i the velocity at
    (x_i, t_i), where the i-th of N Euler steps starts (`follow`). Liu et al. add up the
    dimensions; the mean makes points and pictures comparable.

    eps: (B, ...), noise at time ts[0]; ts: (N + 1,) decreasing times, not necessarily
    even. Returns a scalar >= 0, like `eps` in dtype.
    """
    states = list(follow(velocity, eps, ts))
    span = float(ts[0] - ts[-1])
    overall = (states[0] - states[-1]) / span
    total = torch.zeros((), dtype=eps.dtype, device=eps.device)
    for (t, s), (x, x_next) in zip(pairwise(ts), pairwise(states), strict=True):
        h = float(t - s)
        used = (x - x_next) / h  # the velocity that this Euler step went along
        total = total + h / span * ((used - overall) ** 2).mean()
    return total


def one_step_loss(model: Velocity, x0: Tensor, eps: Tensor) -> Tensor:
    """How far one Euler step from pure noise misses the teacher's sample.

        | x0 - ( eps - model(eps, 1) ) |^2

    The distillation of InstaFlow (Liu et al. 2024), before its perceptual distance:
    regression on pairs that belong together, from `make_pairs`. The model is asked at
    t = 1 only, so it is no good for two steps. On pairs of strangers it would learn one
    picture, the mean of the data. |.|^2 sums over all entries of a sample.

    x0, eps: (B, ...). Returns (B,).
    """
    one = torch.ones(len(eps), dtype=eps.dtype, device=eps.device)
    return squared_l2(x0 - (eps - model(eps, one)))
