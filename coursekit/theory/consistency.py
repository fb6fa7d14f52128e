"""Consistency models (Song et al. 2023): one answer for all points of a path.

A consistency function f(x, t) says where the flow ends that passes x at time t. Two
things make it: at the end of the path f(x, end) = x, and neighbours on one path have
the same answer. The first is built into the network, the second is the loss.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.theory.flow import Step, Velocity, conditional_path, euler_step
from coursekit.theory.paths import expand_as
from coursekit.theory.robust_losses import squared_l2

Consistency = Callable[[Tensor, Tensor], Tensor]  # f(x, t) -> x0, like x
Network = Callable[[Tensor, Tensor], Tensor]  # network(x, t) -> like x
Distance = Callable[[Tensor], Tensor]  # distance(error) -> (B,)


def boundary_scalings(
    sigma: Tensor, sigma_data: float = 0.5, sigma_min: float = 0.002
) -> tuple[Tensor, Tensor]:
    """The weights of the input and of the network in f = c_skip x + c_out network.

        c_skip = sigma_data^2 / ( (sigma - sigma_min)^2 + sigma_data^2 )
        c_out = sigma_data (sigma - sigma_min) / sqrt( sigma^2 + sigma_data^2 )

    (Song et al. 2023, appendix C). Here x = x0 + sigma eps. The path ends at sigma_min:
    there c_skip is 1 and c_out is 0, whatever the network says, and f(x, sigma_min) is
    x. For data of standard deviation sigma_data, what the network must say,
    (x0 - c_skip x) / c_out, has variance 1 at every level if sigma_min = 0; otherwise
    it is larger close to sigma_min, and 4 at 2 sigma_min. Without sigma_data in c_out
    it would be sigma_data^2.

    sigma: any shape, from sigma_min up. Returns (c_skip, c_out), each like `sigma`.
    """
    above = sigma - sigma_min
    c_skip = sigma_data**2 / (above**2 + sigma_data**2)
    return c_skip, sigma_data * above / (sigma**2 + sigma_data**2).sqrt()


def edm_consistency(
    network: Network, sigma_data: float = 0.5, sigma_min: float = 0.002
) -> Consistency:
    """A consistency function of a network, in the form of Karras et al. 2022.

        f(x, sigma) = c_skip x + c_out network( x / sqrt(sigma^2 + sigma_data^2), sigma)

    with `boundary_scalings`. The network sees an input of variance 1.
    """

    def f(x: Tensor, sigma: Tensor) -> Tensor:
        c_skip, c_out = boundary_scalings(sigma, sigma_data, sigma_min)
        scaled = x / expand_as((sigma**2 + sigma_data**2).sqrt(), x)
        return expand_as(c_skip, x) * x + expand_as(c_out, x) * network(scaled, sigma)

    return f


def flow_consistency(network: Network) -> Consistency:
    """A consistency function on the straight path: f(x, t) = x - t network(x, t).

    f(x, 0) = x, whatever the network says. It says the *average* velocity from t to 0,
    and a velocity network is a start: f is then its one Euler step.
    """

    def f(x: Tensor, t: Tensor) -> Tensor:
        return x - expand_as(t, x) * network(x, t)

    return f


def karras_grid(
    num_levels: int,
    sigma_min: float = 0.002,
    sigma_max: float = 80.0,
    rho: float = 7.0,
) -> Tensor:
    """Noise levels from sigma_max down to sigma_min, dense where there is little noise.

    Their rho-th roots are evenly spaced (Karras et al. 2022, without the 0 at the end).
    rho = 1 is an even grid. num_levels: 2 or more. Returns (num_levels,),
    float64.
    """
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return torch.linspace(high, low, num_levels, dtype=torch.float64) ** rho


def levels_at(progress: float, start: int, end: int) -> int:
    """How many levels a consistency training has after a share of its steps.

        ceil( sqrt( progress ( (end + 1)^2 - start^2 ) + start^2 ) )

    (Song et al. 2023; code: create_ema_and_scales_fn in cm/script_util.py).
    Few levels at first, far apart: biased, but little noise; more and more later.
    progress: from 0 (`start` levels) to 1 (`end` + 1).
    """
    return math.ceil(math.sqrt(progress * ((end + 1) ** 2 - start**2) + start**2))


def distillation_pair(
    teacher: Velocity,
    x0: Tensor,
    eps: Tensor,
    t: Tensor,
    s: Tensor,
    step: Step = euler_step,
) -> tuple[Tensor, Tensor]:
    """Neighbours on one path of the teacher's flow (Song et al. 2023, distillation).

    x_t lies on the straight path between x0 and eps (`conditional_path`). From there
    one step of a solver, step(teacher, x_t, t, s), `euler_step` or `heun_step`, goes
    along the teacher's velocity to the time s < t. x_s follows from x_t alone. No
    gradient is recorded.

    x0, eps: (B, ...); t, s: (B,). Returns (x_t, x_s), each like `x0`.
    """
    with torch.no_grad():
        xt = conditional_path(x0, eps, t)
        return xt, step(teacher, xt, t, s)


def training_pair(
    x0: Tensor, eps: Tensor, t: Tensor, s: Tensor
) -> tuple[Tensor, Tensor]:
    """Neighbours without a teacher: the same noise (Song et al. 2023, training).

    Both points lie on the straight line between x0 and eps (`conditional_path`). On
    average over all lines through x_t it is the velocity of the flow, so that the pair
    is right on average only: x_s is random, given x_t.

    x0, eps: (B, ...); t, s: (B,), s < t. Returns (x_t, x_s), each like `x0`.
    """
    return conditional_path(x0, eps, t), conditional_path(x0, eps, s)


def consistency_loss(
    student: Consistency,
    target: Consistency,
    pair: tuple[Tensor, Tensor],
    t: Tensor,
    s: Tensor,
    distance: Distance = squared_l2,
) -> Tensor:
    """How far two neighbours on a path disagree (Song et al. 2023).

        distance( student(x_t, t) - target(x_s, s) )

    (Code: consistency_losses in cm/karras_diffusion.py.) The point with less noise is
    the teacher of the other one: gradients flow from the student at x_t only, none from
    `target`, which may be the same function or one with averaged weights. Where s is
    the end of the path, the target is x_s itself.

    pair: (x_t, x_s), each (B, ...); t, s: (B,), s < t; distance: error (B, ...) to
    (B,). Returns (B,).
    """
    xt, xs = pair
    with torch.no_grad():
        goal = target(xs, s)
    return distance(student(xt, t) - goal)
