"""Solvers on paths. Authority: measured order of convergence on a mixture's exact
velocity, identities between solvers, DDPM's formulas, and recovered moments."""

import functools
import math
from itertools import pairwise

import pytest
import torch

from coursekit.datasets.toys import Mixture, exact_predict, lopsided
from coursekit.theory.ddpm import q_posterior
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.paths import CosinePath, DDPMPath, LinearPath, VPPath
from coursekit.theory.prediction import convert
from coursekit.theory.solvers import (
    ancestral_path,
    ddim_path,
    euler,
    heun,
    rk4,
    step_back,
    time_grid,
)

MIXTURE = lopsided()
PATHS = {"linear": LinearPath(), "cosine": CosinePath(), "vp": VPPath()}


def start(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 2, generator=generator, dtype=torch.float64)


def last(film):
    *_, x = film
    return x


@functools.cache
def reference(name, begin=0.95, end=0.2):
    """A start and where the exact flow takes it, by rk4 on a very fine grid."""
    x = start(8)
    ts = time_grid(240, begin, end)
    return x, last(rk4(exact_predict(MIXTURE, PATHS[name]), x, ts))


def slope(errors, sizes):
    """The order p of error ~ N^-p, by the two finest grids."""
    return math.log(errors[-2] / errors[-1]) / math.log(sizes[-1] / sizes[-2])


@pytest.mark.parametrize(
    ("solver", "order", "sizes"),
    [(euler, 1, (60, 120)), (heun, 2, (30, 60)), (rk4, 4, (24, 48))],
    ids=["euler", "heun", "rk4"],
)
@pytest.mark.parametrize("name", PATHS)
def test_order_of_convergence(solver, order, sizes, name):
    predict, (x, truth) = exact_predict(MIXTURE, PATHS[name]), reference(name)
    errors = [
        float((last(solver(predict, x, time_grid(n, 0.95, 0.2))) - truth).norm())
        for n in sizes
    ]
    measured = slope(errors, sizes)
    print(f"{solver.__name__} on {name}: order {measured:.2f}")
    assert abs(measured - order) < 0.25


@pytest.mark.parametrize("name", PATHS)
def test_ddim_is_of_first_order(name):
    path, sizes, (x, truth) = PATHS[name], (60, 120), reference(name)
    predict = exact_predict(MIXTURE, path)
    errors = [
        float(
            (last(ddim_path(predict, x, time_grid(n, 0.95, 0.2), path)) - truth).norm()
        )
        for n in sizes
    ]
    assert abs(slope(errors, sizes) - 1) < 0.2


def test_heun_keeps_its_order_when_the_last_step_is_euler():
    sizes, (x, truth) = (40, 80), reference("linear", 1.0, 0.0)
    predict = exact_predict(MIXTURE, PATHS["linear"])
    errors = [
        float((last(heun(predict, x, time_grid(n))) - truth).norm()) for n in sizes
    ]
    assert slope(errors, sizes) > 1.7


