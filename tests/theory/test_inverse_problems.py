"""Authorities: the definition of an adjoint, and Gaussian posteriors in closed form."""

from itertools import pairwise

import pytest
import torch

from coursekit.theory.inverse_problems import (
    adjoint,
    consistent,
    measure,
    measured,
    sampled_rows,
)
from coursekit.theory.paths import CosinePath, LinearPath, expand_as
from coursekit.theory.prediction import complete
from coursekit.theory.solvers import ddim_path, heun, time_grid


def drawn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def normal(mean, spread, path):
    """The exact belief where x0 is normal about `mean`."""

    def predict(xt, t):
        alpha, sigma = expand_as(path.alpha(t), xt), expand_as(path.sigma(t), xt)
        gain = alpha * spread**2 / (alpha**2 * spread**2 + sigma**2)
        x0 = mean + gain * (xt - alpha * mean)
        return complete(x0, (xt - alpha * x0) / sigma, t, path)

    return predict


@pytest.mark.parametrize("size", [7, 8])
def test_rows_come_in_pairs(size):
    for seed in range(5):
        rows = sampled_rows(size, 1, 1, seed)
        assert rows[[0, 1, -1]].all() and int(rows.sum()) == 5
        assert torch.equal(rows[1:], rows[1:].flip(0))


def test_adjoint_is_what_its_definition_says():
    """For rows in pairs and for any others."""
    for rows in (
        sampled_rows(8, 1, 1, 0),
        torch.tensor([1, 0, 1, 1, 0, 0, 0, 1.0]) > 0,
    ):
        x = drawn(2, 3, 8, 5)
        y = torch.complex(*drawn(2, 2, 3, int(rows.sum()), 5, seed=1))
        one = (measure(x, rows).conj() * y).real.sum()
        torch.testing.assert_close(one, (x * adjoint(y, rows)).sum())


def test_rows_in_pairs_are_a_projection():
    """A A* is the identity on what can be measured; all rows give the picture."""
    x, rows = drawn(2, 1, 8, 6), sampled_rows(8, 1, 1, 0)
    y = measure(x, rows)
    torch.testing.assert_close(measure(adjoint(y, rows), rows), y)
    every = torch.ones(8, dtype=torch.bool)
    torch.testing.assert_close(adjoint(measure(x, every), every), x)


def test_consistent_keeps_what_was_measured_and_what_was_not():
    x, other, rows = (
        drawn(2, 1, 8, 6),
        drawn(2, 1, 8, 6, seed=3),
        sampled_rows(8, 1, 1, 0),
    )
    y = measure(x, rows)
    found = consistent(other, y, rows)
    torch.testing.assert_close(measure(found, rows), y)
    torch.testing.assert_close(measure(found, ~rows), measure(other, ~rows))
    half = measure(consistent(other, y, rows, 0.5), rows)
    torch.testing.assert_close(half, (y + measure(other, rows)) / 2)


@pytest.mark.parametrize("path", [LinearPath(), CosinePath()])
@pytest.mark.parametrize("walk", ["flow", "chance"])
def test_a_normal_prior_has_the_posterior_in_closed_form(path, walk):
    """In measured directions the precisions add up; in the others the prior stays."""
    spread, noise, count = 0.7, 0.3, 4000
    mean, rows = drawn(1, 1, 4, 3), sampled_rows(4, 0, 1, 0)
    y = measure(drawn(1, 1, 4, 3, seed=1), rows)
    told = measured(normal(mean, spread, path), y, rows, noise, spread, path)
    start, ts = drawn(count, 1, 4, 3, seed=2), time_grid(100)
    if walk == "flow":
        *_, found = heun(told, start, ts)
    else:
        fresh = torch.Generator().manual_seed(4)
        *_, found = ddim_path(told, start, ts, path, 1.0, fresh)
    weight = spread**2 / (spread**2 + noise**2)
    wanted = consistent(mean, y, rows, weight)
    error = spread / count**0.5
    assert (found.mean(0) - wanted[0]).abs().max() < 4 * error
    basis = torch.eye(12, dtype=torch.float64).reshape(12, 1, 4, 3)
    project = adjoint(measure(basis, rows), rows).flatten(1)
    var = spread**2 * (torch.eye(12) - weight * project)
    assert (found.flatten(1).T.cov() - var).abs().max() < 0.06 * spread**2


def test_the_flow_finds_the_posterior_mean_in_second_order():
    """The flow of the posterior's mean leads to it; half the step, a quarter off."""
    path, mean, rows = CosinePath(), drawn(1, 1, 4, 3), sampled_rows(4, 0, 1, 0)
    y = measure(drawn(1, 1, 4, 3, seed=1), rows)
    told = measured(normal(mean, 0.7, path), y, rows, 0.3, 0.7, path)
    wanted = consistent(mean, y, rows, 0.49 / (0.49 + 0.09))
    off = []
    for steps in (20, 40, 80):
        *_, found = heun(told, torch.zeros_like(mean), time_grid(steps))
        off.append(float((found - wanted).abs().max()))
    assert all(3 < a / b < 5 for a, b in pairwise(off)), off


def test_canary_a_weight_that_never_doubts_has_no_spread_where_noise_was():
    """Projection alone takes a noisy measurement for the truth."""
    path, rows = LinearPath(), sampled_rows(4, 0, 1, 0)
    y = measure(drawn(1, 1, 4, 3, seed=1), rows)
    told = measured(normal(torch.zeros(1), 0.7, path), y, rows, 0.0, 0.7, path)
    *_, found = heun(told, drawn(200, 1, 4, 3, seed=2), time_grid(50))
    assert measure(found, rows).var(0).max() < 1e-3
    assert measure(found, ~rows).var(0).max() > 0.1
