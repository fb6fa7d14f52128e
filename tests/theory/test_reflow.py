"""Reflow. Authority: closed forms on Gaussians (where the flow is linear and its paths
are known), the variance identity of S, and Liu et al.'s claim on transport costs."""

import pytest
import torch
from support.theory import MIXTURE, SHAPES, exact, normal, seeded

from coursekit.theory.couplings import transport_cost
from coursekit.theory.flow import follow, heun_step
from coursekit.theory.paths import expand_as
from coursekit.theory.reflow import make_pairs, straightness
from coursekit.theory.solvers import spread_time, time_grid

WIDTH = 0.5


def gaussian(xt, t):
    """The velocity for data N(0, WIDTH^2): x_t = spread(t) e, with the same e."""
    t = expand_as(t, xt)
    var = (1 - t) ** 2 * WIDTH**2 + t**2
    return (t - (1 - t) * WIDTH**2) / var * xt


def test_pairs_of_a_gaussian_are_known():
    """Noise e is carried to WIDTH e: the flow is the map between the two Gaussians."""
    x0, eps = make_pairs(gaussian, normal(50, 2), time_grid(200), heun_step)
    torch.testing.assert_close(x0, WIDTH * eps, rtol=1e-4, atol=1e-5)


def test_pairs_are_the_ends_of_the_walk_and_carry_no_gradient():
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    start, ts = normal(20, 2), time_grid(10, 1.0, 0.1)
    x0, eps = make_pairs(lambda x, t: weight * exact(x, t), start, ts)
    assert eps is start and not x0.requires_grad
    torch.testing.assert_close(x0, list(follow(exact, start, ts))[-1])


@pytest.mark.parametrize("power", [1, 2], ids=["even", "uneven"])
def test_straightness_of_a_gaussian_flow_is_known(power):
    """The path of e is spread(t) e: S = E[e^2] times the variance of spread'(t)."""
    eps, ts = normal(4000, 2), time_grid(2000) ** power
    t = torch.linspace(0, 1, 20001, dtype=torch.float64)
    spread = ((1 - t) ** 2 * WIDTH**2 + t**2).sqrt()
    rate = (t - (1 - t) * WIDTH**2) / spread
    want = (torch.trapezoid((rate - (1 - WIDTH)) ** 2, t)) * (eps**2).mean()
    found = straightness(gaussian, eps, ts)
    print(f"S of the Gaussian flow: {found:.5f}, closed form {want:.5f}")
    torch.testing.assert_close(found, want, rtol=5e-3, atol=0)


def test_straightness_is_a_variance():
    """S = mean |u|^2 over time - mean |overall|^2: what bends is lost to the way."""
    eps, ts = normal(64, 2), time_grid(40, 1.0, 0.1)
    states = list(follow(exact, eps, ts))
    speeds = [exact(x, spread_time(t, x)) for x, t in zip(states, ts, strict=True)]
    overall = (states[0] - states[-1]) / 0.9
    want = torch.stack(speeds[:-1]).square().mean() - overall.square().mean()
    torch.testing.assert_close(straightness(exact, eps, ts), want)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_straight_paths_have_no_bend(shape):
    """All lead to 1."""

    def to_one(x, t):
        return (x - 1) / expand_as(t, x)

    assert straightness(to_one, normal(*shape), time_grid(9)) < 1e-20


def test_the_flow_shortens_the_way():
    """Liu et al. 2023: the pairs of the flow cost no more than independent pairs."""
    eps = normal(3000, 2)
    x0, _ = make_pairs(exact, eps, time_grid(60, 1.0, 0.01), heun_step)
    independent = MIXTURE.sample(3000, seeded(1))
    flow, before = transport_cost(x0, eps), transport_cost(independent, eps)
    print(f"transport cost: independent {before:.2f}, after the flow {flow:.2f}")
    assert flow < 0.7 * before
