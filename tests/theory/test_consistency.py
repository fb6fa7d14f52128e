"""Consistency models. Authority: the Gaussian flow, variances by hand, orders of local
error, and the gradient of a function with one weight."""

import pytest
import torch
from support.gaussian import GaussianFlow
from support.theory import SHAPES, convergence, normal, times

from coursekit.theory.consistency import (
    boundary_scalings,
    consistency_loss,
    distillation_pair,
    edm_consistency,
    flow_consistency,
    karras_grid,
    levels_at,
    training_pair,
)
from coursekit.theory.flow import euler_step, heun_step
from coursekit.theory.paths import expand_as

GAUSSIAN = GaussianFlow(0.3, 0.5)
LEVELS = torch.logspace(-1.5, 2, 30, dtype=torch.float64)


def target_variance(sigma, sigma_data, sigma_min):
    """The variance of (x0 - c_skip x) / c_out, for x = x0 + sigma eps."""
    c_skip, c_out = boundary_scalings(sigma, sigma_data, sigma_min)
    data, noise = (1 - c_skip) / c_out, -c_skip * sigma / c_out
    return data**2 * sigma_data**2 + noise**2


@pytest.mark.parametrize("sigma_data", [0.5, 1.0, 2.0])
def test_the_networks_target_has_variance_one(sigma_data):
    """c_out without sigma_data has sigma_data^2 here, .25 for .5, and f(x, 0) = x."""
    found = target_variance(LEVELS, sigma_data, 0.0)
    torch.testing.assert_close(found, torch.ones_like(LEVELS))


def test_close_to_the_end_the_variance_is_larger():
    """sigma_min = .002 costs 4 at twice that level, and nothing from .5 on."""
    near, far = torch.tensor([0.004, 0.5], dtype=torch.float64)
    assert float(target_variance(near, 0.5, 0.002)) == pytest.approx(4, rel=1e-3)
    assert float(target_variance(far, 0.5, 0.002)) == pytest.approx(1, rel=1e-2)


@pytest.mark.parametrize("sigma_min", [0.0, 0.002, 0.1])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_path_ends_where_it_ends(shape, sigma_min):
    """Exactly, whatever the network says: a boundary at 0 is not one at .002."""
    x, end = normal(*shape), torch.full((7,), sigma_min, dtype=torch.float64)

    def network(x, sigma):
        return 1e3 * torch.ones_like(x)

    assert torch.equal(edm_consistency(network, 0.5, sigma_min)(x, end), x)
    assert torch.equal(flow_consistency(network)(x, torch.zeros(7)), x)
    c_skip, c_out = boundary_scalings(end[:1], 0.5, 0.0)
    if sigma_min == 0.002:
        assert float(c_skip) == pytest.approx(0.999984, abs=1e-6)
        assert float(c_out) == pytest.approx(0.002, abs=1e-6)


def test_the_network_sees_variance_one():
    """x of variance sigma^2 + sigma_data^2 is divided by its standard deviation."""
    seen = {}
    x, sigma = normal(30, 2), LEVELS
    edm_consistency(lambda z, s: seen.update(z=z, s=s) or z, 0.7)(x, sigma)
    torch.testing.assert_close(seen["z"] * (sigma**2 + 0.49).sqrt()[:, None], x)
    assert torch.equal(seen["s"], sigma)


def test_a_flow_network_says_the_average_velocity_to_the_end():
    x, t = normal(7, 2), times(7)
    f = flow_consistency(lambda x, t: GAUSSIAN.average(x, torch.zeros_like(t), t))
    torch.testing.assert_close(f(x, t), GAUSSIAN.end(x, t))


@pytest.mark.parametrize("rho", [1.0, 7.0])
def test_the_grid_has_even_roots(rho):
    grid = karras_grid(40, rho=rho)
    gaps = (grid ** (1 / rho)).diff()
    torch.testing.assert_close(gaps, gaps.mean().expand(39))
    assert grid[[0, -1]].tolist() == pytest.approx([80, 0.002])


