"""Solvers on paths. Authority: identities between solvers, DDPM's formulas, recovered
moments; test_walks.py measures their orders of convergence."""

import pytest
import torch
from support import theory
from support.theory import MIXTURE, assert_moments, last, normal, seeded

from coursekit.datasets.toys import Mixture, exact_predict
from coursekit.theory.ddpm import q_posterior
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.paths import DDPMPath
from coursekit.theory.solvers import (
    ancestral_path,
    ddim_path,
    euler,
    heun,
    rk4,
    step_back,
    time_grid,
)

PATHS = {name: theory.PATHS[name] for name in ("linear", "cosine", "vp")}


def test_on_the_straight_line_euler_is_ddim():
    path, x, ts = PATHS["linear"], normal(6, 2), time_grid(15)
    predict = exact_predict(MIXTURE, path)
    films = list(euler(predict, x, ts)), list(ddim_path(predict, x, ts, path))
    torch.testing.assert_close(*films, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", PATHS)
def test_ddim_with_eta_one_is_ancestral(name):
    path, x, ts = PATHS[name], normal(6, 2), time_grid(15, 0.98, 0.0)
    predict = exact_predict(MIXTURE, path)
    one = list(ddim_path(predict, x, ts, path, 1.0, seeded(3)))
    two = list(ancestral_path(predict, x, ts, path, seeded(3)))
    torch.testing.assert_close(one, two, rtol=1e-8, atol=1e-8)


def test_step_back_on_a_ddpm_path_is_the_ddpm_posterior():
    schedule = make_schedule("cosine", 30)
    k = torch.arange(2, 31)
    one = torch.ones(29, 1).double()
    weight_x0 = q_posterior(one, 0 * one, k, schedule)[0][:, 0]
    weight_xk, var = q_posterior(0 * one, one, k, schedule)
    t = k.double() / 30
    got = step_back(DDPMPath(schedule), t, t - 1 / 30)
    wanted = weight_xk[:, 0], weight_x0, var[:, 0]
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-12)


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
    "euler": lambda p, x, ts, path: euler(p, x, ts),
    "heun": lambda p, x, ts, path: heun(p, x, ts),
    "rk4": lambda p, x, ts, path: rk4(p, x, ts),
    "ddim": ddim_path,
    "ddim-half": lambda *walk: ddim_path(*walk, 0.5, seeded(1)),
    "ancestral": lambda *walk: ancestral_path(*walk, seeded(1)),
}


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("name", ["linear", "vp"])
def test_exact_belief_recovers_the_moments(name, sampler):
    path, predict = PATHS[name], exact_predict(MIXTURE, PATHS[name])
    end = 0.0 if name == "linear" else 1e-3  # sigma has infinite slope at 0 on vp
    ts = time_grid(60, 1.0, end)
    film = SAMPLERS[sampler](predict, normal(4000, 2), ts, path)
    assert_moments(last(film), MIXTURE, 0.07, 0.1)


def test_a_single_gaussian_is_transported_linearly():
    """For N(m, s^2), the flow maps z to alpha m + sqrt(alpha^2 s^2 + sigma^2) z."""
    one = Mixture(torch.ones(1), torch.tensor([[3.0, -1.0]]), torch.tensor([0.5]))
    x = normal(5, 2)
    predict = exact_predict(one, PATHS["linear"])
    expected = torch.tensor([3.0, -1.0]).double() + 0.5 * x
    got = last(rk4(predict, x, time_grid(50)))
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-4)


def test_time_grid_is_even_and_exact_at_its_ends():
    ts = time_grid(7, 0.9, 0.1)
    assert len(ts) == 8 and ts[0] == 0.9 and ts[-1] == 0.1
    assert ts.diff().max() - ts.diff().min() < 1e-12


def test_solvers_can_be_differentiated_through():
    x, predict = normal(3, 2).requires_grad_(), exact_predict(MIXTURE, PATHS["linear"])
    last(euler(predict, x, time_grid(5))).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()
