"""DPM-Solvers. Authority: measured orders of convergence on a mixture's exact belief,
steps that are exact when the noise (or the data) stands still, DDIM, and quadrature of
the integral that the solvers approximate."""

import functools
import math
from itertools import pairwise

import pytest
import torch

from coursekit.datasets.toys import exact_predict, lopsided
from coursekit.theory.dpm_solver import dpm1_step, dpm2_step, dpm2m, time_of_log_snr
from coursekit.theory.paths import CosinePath, LinearPath, VEPath, VPPath, expand_as
from coursekit.theory.prediction import convert
from coursekit.theory.solvers import ddim_path, rk4, time_grid

MIXTURE = lopsided()
PATHS = {"vp": VPPath(), "cosine": CosinePath(), "linear": LinearPath()}
ALL = PATHS | {"ve": VEPath(0.05, 5.0)}
STEPS = {"dpm1": dpm1_step, "dpm2": dpm2_step}


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def last(film):
    *_, x = film
    return x


def walk(step):
    """A solver from one step."""

    def solver(predict, x, ts, path):
        yield x
        for t, s in pairwise(ts):
            x = step(predict, x, t, s, path)
            yield x

    return solver


SOLVERS = {
    "dpm1": (walk(dpm1_step), 1, (60, 120)),
    "dpm2": (walk(dpm2_step), 2, (40, 80)),
    "dpm2m of x0": (functools.partial(dpm2m, kind="x0"), 2, (80, 160)),
    "dpm2m of eps": (functools.partial(dpm2m, kind="eps"), 2, (80, 160)),
}


@functools.cache
def reference(name, begin=0.95, end=0.2):
    """A start and where the exact flow takes it, by rk4 on a very fine grid."""
    x, ts = normal(8, 2), time_grid(240, begin, end)
    return x, last(rk4(exact_predict(MIXTURE, PATHS[name]), x, ts))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", PATHS)
def test_order_of_convergence(name, solver):
    path, (x, truth) = PATHS[name], reference(name)
    follow, order, sizes = SOLVERS[solver]
    predict = exact_predict(MIXTURE, path)
    errors = [
        float((last(follow(predict, x, time_grid(n, 0.95, 0.2), path)) - truth).norm())
        for n in sizes
    ]
    measured = math.log2(errors[0] / errors[1])
    print(f"{solver} on {name}: order {measured:.2f}")
    assert abs(measured - order) < 0.3


@pytest.mark.parametrize("name", PATHS)
def test_on_even_steps_in_lambda_the_orders_are_the_same(name):
    path, (x, truth) = PATHS[name], reference(name)
    predict = exact_predict(MIXTURE, path)
    t, s = (torch.tensor(end, dtype=torch.float64) for end in (0.95, 0.2))
    for solver, (follow, order, sizes) in SOLVERS.items():
        errors = []
        for n in sizes:
            wanted = path.log_snr(t).lerp(path.log_snr(s), time_grid(n, 0.0, 1.0))
            ts = time_of_log_snr(path, wanted, t, s)
            errors.append(float((last(follow(predict, x, ts, path)) - truth).norm()))
        measured = math.log2(errors[0] / errors[1])
        print(f"{solver} on {name}: order {measured:.2f}")
        assert abs(measured - order) < 0.3


@pytest.mark.parametrize("name", PATHS)
def test_dpm1_is_ddim(name):
    path, x, ts = PATHS[name], normal(6, 2), time_grid(15, 0.98, 0.02)
    predict = exact_predict(MIXTURE, path)
    ours = walk(dpm1_step)(predict, x, ts, path)
    for a, b in zip(ours, ddim_path(predict, x, ts, path), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("shape", [(7, 2), (7, 3, 4, 6), (7, 2, 3, 4, 5)], ids=str)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ALL)
