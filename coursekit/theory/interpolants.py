"""Stochastic interpolants: a straight line with a detour of fresh noise.

    x_t = (1 - t) * x0 + t * x_end + gamma(t) * z,    gamma(0) = gamma(1) = 0

(Albergo, Boffi & Vanden-Eijnden 2023.) Both ends may be anything, two data sets for
example; here the end at t = 1 is `eps` as everywhere. gamma = 0 is flow matching. With
gamma > 0 the score of x_t is known too, as -E[z | x_t] / gamma, so the same network
also serves a stochastic sampler.
"""

import torch
from torch import Tensor

from coursekit.theory.paths import Path, expand_as


def gamma(t: Tensor, size: float = 1.0) -> Tensor:
    """The size of the detour: sqrt(size t (1 - t)), 0 at both ends. Like `t`."""
    return (size * t * (1 - t)).clamp(min=0).sqrt()


def interpolate(
    x0: Tensor, eps: Tensor, z: Tensor, t: Tensor, size: float = 1.0
) -> Tensor:
    """The point at time t, like `x0`. x0, eps, z: (B, ...), z standard normal."""
    line = expand_as(1 - t, x0) * x0 + expand_as(t, x0) * eps
    return line + expand_as(gamma(t, size), x0) * z


def interpolant_velocity(
    x0: Tensor, eps: Tensor, z: Tensor, t: Tensor, size: float = 1.0
) -> Tensor:
    """What a network should answer: eps - x0 + gamma'(t) z, like `x0`.

    gamma' = size (1 - 2 t) / (2 gamma) is infinite at both ends: t in (0, 1).
    """
    bend = size * (1 - 2 * t) / (2 * gamma(t, size)) if size > 0 else 0 * t
    return eps - x0 + expand_as(bend, x0) * z


class InterpolantPath(Path):
    """The path that a Gaussian end makes of an interpolant: one noise instead of two.

    t eps + gamma z is Gaussian with variance t^2 + gamma^2, so x_t has the same law as
    on the path with alpha = 1 - t, sigma = sqrt(t^2 + size t (1 - t)).
    """

    def __init__(self, size: float = 1.0) -> None:
        """`size`: that of gamma; 0 gives `LinearPath`."""
        self.size = size

    def alpha(self, t: Tensor) -> Tensor:
        """1 - t."""
        return 1 - t

    def sigma(self, t: Tensor) -> Tensor:
        """The root of both variances, t^2 + gamma(t)^2."""
        return torch.sqrt(t**2 + self.size * t * (1 - t))
