"""SDEs of paths. Authority: coefficients in closed form (Song et al. 2021), moment
equations, exact variances of linear schemes, `convert` and Euler's method."""

import itertools
import math

import pytest
import torch

from coursekit.datasets.toys import Mixture, exact_predict, lopsided
from coursekit.theory import sde
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.paths import (
    CosinePath,
    DDPMPath,
    LinearPath,
    VEPath,
    VPPath,
    expand_as,
)
from coursekit.theory.prediction import convert
from coursekit.theory.sde import (
    drift_diffusion,
    euler_maruyama_step,
    probability_flow,
    reverse_sde,
    reverse_sde_step,
)
from coursekit.theory.solvers import euler, time_grid

PATHS = {
    "linear": LinearPath(),
    "cosine": CosinePath(),
    "vp": VPPath(),
    "ve": VEPath(0.05, 5.0),
}
SHAPES = [(7, 2), (7, 3, 4, 6), (7, 2, 3, 4, 5)]
DATA_VAR = 0.4  # of the Gaussian data that have closed forms


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def times(n, low=0.1, high=0.9, seed=9):
    generator = torch.Generator().manual_seed(seed)
    unit = torch.rand(n, generator=generator, dtype=torch.float64)
    return low + (high - low) * unit


def variance(path, t):
    """Of xt when the data are N(0, DATA_VAR)."""
    return path.alpha(t) ** 2 * DATA_VAR + path.sigma(t) ** 2


def gaussian_predict(path):
    """The exact belief about those data: everything is linear in xt."""

    def predict(xt, t):
        score = -xt / expand_as(variance(path, t), xt)
        return convert(score, xt, t, path, "score")

    return predict


def last(film):
    *_, x = film
    return x


def test_on_vp_the_coefficients_are_those_of_the_vp_sde():
    path, t = VPPath(0.2, 12.0), times(50, 0.001, 1.0)
    f, g = drift_diffusion(path, t)
    beta = 0.2 + t * 11.8
    torch.testing.assert_close(f, -beta / 2)
    torch.testing.assert_close(g, beta.sqrt())


def test_on_ve_there_is_no_drift():
    path, t = VEPath(0.02, 40.0), times(50, 0.0, 1.0)
    f, g = drift_diffusion(path, t)
    assert (f == 0).all()
    sigma = 0.02 * 2000.0**t
    torch.testing.assert_close(g, sigma * math.sqrt(2 * math.log(2000.0)))


def test_on_the_straight_and_the_round_path():
    t = times(50, 0.01, 0.99)
    f, g = drift_diffusion(LinearPath(), t)
    torch.testing.assert_close(f, -1 / (1 - t))
    torch.testing.assert_close(g**2, 2 * t / (1 - t))
    f, g = drift_diffusion(CosinePath(), t)
    tangent = torch.tan(math.pi / 2 * t)
    torch.testing.assert_close(f, -math.pi / 2 * tangent)
    torch.testing.assert_close(g**2, math.pi * tangent)


def test_on_a_ddpm_path_the_noise_rate_is_that_of_each_step():
    """Within step k, alpha_bar falls by 1 - beta_k at a constant rate."""
    schedule = make_schedule("cosine", 20)
    k = torch.arange(2, 20)
    f, g = drift_diffusion(DDPMPath(schedule), (k - 0.4).double() / 20)
    rate = -20 * torch.log1p(-schedule.beta[k])
    torch.testing.assert_close(f, -rate / 2)
    torch.testing.assert_close(g**2, rate)


@pytest.mark.parametrize("shape", [(), (7,), (3, 5)], ids=str)
@pytest.mark.parametrize("name", PATHS)
def test_coefficients_have_the_shape_of_t(name, shape):
    f, g = drift_diffusion(PATHS[name], torch.full(shape, 0.3).double())
    assert f.shape == g.shape == shape and f.dtype == g.dtype == torch.float64


