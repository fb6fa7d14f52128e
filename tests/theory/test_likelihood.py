"""Exact likelihoods. Authority: the known density of a mixture, closed forms of linear
fields, order of convergence, and an unbiased estimate against the exact trace."""

import math

import pytest
import torch
from support.theory import (
    MIXTURE,
    SHAPES,
    convergence,
    exact,
    last,
    normal,
    plane,
    seeded,
)

from coursekit.theory.flow import follow, heun_step
from coursekit.theory.likelihood import (
    frozen,
    hutchinson,
    log_likelihood,
    normal_log_prob,
)
from coursekit.theory.score import divergence
from coursekit.theory.solvers import time_grid


def data(n, seed=0):
    return MIXTURE.sample(n, seeded(seed))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_normal_log_prob(shape):
    x = normal(*shape)
    want = torch.distributions.Normal(0.0, 1.0).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(normal_log_prob(x), want)


@torch.no_grad()
def test_the_density_of_a_mixture_is_found_with_order_two():
    x0 = data(50)
    errors = {
        n: (log_likelihood(exact, x0, time_grid(n)) - MIXTURE.log_prob(x0)).abs()
        for n in (200, 400)
    }
    print(f"log-likelihood: largest error {errors[400].max():.1e} nats")
    assert errors[400].max() < 2e-3
    assert abs(convergence(lambda n: errors[n].norm(), (200, 400)) - 2) < 0.3


@pytest.mark.parametrize(
    "matrix",
    [[[0.5, -1.0], [0.3, 0.2]], [[0.0, -2.0], [2.0, 0.0]]],
    ids=["any", "a rotation, which changes no density"],
)
def test_a_linear_field_in_closed_form(matrix):
    """dx/dt = A x: x_1 = e^A x_0, and the volume grows by e^(trace A)."""
    matrix, x0 = torch.tensor(matrix, dtype=torch.float64), normal(9, 2)
    found = log_likelihood(lambda x, t: x @ matrix.T, x0, time_grid(400))
    end = x0 @ torch.matrix_exp(matrix).T
    want = normal_log_prob(end) + matrix.trace()
    torch.testing.assert_close(found, want, rtol=1e-4, atol=1e-4)


def test_it_integrates_to_one():
    """Over the plane, for a field that was never trained on anything."""
    grid, area = plane(5, 101)

    def field(x, t):
        return torch.tanh(x.flip(1)) * (1 + t[:, None]) + 0.5 * torch.sin(x)

    total = log_likelihood(field, grid, time_grid(20)).exp().sum() * area
    assert abs(float(total.detach()) - 1) < 2e-3


def test_hutchinson_with_every_sign_is_exact():
    """The four probes (+-1, +-1) average to the trace, without any chance."""
    x, t = data(6), torch.full((6,), 0.5, dtype=torch.float64)
    field = frozen(exact, t)
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0]).double()] * 2)
    found = [hutchinson(s.expand_as(x))(field, x) for s in signs]
    torch.testing.assert_close(torch.stack(found).mean(0), divergence(field, x))


def test_the_estimated_likelihood_is_right_on_average():
    x0, ts = data(8, seed=2), time_grid(60)
    want = log_likelihood(exact, x0, ts)
    probes = torch.randint(0, 2, (40 * 8, 2), generator=seeded()).double()
    runs = log_likelihood(exact, x0.repeat(40, 1), ts, hutchinson(2 * probes - 1))
    runs = runs.reshape(40, 8)
    error = (runs.mean(0) - want).abs()
    assert (error < 4 * runs.std(0) / math.sqrt(40) + 1e-9).all()


def test_the_walk_ends_in_noise():
    x0 = data(3000, seed=3)
    end = last(follow(exact, x0, time_grid(60).flip(0), heun_step))
    torch.testing.assert_close(end.T.cov(), torch.eye(2).double(), rtol=0, atol=0.12)
    assert end.mean(0).abs().max() < 0.1


def test_it_does_not_mind_no_grad_and_keeps_the_dtype():
    x0 = data(4).float()
    with torch.no_grad():
        quiet = log_likelihood(exact, x0, time_grid(10))
    assert quiet.dtype == torch.float32
    torch.testing.assert_close(quiet, log_likelihood(exact, x0, time_grid(10)))