def test_levels_grow_from_start_to_end():
    """Linear in the square, so twice as many levels last four times as long."""
    counts = [levels_at(k / 1000, 2, 150) for k in range(1001)]
    assert (counts[0], counts[-1]) == (2, 151) and counts == sorted(counts)
    assert levels_at(0.25, 2, 150) == pytest.approx(151 / 2, abs=1)


@pytest.mark.parametrize(("step", "order"), [(euler_step, 2), (heun_step, 3)])
def test_one_step_of_the_teacher_has_its_local_order(step, order):
    x0, eps, t = normal(50, 2), normal(50, 2, seed=1), times(50, 0.6, 0.9)

    def error(n):
        xt, xs = distillation_pair(GAUSSIAN.velocity, x0, eps, t, t - 1 / n, step)
        exact = xt - GAUSSIAN.average(xt, t - 1 / n, t) / n
        return (xs - exact).abs().mean()

    assert convergence(error, (10, 40)) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_training_pair_lies_on_one_line(shape):
    """Two draws of noise would not."""
    x0, eps, t, s = normal(*shape), normal(*shape, seed=1), times(7, 0.5), times(7) / 3
    xt, xs = training_pair(x0, eps, t, s)
    torch.testing.assert_close((xt - xs) / expand_as(t - s, xt), eps - x0)
    torch.testing.assert_close(
        xt, distillation_pair(GAUSSIAN.velocity, x0, eps, t, s)[0]
    )


def test_a_training_pair_is_right_on_average_only():
    """The regression of its slope on x_t is the velocity; what is left is not 0."""
    n = 200_000
    x0, eps = 0.3 + 0.5 * normal(n, 1), normal(n, 1, seed=1)
    t = torch.full((n,), 0.6, dtype=torch.float64)
    xt, xs = training_pair(x0, eps, t, t / 2)
    slope, velocity = (xt - xs) / 0.3, GAUSSIAN.velocity(xt, t)
    centred = velocity - velocity.mean()
    gain = ((slope - slope.mean()) * centred).mean() / (centred**2).mean()
    assert float(gain) == pytest.approx(1, abs=0.02)
    assert float((slope - velocity).std()) > 0.5


def test_the_right_function_has_no_loss_on_the_right_pair():
    x0, eps, t, s = normal(9, 2), normal(9, 2, seed=1), times(9, 0.5), times(9) / 3
    xt, _ = training_pair(x0, eps, t, s)
    xs = xt - expand_as(t - s, xt) * GAUSSIAN.average(xt, s, t)
    loss = consistency_loss(GAUSSIAN.end, GAUSSIAN.end, (xt, xs), t, s)
    assert loss.shape == (9,) and float(loss.max()) < 1e-28
    wrong = consistency_loss(GAUSSIAN.end, GAUSSIAN.end, (xt, xs), s, t)
    assert float(wrong.min()) > 1e-6, "each point has its own time"


def test_only_the_noisier_point_learns():
    """f = a x: the slope of (a x_t - sg(a x_s))^2 in a, written out."""
    a = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    pair = normal(6, 1), normal(6, 1, seed=1)

    def f(x, t):
        return a * x

    loss = consistency_loss(f, f, pair, times(6), times(6) / 2).sum()
    (slope,) = torch.autograd.grad(loss, a)
    xt, xs = pair
    torch.testing.assert_close(slope, (2 * 0.7 * (xt - xs) * xt).sum())


def test_at_the_end_of_the_path_the_target_is_the_point_itself():
    x, end = normal(5, 2), torch.zeros(5, dtype=torch.float64)
    f = flow_consistency(lambda x, t: 5 + x)
    loss = consistency_loss(f, f, (x, x + 1), end, end)
    torch.testing.assert_close(loss, torch.full((5,), 2.0, dtype=torch.float64))