@pytest.mark.parametrize("name", PATHS)
def test_the_moment_equations_lead_along_the_path(name):
    """m' = f m and v' = 2 f v + g^2, by the classical Runge-Kutta method."""
    path, ts = PATHS[name], torch.linspace(0.05, 0.9, 401, dtype=torch.float64)

    def slopes(t, m, v):
        f, g = drift_diffusion(path, t)
        return f * m, 2 * f * v + g**2

    m, v = path.alpha(ts[0]), variance(path, ts[0])
    for t, s in itertools.pairwise(ts):
        h, used, total = s - t, (m * 0, v * 0), (m * 0, v * 0)
        for share, weight in ((0.0, 1), (0.5, 2), (0.5, 2), (1.0, 1)):
            place = [x + share * h * k for x, k in zip((m, v), used, strict=True)]
            used = slopes(t + share * h, *place)
            total = tuple(a + weight * k for a, k in zip(total, used, strict=True))
        m, v = m + h / 6 * total[0], v + h / 6 * total[1]
    torch.testing.assert_close(m, path.alpha(ts[-1]), rtol=1e-7, atol=0)
    torch.testing.assert_close(v, variance(path, ts[-1]), rtol=1e-7, atol=0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("sign", [1, -1], ids=["forwards", "back"])
def test_a_step_is_a_pull_and_a_shake(sign, shape):
    x, drift, noise = (normal(*shape, seed=i) for i in range(3))
    g, dt = times(7, 0.5, 2.0), sign * times(7, 0.01, 0.3, seed=4)
    moved = euler_maruyama_step(x, drift, g, dt, noise)
    for i in range(7):
        shake = float(g[i]) * math.sqrt(abs(float(dt[i]))) * noise[i]
        torch.testing.assert_close(moved[i], x[i] + float(dt[i]) * drift[i] + shake)


def test_the_variance_of_a_shake_is_that_of_a_wiener_process():
    """One step or a hundred: without drift the variance is g^2 times the time."""
    n, size = 20_000, torch.full((20_000,), 1.7).double()
    for steps in (1, 100):
        x, dt = torch.zeros(n, 1).double(), torch.full((n,), -0.6 / steps).double()
        for i in range(steps):
            x = euler_maruyama_step(x, 0 * x, size, dt, normal(n, 1, seed=i))
        assert float(x.var()) == pytest.approx(1.7**2 * 0.6, rel=0.05)


def forward_moments(path, steps):
    """Mean factor and variance of Euler-Maruyama forwards, exactly: it is linear.

    (On the straight path the mean has no error at all: its factors telescope.)
    """
    ts = time_grid(steps, 0.05, 0.8)
    m, v = path.alpha(ts[0]), variance(path, ts[0])
    one, zero = torch.ones(1, 1).double(), torch.zeros(1, 1).double()
    for t, s in itertools.pairwise(ts):
        f, g = (c[None] for c in drift_diffusion(path, t))
        dt = (s - t)[None]
        keep = euler_maruyama_step(one, expand_as(f, one) * one, g, dt, zero)
        shake = euler_maruyama_step(zero, zero, g, dt, one)
        m, v = m * keep[0, 0], v * keep[0, 0] ** 2 + shake[0, 0] ** 2
    return float(m), float(v)


@pytest.mark.parametrize("name", PATHS)
def test_euler_maruyama_is_of_weak_order_one(name):
    path, end = PATHS[name], torch.tensor(0.8, dtype=torch.float64)
    truth = float(path.alpha(end)), float(variance(path, end))
    coarse, fine = (
        [abs(a - b) for a, b in zip(forward_moments(path, n), truth, strict=True)]
        for n in (400, 800)
    )
    orders = [math.log2(a / b) for a, b in zip(coarse, fine, strict=True) if b > 1e-9]
    print(f"{name}: weak orders {[round(p, 2) for p in orders]}")
    assert orders and all(abs(p - 1) < 0.1 for p in orders)


def backward_variance(path, churn, steps, monkeypatch):
    """The variance of `reverse_sde` on Gaussian data, exactly: it is linear.

    Sample 0 carries the start and no noise; sample i nothing but the noise of step i.
    """
    unit = iter(torch.eye(steps + 1, dtype=torch.float64)[1:])
    monkeypatch.setattr(sde, "fresh_noise", lambda x, g: next(unit)[:, None])
    ts = time_grid(steps, 0.9, 0.1)
    x = torch.zeros(steps + 1, 1).double()
    x[0] = variance(path, ts[0]).sqrt()
    end = last(reverse_sde(gaussian_predict(path), x, ts, path, churn))
    return float((end**2).sum())


@pytest.mark.parametrize("churn", [0.0, 0.5, 1.0, 1.7])
@pytest.mark.parametrize("name", PATHS)
def test_every_way_back_has_the_variance_of_the_path(name, churn, monkeypatch):
    """To first order in the step, whatever the churn."""
    path = PATHS[name]
    truth = float(variance(path, torch.tensor(0.1, dtype=torch.float64)))
    errors = [
        abs(backward_variance(path, churn, n, monkeypatch) / truth - 1)
        for n in (200, 400, 800)
    ]
    order = math.log2(errors[1] / errors[2])
    print(f"{name}, churn {churn}: errors {errors}, order {order:.2f}")
    assert errors[2] < 0.05
    assert abs(order - 1) < 0.25


@pytest.mark.parametrize("name", PATHS)
def test_the_way_back_ends_at_the_data_of_a_mixture(name):
    path, mixture, n = PATHS[name], lopsided(), 3000
    generator = torch.Generator().manual_seed(2)
    ts = time_grid(300, 0.95, 0.01)
    x = mixture.sample(n, generator)
    x = path.corrupt(x, normal(n, 2), ts[:1].expand(n))
    predict = exact_predict(mixture, path)
    end = last(reverse_sde(predict, x, ts, path, 1.0, generator))
    wanted = mixture.noised(float(path.alpha(ts[-1])), float(path.sigma(ts[-1])))
    torch.testing.assert_close(end.mean(0), wanted.mean(), rtol=0, atol=0.1)
    torch.testing.assert_close(torch.cov(end.T), wanted.covariance(), rtol=0, atol=0.12)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", PATHS)
def test_the_probability_flow_is_the_velocity(name, shape):
    path, t = PATHS[name], times(7)
    x, score = normal(*shape), normal(*shape, seed=1)
    velocity = convert(score, x, t, path, "score").velocity
    torch.testing.assert_close(probability_flow(x, score, t, path), velocity)


@pytest.mark.parametrize("name", PATHS)
def test_the_flow_of_a_gaussian_scales_with_its_width(name):
    """dx/dt = x * (slope of log of the standard deviation)."""
    path, t, x, h = PATHS[name], times(7), normal(7, 2), 1e-6
    flow = probability_flow(x, -x / variance(path, t)[:, None], t, path)
    log_std = [variance(path, t + step).log() / 2 for step in (h, -h)]
    slope = (log_std[0] - log_std[1]) / (2 * h)
    torch.testing.assert_close(flow, slope[:, None] * x, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", PATHS)
def test_without_churn_it_is_eulers_method(name):
    path, x, ts = PATHS[name], normal(7, 2), time_grid(15, 0.9, 0.1)
    predict = exact_predict(lopsided(), path)
    generator = torch.Generator().manual_seed(0)
    state = generator.get_state()
    ours = reverse_sde(predict, x, ts, path, 0.0, generator)
    for a, b in zip(ours, euler(predict, x, ts), strict=True):
        torch.testing.assert_close(a, b)
    assert torch.equal(generator.get_state(), state)  # it draws nothing


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", PATHS)
def test_the_step_and_the_walk_agree(name, shape):
    path, x, ts = PATHS[name], normal(*shape), time_grid(6, 0.9, 0.3)
    predict = gaussian_predict(path)
    film = reverse_sde(predict, x, ts, path, 1.0, torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(1)
    assert torch.equal(next(film), x)
    for state, (t, s) in zip(film, itertools.pairwise(ts), strict=True):
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        many = t.expand(7), s.expand(7)
        score = predict(x, many[0]).score
        x = reverse_sde_step(x, score, *many, noise, path)
        torch.testing.assert_close(state, x)


def test_a_step_back_by_hand_on_vp():
    path, x = VPPath(), normal(7, 2)
    score, noise = normal(7, 2, seed=1), normal(7, 2, seed=2)
    t = times(7, 0.5, 0.9)
    s = t - 0.01
    beta = (0.1 + 19.9 * t)[:, None]
    wanted = x + beta * 0.01 * (x / 2 + score) + (beta * 0.01).sqrt() * noise
    torch.testing.assert_close(reverse_sde_step(x, score, t, s, noise, path), wanted)


def test_a_flow_step_and_a_langevin_step_make_a_step_of_the_reverse_sde():
    """The other half of the score pays for the shake: a Langevin step of g^2 |dt|."""
    path, x = CosinePath(), normal(7, 2)
    score, noise = normal(7, 2, seed=1), normal(7, 2, seed=2)
    t, h = times(7, 0.5, 0.9), 0.02
    size = drift_diffusion(path, t)[1][:, None] ** 2 * h
    flowed = x - h * probability_flow(x, score, t, path)
    wanted = flowed + size / 2 * score + size.sqrt() * noise
    moved = reverse_sde_step(x, score, t, t - h, noise, path)
    torch.testing.assert_close(moved, wanted)


def test_films_have_every_state_in_the_dtype_of_the_start():
    path, x, ts = VPPath(), normal(7, 3, 4, 6).float(), time_grid(5, 0.9, 0.1)
    film = list(reverse_sde(gaussian_predict(path), x, ts, path, 0.7))
    assert len(film) == 6 and film[0] is x
    assert all(s.dtype == torch.float32 and s.shape == x.shape for s in film)


def test_one_data_point_is_found_whatever_the_churn():
    """A narrow Gaussian at (3, -1): all ways back end there."""
    one = Mixture(torch.ones(1), torch.tensor([[3.0, -1.0]]), torch.tensor([0.05]))
    path, ts = LinearPath(), time_grid(400, 0.98, 0.001)
    for churn in (0.0, 1.0):
        generator = torch.Generator().manual_seed(1)
        x = path.corrupt(one.means.expand(50, 2), normal(50, 2), ts[:1].expand(50))
        end = last(reverse_sde(exact_predict(one, path), x, ts, path, churn, generator))
        torch.testing.assert_close(end.mean(0), one.means[0], rtol=0, atol=0.05)
        assert float(end.std(0).max()) < 0.1
