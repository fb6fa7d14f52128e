"""DPM-Solvers. Authority: steps that are exact when the noise (or the data) stands
still, DDIM, and quadrature of the integral that the solvers approximate; test_walks.py
measures their orders of convergence."""

import math

import pytest
import torch
from support.theory import (
    MIXTURE,
    SHAPES,
    convergence,
    every_path,
    normal,
    time,
    walk,
)

from coursekit.datasets.toys import exact_predict
from coursekit.theory.dpm_solver import dpm1_step, dpm2_step, dpm2m, time_of_log_snr
from coursekit.theory.paths import CosinePath, LinearPath, expand_as
from coursekit.theory.prediction import convert
from coursekit.theory.solvers import ddim_path, time_grid

STEPS = {"dpm1": dpm1_step, "dpm2": dpm2_step}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("step", STEPS)
@every_path
def test_a_noise_that_stands_still_is_followed_exactly(path, step, shape):
    x0, eps, t, s = normal(*shape), normal(*shape, seed=1), time(0.9), time(0.1)

    def predict(xt, t):
        return convert(eps, xt, t, path, "eps")

    moved = STEPS[step](predict, path.corrupt(x0, eps, t), t, s, path)
    torch.testing.assert_close(moved, path.corrupt(x0, eps, s))


@pytest.mark.parametrize("kind", ["x0", "eps"])
@every_path
def test_the_multistep_solver_is_exact_when_its_kind_stands_still(path, kind):
    """Data that stand still as well as noise: x0 and eps of one line are constant."""
    ts = time_grid(5, 0.9, 0.1)
    known = {"x0": normal(7, 2), "eps": normal(7, 2, seed=1)}

    def predict(xt, t):
        return convert(known[kind], xt, t, path, kind)

    film = dpm2m(predict, path.corrupt(*known.values(), ts[0]), ts, path, kind)
    for x, t in zip(film, ts, strict=True):
        torch.testing.assert_close(x, path.corrupt(*known.values(), t))


@pytest.mark.parametrize("step", STEPS)
def test_the_integral_is_the_one_of_the_paper(step):
    """Where the noise is a function of lambda, quadrature gives the exact step."""
    path, x, t = CosinePath(), normal(7, 2), time(0.6)

    def noise(log_ratio):
        return torch.sin(1.3 * log_ratio) + 0.4 * log_ratio

    def predict(xt, t):
        eps = expand_as(noise(path.log_snr(t) / 2), xt).expand_as(xt)
        return convert(eps, xt, t, path, "eps")

    def error(n):
        s = t - 1 / n
        ends = [path.log_snr(time) / 2 for time in (t, s)]
        grid = ends[0].lerp(ends[1], time_grid(2000, 0.0, 1.0))
        area = torch.trapezoid(torch.exp(-grid) * noise(grid), grid)
        exact = path.alpha(s) / path.alpha(t) * x - path.alpha(s) * area
        return (STEPS[step](predict, x, t, s, path) - exact).norm()

    local = convergence(error, (10, 20))
    assert abs(local - (2 if step == "dpm1" else 3)) < 0.3


@every_path
def test_the_time_of_a_log_snr(path):
    late, early = time(0.99), time(0.01)
    ts = torch.linspace(0.02, 0.98, 49, dtype=torch.float64)
    for shape in ((49,), (7, 7)):
        wanted = path.log_snr(ts).reshape(shape)
        found = time_of_log_snr(path, wanted, late, early)
        assert found.dtype == torch.float64 and found.shape == shape
        torch.testing.assert_close(found, ts.reshape(shape), rtol=1e-12, atol=1e-12)
    beyond = torch.tensor([-1e3, 1e3], dtype=torch.float64)
    ends = time_of_log_snr(path, beyond, late, early)
    torch.testing.assert_close(ends, torch.stack([late, early]))


def test_evaluations_and_their_times():
    path, x, ts = LinearPath(), normal(5, 2), time_grid(4, 0.9, 0.1)
    seen = []

    def predict(xt, t):
        assert t.shape == (5,) and t.dtype == xt.dtype
        seen.append(float(t[0]))
        return convert(xt / 2, xt, t, path, "eps")

    dpm1_step(predict, x, ts[0], ts[1], path)
    assert seen == pytest.approx([0.9])
    seen.clear()
    dpm2_step(predict, x, ts[0], ts[1], path)
    # On the straight path lambda = log((1 - t) / t): the middle of the log odds.
    odds = math.sqrt(0.1 / 0.9 * 0.3 / 0.7)
    assert seen == pytest.approx([0.9, 1 / (1 + odds)])
    for kind in ("x0", "eps"):
        seen.clear()
        assert len(list(dpm2m(predict, x, ts, path, kind))) == 5
        assert seen == pytest.approx(ts[:-1].tolist())


@every_path
def test_dpm1_is_ddim_and_begins_the_multistep_solver(path):
    x, ts = normal(6, 2), time_grid(15, 0.98, 0.02)
    predict = exact_predict(MIXTURE, path)
    film = list(walk(dpm1_step)(predict, x, ts, path))
    by_ddim = list(ddim_path(predict, x, ts, path))
    torch.testing.assert_close(film, by_ddim, rtol=1e-8, atol=1e-8)
    for kind in ("x0", "eps"):
        _, moved, *_ = dpm2m(predict, x, ts, path, kind)
        torch.testing.assert_close(moved, film[1])
