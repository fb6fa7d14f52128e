"""Average velocities: a network that is told how far it shall go.

    u(x, r, t) = ( x_t - x_r ) / ( t - r )

is the mean velocity of the flow that passes x at time t, on its way down to time
r <= t. One step x - (t - r) u then is exact, of whatever size, and for r = t it is the
velocity. Two ways to learn it without a teacher: from two half steps (shortcut models),
and from its own slope (MeanFlow).

In every function r and t have shape (B,), 0 <= r <= t <= 1, and x has shape (B, ...).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.theory.flow import conditional_path
from coursekit.theory.paths import expand_as
from coursekit.theory.robust_losses import power_weighted
from coursekit.theory.training_times import TimeLaw

AverageVelocity = Callable[[Tensor, Tensor, Tensor], Tensor]  # u(x, r, t) -> like x


class Interval(NamedTuple):
    """Two times for each sample, r <= t."""

    r: Tensor
    t: Tensor


def shortcut_target(u: AverageVelocity, xt: Tensor, r: Tensor, t: Tensor) -> Tensor:
    """The mean of two half steps: what u says of the whole (Frans et al. 2025).

    Go from t half the way to r with u, ask u again there for the second half, and
    average:

        target = ( u(x_t, m, t) + u(x_m, r, m) ) / 2,
        x_m = x_t - (t - m) u(x_t, m, t)

    with m the middle of r and t.

    (Code: targets_shortcut.py, whose model is told the size of the step, t - r, in r's
    place and whose clock runs the other way.) u may be the network in training or one
    with averaged weights; no gradient is recorded. Returns (B, ...), like `xt`.
    """
    m = (r + t) / 2
    with torch.no_grad():
        first = u(xt, m, t)
        half = xt - expand_as(t - m, xt) * first
        return (first + u(half, r, m)) / 2


def draw_shortcuts(
    count: int, base_steps: int, generator: torch.Generator | None = None
) -> Interval:
    """Steps for `shortcut_target`: a power of two, on the grid of that power.

    A step has the size d = 1, 1/2, 1/4, ... down to 2 / base_steps, all sizes alike,
    and t is one of d, 2 d, ..., 1, so that steps of one size follow each other without
    a gap (Frans et al. 2025; code: targets_shortcut.py). The halves of the smallest are
    the base steps 1 / base_steps, which flow matching has to teach.

    base_steps: a power of two, 2 or more. Returns r = t - d and t, float32 and exact.
    Raises ValueError for other base_steps.
    """
    levels = base_steps.bit_length() - 1
    if base_steps != 2**levels or levels < 1:
        raise ValueError(f"base_steps {base_steps}: use a power of two, 2 or more")
    level = torch.randint(levels, (count,), generator=generator)
    steps = 2.0**level
    number = (torch.rand(count, generator=generator) * steps).floor() + 1
    return Interval((number - 1) / steps, number / steps)


def draw_intervals(
    count: int,
    equal_share: float,
    law: TimeLaw,
    generator: torch.Generator | None = None,
) -> Interval:
    """Intervals for `meanflow_target`: of two draws the later is t, the earlier is r.

    Then r is set to t in the first round(equal_share * count) samples: these learn the
    velocity itself. Of the official codes one names this share (data_proportion, .75),
    the other its opposite (ratio, .75 with r below t); both order the two times first,
    so that t is the later of two draws in either case (Geng et al. 2025; code:
    meanflow.py, and time_sampler.py of py-meanflow). equal_share: from 0 to 1.
    """
    draws = torch.stack([law.sample(count, generator), law.sample(count, generator)])
    r, t = draws.amin(0), draws.amax(0)
    equal = torch.arange(count) < round(equal_share * count)
    return Interval(torch.where(equal, t, r), t)


def meanflow_target(
    u: AverageVelocity, xt: Tensor, r: Tensor, t: Tensor, velocity: Tensor
) -> tuple[Tensor, Tensor]:
    """What u says, and what it should have said (Geng et al. 2025, MeanFlow identity).

    (t - r) u is the way from t to r. Its slope along the flow is the velocity, so

        u = velocity - (t - r) du/dt

    du/dt is the slope of u(x, r, t) for a traveller on the flow: x moves with
    `velocity`, r stays, and t moves with 1. `torch.func.jvp(u, (x, r, t), (velocity, 0,
    1))`, with a 0 and a 1 for each sample, gives u and du/dt in one pass. A network
    that is told t and t - r moves in both: hand in a function of (x, r, t). The target
    is a number: no gradient flows through it.

    velocity: like `xt`; eps - x0 in training. Returns (u, target), each like `xt`.
    Where r = t, the target is the velocity.
    """
    still, moving = torch.zeros_like(r), torch.ones_like(t)
    both = torch.func.jvp(u, (xt, r, t), (velocity, still, moving))
    said, slope = both[0], both[1]
    return said, (velocity - expand_as(t - r, xt) * slope).detach()


def meanflow_loss(
    u: AverageVelocity,
    x0: Tensor,
    eps: Tensor,
    interval: Interval,
    power: float = 0.0,
) -> Tensor:
    """The error of `meanflow_target` on the straight path (Geng et al. 2025).

    x_t is on the line from x0 to eps (`conditional_path`), its velocity eps - x0.
    Returns `power_weighted(u - target, power)`, (B,): the target is random, so a power
    above 0 favours the heavy modes wherever the errors of the samples differ much.
    x0, eps: (B, ...).
    """
    r, t = interval
    xt = conditional_path(x0, eps, t)
    said, target = meanflow_target(u, xt, r, t, eps - x0)
    return power_weighted(said - target, power)
