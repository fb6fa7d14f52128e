"""At which times a network is trained: laws on [0, 1], with density and exact samples.

Which times are drawn is a weight in the loss: a time that comes twice as often counts
twice as much. t = 0 is data, t = 1 is noise, as in Esser et al. (2024), section 3.1.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class TimeLaw(Protocol):
    """A law of training times."""

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """`count` independent times, float32."""

    def density(self, t: Tensor) -> Tensor:
        """Its density at times in (0, 1), like `t`."""


@dataclass(frozen=True)
class Uniform:
    """Every time alike."""

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """`count` independent times, float32."""
        return torch.rand(count, generator=generator)

    def density(self, t: Tensor) -> Tensor:
        """One everywhere."""
        return torch.ones_like(t)


@dataclass(frozen=True)
class LogitNormal:
    """The sigmoid of a normal number (Esser et al. 2024, section 3.1).

    mean: above 0 prefers noise; std: small ones prefer one time. Its density is 0 at
    both ends: a network trained with it has hardly ever seen t = 1. `sample` draws its
    normal numbers from the generator it is given (None: torch's own), and `density`
    takes float32 or float64 times, 0 and 1 excluded.
    """

    mean: float = 0.0
    std: float = 1.0

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """`count` independent times, float32."""
        normal = torch.randn(count, generator=generator)
        return torch.sigmoid(self.mean + self.std * normal)

    def density(self, t: Tensor) -> Tensor:
        """exp(-(logit(t) - mean)^2 / (2 std^2)) / (std sqrt(2 pi) t (1 - t))."""
        z = (torch.logit(t) - self.mean) / self.std
        return (-z * z / 2).exp() / (self.std * math.sqrt(2 * math.pi) * t * (1 - t))


@dataclass(frozen=True)
class Mode:
    """Times 1 - u - scale (cos^2(pi u / 2) - 1 + u), of a uniform u (Esser et al. 2024,
    section 3.1).

    scale: from -1 to 2 / (pi - 2), about 1.75; above 0 the middle comes more often,
    below 0 the ends do, 0 is uniform. Its density is above 0 at both ends, but for the
    scale -1. Raises ValueError for another scale.
    """

    scale: float

    def __post_init__(self) -> None:
        """Between the limits the time falls as u rises; beyond them it turns back."""
        if not -1 <= self.scale <= 2 / (math.pi - 2):
            raise ValueError(f"scale {self.scale}: use -1 to {2 / (math.pi - 2):.3f}")

    def time(self, u: Tensor) -> Tensor:
        """The time of a uniform number: 1 at 0, 0 at 1."""
        return 1 - u - self.scale * (torch.cos(math.pi / 2 * u) ** 2 - 1 + u)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """`count` independent times, float32."""
        return self.time(torch.rand(count, generator=generator))

    def density(self, t: Tensor) -> Tensor:
        """One over the slope of `time` where it is t; the place is found by halving."""
        low, high = torch.zeros_like(t), torch.ones_like(t)
        for _ in range(60):
            middle = (low + high) / 2
            later = self.time(middle) > t
            low, high = (
                torch.where(later, middle, low),
                torch.where(later, high, middle),
            )
        return 1 / (1 + self.scale * (1 - math.pi / 2 * torch.sin(math.pi * low)))


def weighed(losses: Tensor, t: Tensor, law: TimeLaw) -> Tensor:
    """The mean loss under `law`, from losses at times that were drawn uniformly.

    Each loss counts as often as the law would have drawn its time: the mean of
    density times loss (Esser et al. 2024, section 3.1, the other way round). On average
    this is what times drawn from the law give. losses, t: (B,). Returns a scalar;
    gradients flow to the losses.
    """
    return (losses * law.density(t)).mean()


def draw_steps(
    ts: Tensor, count: int, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """`count` steps of a decreasing grid, all alike: where they start, where they end.

    ts: (N + 1,), a sampler's times. Returns (t, s), each (count,), like `ts`: t is one
    of the first N times and s the one after it.
    """
    start = torch.randint(len(ts) - 1, (count,), generator=generator)
    return ts[start], ts[start + 1]