def test_on_the_straight_line_euler_is_ddim():
    path, x, ts = PATHS["linear"], start(6), time_grid(15)
    predict = exact_predict(MIXTURE, path)
    for a, b in zip(
        euler(predict, x, ts), ddim_path(predict, x, ts, path), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", PATHS)
def test_ddim_with_eta_one_is_ancestral(name):
    path, x, ts = PATHS[name], start(6), time_grid(15, 0.98, 0.0)
    predict = exact_predict(MIXTURE, path)
    one = ddim_path(predict, x, ts, path, 1.0, torch.Generator().manual_seed(3))
    two = ancestral_path(predict, x, ts, path, torch.Generator().manual_seed(3))
    for a, b in zip(one, two, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-8)


def test_step_back_on_a_ddpm_path_is_the_ddpm_posterior():
    schedule = make_schedule("cosine", 30)
    k = torch.arange(2, 31)
    one = torch.ones(29, 1).double()
    weight_x0 = q_posterior(one, 0 * one, k, schedule)[0][:, 0]
    weight_xk, var = q_posterior(0 * one, one, k, schedule)
    t = k.double() / 30
    got = step_back(DDPMPath(schedule), t, t - 1 / 30)
    for a, b in zip(got, (weight_xk[:, 0], weight_x0, var[:, 0]), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", PATHS)
def test_step_back_composes_with_the_marginal(name):
    path = PATHS[name]
    t = torch.tensor([0.2, 0.5, 0.9, 0.99]).double()
    s = t * torch.tensor([0.9, 0.1, 0.5, 0.0]).double()
    weight_xt, weight_x0, var = step_back(path, t, s)
    mean = weight_xt * path.alpha(t) + weight_x0
    torch.testing.assert_close(mean, path.alpha(s))
    torch.testing.assert_close(
        weight_xt**2 * path.sigma(t) ** 2 + var, path.sigma(s) ** 2
    )


SAMPLERS = {
    "euler": lambda p, x, ts, path, g: euler(p, x, ts),
    "heun": lambda p, x, ts, path, g: heun(p, x, ts),
    "rk4": lambda p, x, ts, path, g: rk4(p, x, ts),
    "ddim": lambda p, x, ts, path, g: ddim_path(p, x, ts, path),
    "ddim-half": lambda p, x, ts, path, g: ddim_path(p, x, ts, path, 0.5, g),
    "ancestral": lambda p, x, ts, path, g: ancestral_path(p, x, ts, path, g),
}


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("name", ["linear", "vp"])
def test_exact_belief_recovers_the_moments(name, sampler):
    path, n = PATHS[name], 4000
    end = 0.0 if name == "linear" else 1e-3  # sigma has infinite slope at 0 on vp
    generator = torch.Generator().manual_seed(1)
    ts = time_grid(60, 1.0, end)
    film = SAMPLERS[sampler](
        exact_predict(MIXTURE, path), start(n), ts, path, generator
    )
    x0 = last(film)
    torch.testing.assert_close(x0.mean(0), MIXTURE.mean(), rtol=0, atol=0.07)
    torch.testing.assert_close(torch.cov(x0.T), MIXTURE.covariance(), rtol=0, atol=0.1)


def test_a_single_gaussian_is_transported_linearly():
    """For N(m, s^2), the flow maps z to alpha m + sqrt(alpha^2 s^2 + sigma^2) z."""
    one = Mixture(torch.ones(1), torch.tensor([[3.0, -1.0]]), torch.tensor([0.5]))
    x = start(5)
    predict = exact_predict(one, PATHS["linear"])
    expected = torch.tensor([3.0, -1.0]).double() + 0.5 * x
    got = last(rk4(predict, x, time_grid(50)))
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(5, 2), (5, 3, 4, 6), (5, 2, 3, 4, 6)])
def test_films_have_every_state_and_pass_one_time_per_sample(shape):
    path, times = CosinePath(), []

    def predict(xt, t):
        times.append(t)
        return convert(xt / 2, xt, t, path, "v")

    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    ts = time_grid(4)
    for solver in (euler, heun, rk4):
        film = list(solver(predict, x, ts))
        assert len(film) == 5 and film[0] is x
        assert all(s.shape == shape and s.dtype == x.dtype for s in film)
    for solver in (ancestral_path, ddim_path):
        film = list(solver(predict, x, ts, path))
        assert len(film) == 5 and film[-1].isfinite().all()
        assert all(s.shape == shape and s.dtype == x.dtype for s in film)
    assert all(t.shape == (5,) and t.dtype == x.dtype for t in times)


def test_time_grid_is_even_and_exact_at_its_ends():
    ts = time_grid(7, 0.9, 0.1)
    assert len(ts) == 8 and ts[0] == 0.9 and ts[-1] == 0.1
    gaps = [float(a - b) for a, b in pairwise(ts)]
    assert max(gaps) - min(gaps) < 1e-12


def test_solvers_can_be_differentiated_through():
    path = LinearPath()
    x = start(3).requires_grad_()
    last(euler(exact_predict(MIXTURE, path), x, time_grid(5))).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()
