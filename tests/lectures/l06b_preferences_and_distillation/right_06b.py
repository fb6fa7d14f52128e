"""Right versions of lecture 06b's exercises in other styles: each must pass."""

from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.checks.spec import Function
from coursekit.theory.paths import LinearPath

# 6.11 to 6.13: votes and rewards

# 6.14 and 6.15: a flow that rolls dice

# 6.16 and 6.17: fewer steps

# 6.18 and 6.19: judges and average velocities

Field = Callable[..., Tensor]


def picture_by_picture(x: Tensor, x0_real: Tensor, x0_fake: Tensor) -> Tensor:
    found = []
    for own, real, fake in zip(x, x0_real, x0_fake, strict=True):
        unit = (real - own).abs().mean()
        found.append((fake - real) / unit if unit > 0 else torch.zeros_like(own))
    return torch.stack(found)


def by_scores(real: Field, fake: Field, x: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """The same by what the judges disagree about: t times their velocities."""
    late = t.view(-1, *[1] * (x.ndim - 1))
    still = x.detach()
    xt = LinearPath().corrupt(still, eps, t)
    with torch.no_grad():
        velocity = real(xt, t)
        unit = (still - xt + late * velocity).abs().flatten(1).mean(1)
        apart = late * (velocity - fake(xt, t)) / unit.view_as(late)
    goal = (still - apart).detach()
    return 0.5 * ((x - goal) ** 2).reshape(len(x), -1).sum(-1)


def two_displacements(u: Field, xt: Tensor, r: Tensor, t: Tensor) -> Tensor:
    """The whole way over the whole time."""
    gap = (t - r).view(-1, *[1] * (xt.ndim - 1))
    x, m = xt.detach(), r + (t - r) / 2
    one = u(x, m, t).detach()
    two = u(x - gap / 2 * one, r, m).detach()
    return 0.5 * one + 0.5 * two


def by_dual_numbers(
    u: Field, xt: Tensor, r: Tensor, t: Tensor, velocity: Tensor
) -> tuple[Tensor, Tensor]:
    """One moving number: how long the traveller has been on its way."""

    def after(h: Tensor) -> Tensor:
        return u(xt + h * velocity, r, t + h)

    zero = torch.zeros((), dtype=xt.dtype)
    said, slope = torch.func.jvp(after, (zero,), (torch.ones_like(zero),))
    gap = (t - r).reshape(-1, *[1] * (xt.ndim - 1))
    return said, (velocity - gap * slope).detach()


def weights_apart(error: Tensor, power: float, c: float = 0.01) -> Tensor:
    square = error.reshape(len(error), -1).pow(2).sum(1)
    with torch.no_grad():
        weight = torch.exp(-power * torch.log(square + c))
    return weight * square


RIGHT: dict[str, tuple[Function, ...]] = {
    "06b.60": (picture_by_picture,),
    "06b.62": (by_scores,),
    "06b.64": (two_displacements,),
    "06b.66": (by_dual_numbers,),
    "06b.68": (weights_apart,),
}
