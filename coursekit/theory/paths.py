"""Paths from data to noise: two functions of time, everything else for free.

A path says how much data and how much noise there is at time t:

    xt = alpha(t) * x0 + sigma(t) * eps,      t = 0 is data, t = 1 is noise.

A subclass writes `alpha` and `sigma`. The slopes come from automatic
differentiation, so they cannot disagree with the path they belong to.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.theory.ddpm_schedule import Schedule


def expand_as(coef: Tensor, x: Tensor) -> Tensor:
    """Give one number per sample the shape and the dtype that multiply `x`.

    coef: (B,) or (), x: (B, ...). Returns (B, 1, .., 1) (or (1, .., 1)) with as many
    dimensions as `x`, in x's dtype and on x's device. The dtype changes last, so do
    delicate arithmetic on float64 coefficients before you call this.
    """
    return coef.to(x.dtype).to(x.device).reshape(-1, *[1] * (x.ndim - 1))


def slope(f: Callable[[Tensor], Tensor], t: Tensor) -> Tensor:
    """The slope of an elementwise function, shaped like `t`, in any grad mode."""
    with torch.inference_mode(False), torch.enable_grad():
        t = t.clone().detach().requires_grad_()
        value = f(t)
        if not value.requires_grad:  # a constant
            return torch.zeros_like(t)
        return torch.autograd.grad(value.sum(), t)[0]


class Path:
    """A Gaussian path xt = alpha(t) x0 + sigma(t) eps, with t in [0, 1].

    `alpha(t)` and `sigma(t)` take and return tensors of the same shape, (B,) or ().
    """

    def alpha(self, t: Tensor) -> Tensor:
        """The coefficient of the data x0."""
        raise NotImplementedError

    def sigma(self, t: Tensor) -> Tensor:
        """The coefficient of the noise eps."""
        raise NotImplementedError

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """The slopes d alpha/dt and d sigma/dt, each shaped like `t`.

        They are exact, by automatic differentiation, and they are not limited where
        the path is steep.
        """
        return slope(self.alpha, t), slope(self.sigma, t)

    def corrupt(self, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """The corrupted sample xt, shaped like `x0`. x0, eps: (B, ...), t: (B,)."""
        return expand_as(self.alpha(t), x0) * x0 + expand_as(self.sigma(t), x0) * eps

    def log_snr(self, t: Tensor) -> Tensor:
        """The log of the signal-to-noise ratio, log(alpha^2 / sigma^2)."""
        return 2 * (self.alpha(t).log() - self.sigma(t).log())


class LinearPath(Path):
    """The straight line: alpha = 1 - t, sigma = t (Lipman et al. 2023; Liu 2023)."""

    def alpha(self, t: Tensor) -> Tensor:
        """1 - t."""
        return 1 - t

    def sigma(self, t: Tensor) -> Tensor:
        """The time itself."""
        return t.clone()


class CosinePath(Path):
    """A quarter of a circle: alpha = cos(pi t / 2), sigma = sin(pi t / 2).

    It preserves the variance: alpha^2 + sigma^2 = 1. With the offset set to zero, the
    cosine schedule of Nichol & Dhariwal 2021 walks along it.
    """

    def alpha(self, t: Tensor) -> Tensor:
        """cos(pi t / 2)."""
        return torch.cos(math.pi / 2 * t)

    def sigma(self, t: Tensor) -> Tensor:
        """sin(pi t / 2)."""
        return torch.sin(math.pi / 2 * t)


class VPPath(Path):
    """The variance-preserving SDE of Song et al. 2021 (score SDE), in closed form.

    Its noise rate rises linearly, beta(t) = beta_min + t (beta_max - beta_min), so
    alpha(t) = exp(-1/2 * integral of beta from 0 to t), sigma = sqrt(1 - alpha^2).
    With the defaults it is the limit of the linear DDPM schedule for many steps.
    At t = 0 the slope of sigma is infinite: end a solver's grid a little above 0.
    """

    def __init__(self, beta_min: float = 0.1, beta_max: float = 20.0) -> None:
        """Set the noise rates at t = 0 and at t = 1."""
        self.beta_min = beta_min
        self.beta_max = beta_max

    def _log_alpha(self, t: Tensor) -> Tensor:
        return -self.beta_min * t / 2 - (self.beta_max - self.beta_min) * t**2 / 4

    def alpha(self, t: Tensor) -> Tensor:
        """exp(-beta_min t/2 - (beta_max - beta_min) t^2/4)."""
        return self._log_alpha(t).exp()

    def sigma(self, t: Tensor) -> Tensor:
        """sqrt(1 - alpha^2), written with expm1 so that small t keeps its digits."""
        return (-torch.expm1(2 * self._log_alpha(t))).sqrt()

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """The slopes, written out: at t = 0 that of sigma is `inf`, and not 0 * inf."""
        rate = self.beta_min + t * (self.beta_max - self.beta_min)
        alpha, sigma = self.alpha(t), self.sigma(t)
        return -rate / 2 * alpha, rate / 2 * alpha**2 / sigma


class VEPath(Path):
    """The variance-exploding path: alpha = 1, sigma geometric (Song et al. 2021).

    sigma(t) = sigma_min (sigma_max / sigma_min)^t. It never starts at zero noise and
    never quite forgets the data: the state at t = 1 has the spread of sigma_max.
    """

    def __init__(self, sigma_min: float = 0.01, sigma_max: float = 50.0) -> None:
        """Set the noise levels at t = 0 and at t = 1."""
        self.sigma_min = sigma_min
        self.sigma_max = sigma_max

    def alpha(self, t: Tensor) -> Tensor:
        """One at all times."""
        return torch.ones_like(t)

    def sigma(self, t: Tensor) -> Tensor:
        """sigma_min (sigma_max / sigma_min)^t."""
        return self.sigma_min * (self.sigma_max / self.sigma_min) ** t


class DDPMPath(Path):
    """The path through a DDPM schedule, so that path tools work on DDPM models.

    At t = k / T it is exact: alpha^2 = alpha_bar[k]. In between, log alpha_bar is
    interpolated linearly, which means a constant noise rate within each step. The
    slopes therefore jump at the knots, where the later step's slope is given.
    """

    def __init__(self, schedule: Schedule) -> None:
        """Keep the logarithm of the schedule's alpha_bar."""
        self.log_alpha_bar = schedule.alpha_bar.log()

    def _log_alpha_bar(self, t: Tensor) -> Tensor:
        table = self.log_alpha_bar.to(t.device)
        place = t.double() * (len(table) - 1)
        k = place.detach().floor().long().clamp(0, len(table) - 2)
        return table[k] + (place - k) * (table[k + 1] - table[k])

    def alpha(self, t: Tensor) -> Tensor:
        """sqrt(alpha_bar), interpolated."""
        return (self._log_alpha_bar(t) / 2).exp().to(t.dtype)

    def sigma(self, t: Tensor) -> Tensor:
        """sqrt(1 - alpha_bar), interpolated."""
        return (-torch.expm1(self._log_alpha_bar(t))).sqrt().to(t.dtype)
