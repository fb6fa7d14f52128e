"""Solvers on paths. Authority: measured order of convergence on a mixture's exact
velocity, identities between solvers, DDPM's formulas, and recovered moments."""

import functools
from itertools import pairwise

import pytest
import torch
from support.theory import (
    MIXTURE,
    SHAPES,
    assert_moments,
    convergence,
    last,
    normal,
    seeded,
)

from coursekit.datasets.toys import Mixture, exact_predict
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

PATHS = {"linear": LinearPath(), "cosine": CosinePath(), "vp": VPPath()}


@functools.cache
def reference(path, begin, end):
    """A start and where the exact flow takes it, by rk4 on a very fine grid."""
    x = normal(8, 2)
    return x, last(rk4(exact_predict(MIXTURE, path), x, time_grid(240, begin, end)))


ORDERS = {
    "euler": (euler, 1, (60, 120), PATHS),
    "heun": (heun, 2, (30, 60), PATHS),
    "heun, last step Euler": (heun, 2, (40, 80), ["linear to the data"]),
    "rk4": (rk4, 4, (24, 48), PATHS),
    "ddim": (ddim_path, 1, (60, 120), PATHS),
}


@pytest.mark.parametrize(
    ("solver", "name"), [(s, name) for s, row in ORDERS.items() for name in row[3]]
)
def test_order_of_convergence(solver, name):
    solve, order, sizes, _ = ORDERS[solver]
    ends = (1.0, 0.0) if name == "linear to the data" else (0.95, 0.2)
    path = PATHS[name.split()[0]]
    predict, (x, truth) = exact_predict(MIXTURE, path), reference(path, *ends)
    extra = (path,) if solve is ddim_path else ()

    def error(n):
        return (last(solve(predict, x, time_grid(n, *ends), *extra)) - truth).norm()

    assert abs(convergence(error, sizes) - order) < 0.25


def test_on_the_straight_line_euler_is_ddim():
    path, x, ts = PATHS["linear"], normal(6, 2), time_grid(15)
    predict = exact_predict(MIXTURE, path)
    films = euler(predict, x, ts), ddim_path(predict, x, ts, path)
    for a, b in zip(*films, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", PATHS)
def test_ddim_with_eta_one_is_ancestral(name):
    path, x, ts = PATHS[name], normal(6, 2), time_grid(15, 0.98, 0.0)
    predict = exact_predict(MIXTURE, path)
    one = ddim_path(predict, x, ts, path, 1.0, seeded(3))
    two = ancestral_path(predict, x, ts, path, seeded(3))
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
    total = weight_xt**2 * path.sigma(t) ** 2 + var
    torch.testing.assert_close(total, path.sigma(s) ** 2)


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
    path, predict = PATHS[name], exact_predict(MIXTURE, PATHS[name])
    end = 0.0 if name == "linear" else 1e-3  # sigma has infinite slope at 0 on vp
    ts = time_grid(60, 1.0, end)
    film = SAMPLERS[sampler](predict, normal(4000, 2), ts, path, seeded(1))
    assert_moments(last(film), MIXTURE, 0.07, 0.1)


def test_a_single_gaussian_is_transported_linearly():
    """For N(m, s^2), the flow maps z to alpha m + sqrt(alpha^2 s^2 + sigma^2) z."""
    one = Mixture(torch.ones(1), torch.tensor([[3.0, -1.0]]), torch.tensor([0.5]))
    x = normal(5, 2)
    predict = exact_predict(one, PATHS["linear"])
    expected = torch.tensor([3.0, -1.0]).double() + 0.5 * x
    got = last(rk4(predict, x, time_grid(50)))
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_films_have_every_state_and_pass_one_time_per_sample(shape):
    path, passed = CosinePath(), []

    def predict(xt, t):
        passed.append(t)
        return convert(xt / 2, xt, t, path, "v")

    x = normal(*shape, dtype=torch.float32)
    for sampler in SAMPLERS.values():
        film = list(sampler(predict, x, time_grid(4), path, seeded()))
        assert len(film) == 5 and film[0] is x and film[-1].isfinite().all()
        assert all(s.shape == shape and s.dtype == x.dtype for s in film)
    assert all(t.shape == (7,) and t.dtype == x.dtype for t in passed)


def test_time_grid_is_even_and_exact_at_its_ends():
    ts = time_grid(7, 0.9, 0.1)
    assert len(ts) == 8 and ts[0] == 0.9 and ts[-1] == 0.1
    gaps = [float(a - b) for a, b in pairwise(ts)]
    assert max(gaps) - min(gaps) < 1e-12


def test_solvers_can_be_differentiated_through():
    path = LinearPath()
    x = normal(3, 2).requires_grad_()
    last(euler(exact_predict(MIXTURE, path), x, time_grid(5))).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()
