"""Paths. Authority: finite differences, closed forms, and the discrete schedules."""

import math

import pytest
import torch
from support import theory
from support.theory import SHAPES, normal, slope, time, times

from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.paths import DDPMPath, VEPath, expand_as

DDPM = DDPMPath(make_schedule("cosine", 50))
PATHS = theory.PATHS | {"ve": VEPath(), "ddpm": DDPM}
every_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
# none of these is a knot k / 50 of the DDPM path, where its slope jumps
TIMES = torch.tensor([0.031, 0.213, 0.501, 0.777, 0.951], dtype=torch.float64)


@every_path
def test_slopes_are_finite_differences(path):
    expected = slope(path.alpha, TIMES), slope(path.sigma, TIMES)
    torch.testing.assert_close(path.derivatives(TIMES), expected, rtol=1e-7, atol=1e-8)


@every_path
def test_shared_memory_and_scalars_are_no_obstacle(path):
    scalar = time(0.501)
    many = path.derivatives(scalar.expand(5))
    one = tuple(each.expand(5) for each in path.derivatives(scalar))
    torch.testing.assert_close(many, one)
    assert path.alpha(scalar.float()).dtype == torch.float32


@pytest.mark.parametrize("name", PATHS)
def test_noise_only_grows_and_may_preserve_the_variance(name):
    path, t = PATHS[name], torch.linspace(0, 1, 301, dtype=torch.float64)
    assert (path.log_snr(t)[1:-1].diff() < 0).all()
    assert path.alpha(t[:1]) == 1
    if name in ("cosine", "vp", "ddpm"):
        total = path.alpha(t) ** 2 + path.sigma(t) ** 2
        torch.testing.assert_close(total, torch.ones_like(t))


def test_log_snr_closed_forms():
    odds = (1 - TIMES) / TIMES
    torch.testing.assert_close(PATHS["linear"].log_snr(TIMES), 2 * odds.log())
    tangent = torch.tan(math.pi / 2 * TIMES)
    torch.testing.assert_close(PATHS["cosine"].log_snr(TIMES), -2 * tangent.log())


def test_vp_path_is_the_limit_of_the_linear_schedule():
    t = torch.linspace(0.05, 1, 20, dtype=torch.float64)
    worst = []
    for num_steps in (1000, 4000):
        path = DDPMPath(make_schedule("linear-short", num_steps))
        worst.append(float((path.alpha(t) - PATHS["vp"].alpha(t)).abs().max()))
    assert worst[0] < 2e-3 and worst[1] < worst[0] / 3


def test_slopes_work_without_gradients_and_leave_none_behind():
    t = TIMES.clone().requires_grad_()
    with torch.no_grad():
        quiet = PATHS["cosine"].derivatives(t)
    with torch.inference_mode():
        frozen = PATHS["cosine"].derivatives(TIMES + 0)
    loud = PATHS["cosine"].derivatives(t)
    for a, b, c in zip(quiet, loud, frozen, strict=True):
        assert a.equal(b) and a.equal(c)
        assert not any(found.requires_grad for found in (a, b, c))


def test_vp_slope_of_sigma_is_infinite_at_the_data_and_is_shown():
    d_alpha, d_sigma = PATHS["vp"].derivatives(torch.zeros(1, dtype=torch.float64))
    torch.testing.assert_close(d_alpha, torch.tensor([-0.05], dtype=torch.float64))
    assert torch.isinf(d_sigma).all()


@pytest.mark.parametrize("kind", ["linear", "linear-short", "cosine"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_ddpm_path_meets_the_schedule_at_every_step(kind, dtype):
    schedule = make_schedule(kind, 200)
    path, t = DDPMPath(schedule), torch.arange(201, dtype=dtype) / 200
    close = {"rtol": 1e-6 if dtype == torch.float64 else 2e-4, "atol": 0.0}
    alpha = schedule.alpha_bar.sqrt().to(dtype)
    sigma = (1 - schedule.alpha_bar).sqrt().to(dtype)
    torch.testing.assert_close(path.alpha(t), alpha, **close)
    torch.testing.assert_close(path.sigma(t), sigma, **close)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_corrupt_gives_each_sample_its_own_time(shape):
    x0, eps = normal(2, *shape, dtype=torch.float32)
    t = times(7)
    xt = PATHS["cosine"].corrupt(x0, eps, t)
    assert xt.dtype == torch.float32
    for i, angle in enumerate((math.pi / 2 * t).tolist()):
        expected = math.cos(angle) * x0[i] + math.sin(angle) * eps[i]
        torch.testing.assert_close(xt[i], expected)


def test_expand_as_takes_a_shared_coefficient_too():
    x = torch.ones(5, 3, 2)
    assert (expand_as(torch.tensor(2.0), x) * x == 2).all()
    assert expand_as(torch.ones(5).double(), x).shape == (5, 1, 1)
    assert expand_as(torch.ones(5).double(), x).dtype == torch.float32
