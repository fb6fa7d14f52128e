"""Samplers of students. Authority: displacements and moments that are known."""

import pytest
import torch
from support.gaussian import GaussianFlow
from support.theory import last, normal, seeded

from coursekit.theory.few_steps import average_velocity_sampler, consistency_sampler
from coursekit.theory.flow import follow
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import time_grid

LAW = GaussianFlow(2.0, 0.5)
COUNTS = pytest.mark.parametrize("steps", [1, 2, 3, 7])


@COUNTS
def test_steps_add_up_to_one(steps):
    """Velocity 1 everywhere: from noise to data the displacement is -1."""
    x = normal(5, 2)
    for end in (
        last(average_velocity_sampler(lambda x, r, t: x * 0 + 1, x, time_grid(steps))),
        last(follow(lambda x, t: x * 0 + 1, x, time_grid(steps))),
    ):
        torch.testing.assert_close(end - x, torch.full_like(x, -1.0))


@COUNTS
def test_an_exact_average_velocity_needs_no_small_steps(steps):
    """Any number of steps, even or not, ends at the same place: 2 + eps / 2."""
    x = normal(5, 2)
    for power in (1, 3):
        film = list(average_velocity_sampler(LAW.average, x, time_grid(steps) ** power))
        assert len(film) == steps + 1
        torch.testing.assert_close(film[-1], 2 + 0.5 * x)


@COUNTS
def test_the_consistency_sampler_keeps_the_law(steps):
    """N(2, .25) after any number of steps. Noise used twice would widen it: two steps
    would then end with a std of .67."""
    x = normal(100_000, 1)
    end = last(consistency_sampler(LAW.end, x, time_grid(steps), generator=seeded(1)))
    print(f"{steps} steps: {float(end.mean()):.3f} and {float(end.std()):.3f}")
    assert float(end.mean()) == pytest.approx(2, abs=0.01)
    assert float(end.std()) == pytest.approx(0.5, abs=0.01)


def test_denoise_noise_denoise():
    """f(x, t) = 0: what is seen in between is path.sigma(s) times noise, and the last
    state is not noised again, also where the grid ends above 0."""
    ts = torch.tensor([1.0, 0.6, 0.3, 0.1], dtype=torch.float64)
    noise, asked = seeded(4), []

    def f(x, t):
        asked.append(float(t[0]))
        return 0 * x

    film = list(consistency_sampler(f, normal(4, 2), ts, LinearPath(), seeded(4)))
    for state, level in zip(film[1:3], ts[1:3], strict=True):
        draw = torch.randn(4, 2, generator=noise, dtype=torch.float64)
        torch.testing.assert_close(state, level * draw)
    assert torch.equal(film[-1], torch.zeros(4, 2, dtype=torch.float64))
    assert asked == ts[:-1].tolist() and len(film) == 4
