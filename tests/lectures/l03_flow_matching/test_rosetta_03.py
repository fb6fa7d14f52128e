"""Every line of notebook 03's Rosetta box, as an identity that holds in the code.

Authority: the definitions of Lipman et al. (2023) on the papers' clock, 0 = noise and
1 = data, written out by hand. There x0 is the noise and x1 the data.
"""

import pytest
import torch

from coursekit.datasets.toys import lopsided
from coursekit.theory.flow import (
    conditional_path,
    conditional_velocity,
    euler_step,
    follow,
    marginal_velocity,
    reverse_clock,
)
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import mix
from coursekit.theory.solvers import time_grid

PAPER = torch.linspace(0, 0.95, 12, dtype=torch.float64)  # the papers' times
OURS = 1 - PAPER


@pytest.fixture
def ends() -> tuple[torch.Tensor, torch.Tensor]:
    """Data and noise, (12, 3)."""
    gen = torch.Generator().manual_seed(0)
    data, noise = torch.randn(2, 12, 3, generator=gen, dtype=torch.float64)
    return data, noise


@pytest.mark.parametrize("sigma_min", [0.0, 0.1])
def test_the_same_line_the_same_points(ends, sigma_min) -> None:
    data, noise = ends
    t = PAPER[:, None]
    by_hand = (1 - (1 - sigma_min) * t) * noise + t * data
    torch.testing.assert_close(conditional_path(data, noise, OURS, sigma_min), by_hand)


@pytest.mark.parametrize("sigma_min", [0.0, 0.1])
def test_the_velocity_changes_its_sign(ends, sigma_min) -> None:
    """u(x | x1) = (x1 - (1 - s) x) / (1 - (1 - s) t), Lipman et al.'s field."""
    data, x = ends
    t = PAPER[:, None]
    u = (data - (1 - sigma_min) * x) / (1 - (1 - sigma_min) * t)
    ours = conditional_velocity(x, data, OURS, sigma_min)
    torch.testing.assert_close(ours, -u)


def test_the_target_is_data_minus_noise_there_and_noise_minus_data_here(ends) -> None:
    data, noise = ends
    ours = mix("velocity", LinearPath(), data, noise, OURS)
    torch.testing.assert_close(ours, -(data - noise))


def test_sampling_walks_up_there_and_down_here() -> None:
    """The papers' Euler steps, x += h u from 0 to 1, are ours from 1 down to 0."""
    gen = torch.Generator().manual_seed(1)
    data = lopsided().sample(20, gen)
    start = torch.randn(6, 2, generator=gen, dtype=torch.float64)

    def velocity(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return marginal_velocity(x, t, data)

    u, x, steps = reverse_clock(velocity), start, 10
    for i in range(steps):
        x = x + u(x, torch.full((6,), i / steps, dtype=torch.float64)) / steps
    *_, ours = follow(velocity, start, time_grid(steps), euler_step)
    torch.testing.assert_close(ours, x)