def test_a_noise_that_stands_still_is_followed_exactly(name, step, shape):
    path, x0, eps = ALL[name], normal(*shape), normal(*shape, seed=1)
    t, s = (torch.tensor(end, dtype=torch.float64) for end in (0.9, 0.1))

    def predict(xt, t):
        return convert(eps, xt, t, path, "eps")

    moved = STEPS[step](predict, path.corrupt(x0, eps, t), t, s, path)
    torch.testing.assert_close(moved, path.corrupt(x0, eps, s))


@pytest.mark.parametrize("kind", ["x0", "eps"])
@pytest.mark.parametrize("name", ALL)
def test_the_multistep_solver_is_exact_when_its_kind_stands_still(name, kind):
    """Data that stand still as well as noise: x0 and eps of one line are constant."""
    path, ts = ALL[name], time_grid(5, 0.9, 0.1)
    known = {"x0": normal(7, 2), "eps": normal(7, 2, seed=1)}

    def predict(xt, t):
        return convert(known[kind], xt, t, path, kind)

    film = dpm2m(predict, path.corrupt(*known.values(), ts[0]), ts, path, kind)
    for x, t in zip(film, ts, strict=True):
        torch.testing.assert_close(x, path.corrupt(*known.values(), t))


@pytest.mark.parametrize("step", STEPS)
def test_the_integral_is_the_one_of_the_paper(step):
    """Where the noise is a function of lambda, quadrature gives the exact step."""
    path, x = CosinePath(), normal(7, 2)

    def noise(log_ratio):
        return torch.sin(1.3 * log_ratio) + 0.4 * log_ratio

    def predict(xt, t):
        eps = expand_as(noise(path.log_snr(t) / 2), xt).expand_as(xt)
        return convert(eps, xt, t, path, "eps")

    errors = []
    for length in (0.1, 0.05):
        t = torch.tensor(0.6, dtype=torch.float64)
        s = t - length
        ends = [path.log_snr(time) / 2 for time in (t, s)]
        grid = ends[0].lerp(ends[1], time_grid(2000, 0.0, 1.0))
        area = torch.trapezoid(torch.exp(-grid) * noise(grid), grid)
        exact = path.alpha(s) / path.alpha(t) * x - path.alpha(s) * area
        errors.append(float((STEPS[step](predict, x, t, s, path) - exact).norm()))
    local = math.log2(errors[0] / errors[1])
    print(f"{step}: local order {local:.2f}")
    assert abs(local - (2 if step == "dpm1" else 3)) < 0.3


@pytest.mark.parametrize("name", ALL)
def test_the_time_of_a_log_snr(name):
    path = ALL[name]
    late, early = (torch.tensor(end, dtype=torch.float64) for end in (0.99, 0.01))
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


def test_the_first_step_of_the_multistep_solver_is_dpm1():
    path, x, ts = VPPath(), normal(6, 2), time_grid(3, 0.9, 0.3)
    predict = exact_predict(MIXTURE, path)
    for kind in ("x0", "eps"):
        _, moved, *_ = dpm2m(predict, x, ts, path, kind)
        torch.testing.assert_close(moved, dpm1_step(predict, x, ts[0], ts[1], path))


@pytest.mark.parametrize("shape", [(5, 2), (5, 3, 4, 6), (5, 2, 3, 4, 6)], ids=str)
def test_states_keep_their_dtype_and_the_start_is_left_alone(shape):
    path, x, ts = CosinePath(), normal(*shape).float(), time_grid(4, 0.9, 0.1)
    before = x.clone()

    def predict(xt, t):
        return convert(xt / 2, xt, t, path, "eps")

    films = [walk(step)(predict, x, ts, path) for step in STEPS.values()]
    films += [dpm2m(predict, x, ts, path, kind) for kind in ("x0", "eps")]
    for film in map(list, films):
        assert len(film) == 5 and film[0] is x and torch.equal(x, before)
        assert all(s.shape == shape and s.dtype == torch.float32 for s in film)
