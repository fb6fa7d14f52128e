"""SDEs of paths. Authority: coefficients in closed form (Song et al. 2021), moment
equations, exact variances of linear schemes, `convert` and Euler's method."""

import itertools
import math

import pytest
import torch
from support.theory import (
    MIXTURE,
    SHAPES,
    assert_moments,
    convergence,
    every_path,
    last,
    normal,
    seeded,
    time,
    times,
    walk,
)

from coursekit.datasets.toys import exact_predict
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

DATA_VAR = 0.4  # of the Gaussian data that have closed forms


def variance(path, t):
    """Of xt when the data are N(0, DATA_VAR)."""
    return path.alpha(t) ** 2 * DATA_VAR + path.sigma(t) ** 2


def gaussian_predict(path):
    """The exact belief about those data: everything is linear in xt."""

    def predict(xt, t):
        score = -xt / expand_as(variance(path, t), xt)
        return convert(score, xt, t, path, "score")

    return predict


def vp_rate(t):
    return 0.2 + t * 11.8


# f and g^2 at t, in closed form.
CLOSED_FORMS = {
    "linear": (LinearPath(), lambda t: (-1 / (1 - t), 2 * t / (1 - t))),
    "cosine": (
        CosinePath(),
        lambda t: (
            -math.pi / 2 * torch.tan(math.pi / 2 * t),
            math.pi * torch.tan(math.pi / 2 * t),
        ),
    ),
    "vp": (VPPath(0.2, 12.0), lambda t: (-vp_rate(t) / 2, vp_rate(t))),
    "ve": (
        VEPath(0.02, 40.0),
        lambda t: (0 * t, (0.02 * 2000.0**t) ** 2 * 2 * math.log(2000.0)),
    ),
}


@pytest.mark.parametrize("shape", [(), (7,), (3, 5)], ids=str)
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_coefficients_in_closed_form(name, shape):
    path, wanted = CLOSED_FORMS[name]
    t = times(shape, 0.01, 0.99)
    f, g = drift_diffusion(path, t)
    assert f.shape == g.shape == shape and f.dtype == g.dtype == torch.float64
    torch.testing.assert_close((f, g**2), wanted(t))


def test_on_a_ddpm_path_the_noise_rate_is_that_of_each_step():
    """Within step k, alpha_bar falls by 1 - beta_k at a constant rate."""
    schedule = make_schedule("cosine", 20)
    k = torch.arange(2, 20)
    f, g = drift_diffusion(DDPMPath(schedule), (k - 0.4).double() / 20)
    rate = -20 * torch.log1p(-schedule.beta[k])
    torch.testing.assert_close(f, -rate / 2)
    torch.testing.assert_close(g**2, rate)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("sign", [1, -1], ids=["forwards", "back"])
def test_a_step_is_a_pull_and_a_shake(sign, shape):
    x, drift, noise = (normal(*shape, seed=i) for i in range(3))
    g, dt = times(7, 0.5, 2.0), sign * times(7, 0.01, 0.3, seed=4)
    moved = euler_maruyama_step(x, drift, g, dt, noise)
    for i in range(7):
        shake = float(g[i]) * math.sqrt(abs(float(dt[i]))) * noise[i]
        torch.testing.assert_close(moved[i], x[i] + float(dt[i]) * drift[i] + shake)


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
    return torch.stack([m, v])


@every_path
def test_euler_maruyama_is_of_weak_order_one(path):
    """In the variance; and in the mean, but where that has no error."""
    end = time(0.8)
    truth = torch.stack([path.alpha(end), variance(path, end)])
    errors = {n: (forward_moments(path, n) - truth).abs() for n in (400, 800)}
    for i in range(2):
        if i == 1 or errors[800][i] > 1e-9:
            order = convergence(lambda n, i=i: errors[n][i], (400, 800))
            assert abs(order - 1) < 0.1


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
@every_path
def test_every_way_back_has_the_variance_of_the_path(path, churn, monkeypatch):
    """To first order in the step, whatever the churn."""
    truth = float(variance(path, time(0.1)))
    errors = {
        n: abs(backward_variance(path, churn, n, monkeypatch) / truth - 1)
        for n in (400, 800)
    }
    assert abs(convergence(errors.get, (400, 800)) - 1) < 0.25
    assert errors[800] < 0.05


@every_path
def test_the_way_back_ends_at_the_data_of_a_mixture(path):
    n, ts, generator = 3000, time_grid(300, 0.95, 0.01), seeded(2)
    x = MIXTURE.sample(n, generator)
    x = path.corrupt(x, normal(n, 2), ts[:1].expand(n))
    predict = exact_predict(MIXTURE, path)
    end = last(reverse_sde(predict, x, ts, path, 1.0, generator))
    wanted = MIXTURE.noised(float(path.alpha(ts[-1])), float(path.sigma(ts[-1])))
    assert_moments(end, wanted, 0.1, 0.12)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@every_path
def test_the_probability_flow_is_the_velocity(path, shape):
    x, score, t = normal(*shape), normal(*shape, seed=1), times(7, 0.1, 0.9)
    velocity = convert(score, x, t, path, "score").velocity
    torch.testing.assert_close(probability_flow(x, score, t, path), velocity)


@every_path
def test_without_churn_it_is_eulers_method(path):
    x, ts, generator = normal(7, 2), time_grid(15, 0.9, 0.1), seeded()
    predict = exact_predict(MIXTURE, path)
    state = generator.get_state()
    ours = list(reverse_sde(predict, x, ts, path, 0.0, generator))
    torch.testing.assert_close(ours, list(euler(predict, x, ts)))
    assert torch.equal(generator.get_state(), state)  # it draws nothing


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@every_path
def test_the_step_and_the_walk_agree(path, shape):
    x, ts, generator = normal(*shape), time_grid(6, 0.9, 0.3), seeded(1)
    predict = gaussian_predict(path)

    def step(predict, x, t, s, path):
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        t, s = t.expand(7), s.expand(7)
        return reverse_sde_step(x, predict(x, t).score, t, s, noise, path)

    film = list(reverse_sde(predict, x, ts, path, 1.0, seeded(1)))
    torch.testing.assert_close(film, list(walk(step)(predict, x, ts, path)))


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
