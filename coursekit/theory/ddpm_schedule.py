"""Noise schedules of DDPM: how much noise each of the T steps adds.

Everything is kept in float64 and in tables of T + 1 numbers whose index is the step k
itself: entry 0 is clean data, entry T is the last step. A table is a lookup, not a
place to lose digits; results are cast to the dtype of the images at the very end.
"""

import math
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

ScheduleKind = Literal["linear", "linear-short", "cosine"]


class Schedule(NamedTuple):
    """The two tables of a DDPM chain, float64, shape (T + 1,), indexed by the step k.

    beta[k] is the variance of the noise that step k adds; beta[0] = 0.
    alpha_bar[k] is the share of x0's variance left after k steps, the product of
    (1 - beta[i]) for i = 1..k; alpha_bar[0] = 1.
    """

    beta: Tensor
    alpha_bar: Tensor

    @property
    def num_steps(self) -> int:
        """T, the number of steps of the chain."""
        return len(self.beta) - 1

    @property
    def alpha_bar_previous(self) -> Tensor:
        """alpha_bar one step earlier: entry k holds alpha_bar[k - 1].

        Shape (T + 1,), float64; entry 0 holds 1.
        """
        return torch.cat([self.alpha_bar[:1], self.alpha_bar[:-1]])


def linear_beta(num_steps: int, rescale: bool = False) -> Tensor:
    """The linear noise variances beta_1 .. beta_T of Ho et al. 2020, section 4.

    The T values are evenly spaced from 1e-4 to 0.02, both ends included. The numbers
    were chosen for T = 1000: a shorter chain would stop long before it reaches noise.
    With `rescale`, each value is therefore multiplied by 1000 / T, and what exceeds
    0.999 is cut down to 0.999.

    Returns a float64 tensor of shape (T,); entry i belongs to step k = i + 1.
    """
    beta = torch.linspace(1e-4, 0.02, num_steps, dtype=torch.float64)
    return (beta * 1000 / num_steps).clamp(max=0.999) if rescale else beta


def cosine_alpha_bar(num_steps: int, offset: float = 0.008) -> Tensor:
    """The cosine schedule alpha_bar_0 .. alpha_bar_T of Nichol & Dhariwal 2021, eq. 17.

        f(k) = cos^2( (k / T + offset) / (1 + offset) * pi / 2 )
        alpha_bar_k = f(k) / f(0)

    The offset keeps the first steps from being too small to matter. No clipping
    happens here: `make_schedule` limits the betas afterwards.

    Returns a float64 tensor of shape (T + 1,) that falls from exactly 1 to about 0.
    """
    k = torch.arange(num_steps + 1, dtype=torch.float64)
    f = torch.cos((k / num_steps + offset) / (1 + offset) * math.pi / 2) ** 2
    return f / f[0]


def beta_from_alpha_bar(alpha_bar: Tensor) -> Tensor:
    """The betas that produce a given alpha_bar: 1 - alpha_bar_k / alpha_bar_(k-1).

    They are clipped at 0.999, as Nichol & Dhariwal 2021 do: a beta of 1 would erase
    the sample, and undoing that step would divide by zero. (T + 1,) -> (T,).
    """
    return (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=0.999)


def schedule_from_beta(beta: Tensor) -> Schedule:
    """Put beta_0 = 0 before the T betas and multiply up alpha_bar. beta: (T,)."""
    beta = torch.cat([beta.new_zeros(1), beta])
    return Schedule(beta, torch.cumprod(1 - beta, dim=0))


def make_schedule(kind: ScheduleKind, num_steps: int) -> Schedule:
    """Build one of the three schedules of the course.

    "linear": Ho et al. 2020, made for T = 1000. "linear-short": the same, rescaled so
    that short chains still reach noise. "cosine": Nichol & Dhariwal 2021.

    Raises ValueError for another kind or for fewer than one step.
    """
    if num_steps < 1:
        raise ValueError(f"num_steps is {num_steps}: a chain needs at least one step")
    if kind == "linear":
        return schedule_from_beta(linear_beta(num_steps))
    if kind == "linear-short":
        return schedule_from_beta(linear_beta(num_steps, rescale=True))
    if kind == "cosine":
        return schedule_from_beta(beta_from_alpha_bar(cosine_alpha_bar(num_steps)))
    raise ValueError(f"unknown schedule {kind!r}: use one of {get_args(ScheduleKind)}")


def snr(schedule: Schedule) -> Tensor:
    """The signal-to-noise ratio alpha_bar / (1 - alpha_bar) after k steps.

    Returns float64 of shape (T + 1,); entry 0 (clean data) is infinite.
    """
    return schedule.alpha_bar / (1 - schedule.alpha_bar)
