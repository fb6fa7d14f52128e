"""Stochastic interpolants. Authority: finite differences, the law of a sum of two
Gaussians, and the flow of `InterpolantPath` on a mixture."""

import pytest
import torch
from support.theory import MIXTURE, SHAPES, assert_moments, last, normal, slope, times

from coursekit.datasets.toys import exact_predict
from coursekit.theory.flow import conditional_path
from coursekit.theory.interpolants import (
    InterpolantPath,
    gamma,
    interpolant_velocity,
    interpolate,
)
from coursekit.theory.solvers import heun, time_grid


@pytest.mark.parametrize("size", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_velocity_is_the_slope(shape, size):
    x0, eps, z = (normal(*shape, seed=s) for s in range(3))
    t = times(7, 0.1, 0.9)
    if size == 0:  # flow matching
        line = conditional_path(x0, eps, t)
        torch.testing.assert_close(interpolate(x0, eps, z, t, 0.0), line)
    found = interpolant_velocity(x0, eps, z, t, size)
    wanted = slope(lambda s: interpolate(x0, eps, z, s, size), t)
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-7)


def test_the_ends_are_the_data():
    x0, eps, z = (normal(4, 2, seed=s) for s in range(3))
    zero = torch.zeros(4, dtype=torch.float64)
    torch.testing.assert_close(interpolate(x0, eps, z, zero), x0)
    torch.testing.assert_close(interpolate(x0, eps, z, zero + 1), eps)


def test_two_noises_make_one():
    """t eps + gamma z has the variance of `InterpolantPath`, and the same law."""
    t = torch.tensor([0.3, 0.7], dtype=torch.float64)
    path = InterpolantPath(1.5)
    torch.testing.assert_close(path.sigma(t) ** 2, t**2 + gamma(t, 1.5) ** 2)
    eps, z = normal(100_000, 1), normal(100_000, 1, seed=1)
    for value in t:
        drawn = interpolate(0 * eps, eps, z, value.expand(100_000), 1.5)
        assert abs(float(drawn.std() / path.sigma(value)) - 1) < 0.01


def test_the_velocity_given_x_is_that_of_the_path():
    """E[eps - x0 + gamma' z | x_t] for a Gaussian x0, by linear regression."""
    size, t, n = 1.0, torch.tensor(0.4).double(), 200_000
    x0, eps, z = 0.5 * normal(n, 1), normal(n, 1, seed=1), normal(n, 1, seed=2)
    x = interpolate(x0, eps, z, t.expand(n), size)
    target = interpolant_velocity(x0, eps, z, t.expand(n), size)
    fitted = float((x * target).mean() / (x * x).mean())
    path = InterpolantPath(size)
    alpha, sigma = path.alpha(t), path.sigma(t)
    d_alpha, d_sigma = path.derivatives(t)
    want = (0.25 * alpha * d_alpha + sigma * d_sigma) / (0.25 * alpha**2 + sigma**2)
    assert abs(fitted - float(want)) < 0.01


def test_its_flow_arrives_at_the_data():
    predict = exact_predict(MIXTURE, InterpolantPath(1.0))
    x0 = last(heun(predict, normal(3000, 2), time_grid(120, 1.0, 1e-4)))
    assert_moments(x0, MIXTURE, 0.07, 0.12)
