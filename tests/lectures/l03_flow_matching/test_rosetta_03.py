"""The lines of notebook 03's Rosetta box, as identities that hold in the code.

Authority: the definitions of Lipman et al. (2023) on the papers' clock, 0 = noise and
1 = data, written out by hand. There x0 is the noise and x1 the data. Their formulas
with sigma_min are held in tests/theory/test_flow.py.
"""

import torch
from support_models import normal

from coursekit.datasets.toys import lopsided
from coursekit.theory.flow import euler_step, follow, marginal_velocity, reverse_clock
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import mix
from coursekit.theory.solvers import time_grid


def test_one_line_and_a_target_that_changes_its_sign():
    """(1 - t) noise + t data and data - noise there, noise - data here."""
    data, noise = normal(2, 12, 3)
    paper = torch.linspace(0, 0.95, 12, dtype=torch.float64)
    t, path = paper[:, None], LinearPath()
    ours = path.corrupt(data, noise, 1 - paper)
    torch.testing.assert_close(ours, (1 - t) * noise + t * data)
    target = mix("velocity", path, data, noise, 1 - paper)
    torch.testing.assert_close(target, -(data - noise))


def test_sampling_walks_up_there_and_down_here():
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
