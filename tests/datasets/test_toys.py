"""Toys. Authority: autograd and torch.distributions for the density, quadrature for the
posterior, moments and histograms for the samplers."""

import math

import pytest
import torch
from support.theory import MIXTURE, assert_moments, normal, seeded
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from coursekit.datasets.toys import (
    SHAPES,
    Mixture,
    checkerboard,
    exact_eps_model,
    exact_predict,
    ring,
)
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.paths import CosinePath, LinearPath


def test_log_prob_agrees_with_torch_distributions():
    x = 3 * torch.randn(50, 2, generator=seeded(), dtype=torch.float64)
    stds = MIXTURE.stds[:, None].expand(3, 2)
    peer = MixtureSameFamily(
        Categorical(MIXTURE.weights), Independent(Normal(MIXTURE.means, stds), 1)
    )
    torch.testing.assert_close(MIXTURE.log_prob(x), peer.log_prob(x))


def test_score_is_the_gradient():
    x = MIXTURE.sample(20, seeded()).requires_grad_()
    (gradient,) = torch.autograd.grad(MIXTURE.log_prob(x).sum(), x)
    torch.testing.assert_close(MIXTURE.score(x.detach()), gradient)


def test_far_away_points_have_finite_log_density_and_score():
    x = torch.full((1, 2), 1e3, dtype=torch.float64)
    assert MIXTURE.log_prob(x).isfinite().all() and MIXTURE.score(x).isfinite().all()


def test_samples_have_the_stated_moments_and_density():
    x = MIXTURE.sample(200_000, seeded())
    assert_moments(x, MIXTURE, 0.015, 0.02)
    edges = torch.linspace(-3, 3, 13, dtype=torch.float64)
    counts, _ = torch.histogramdd(x, [edges, edges])
    centres = torch.linspace(-3, 3, 601, dtype=torch.float64)[:-1] + 0.005
    grid = torch.cartesian_prod(centres, centres)
    mass = MIXTURE.log_prob(grid).exp().reshape(12, 50, 12, 50).sum((1, 3)) * 0.01**2
    torch.testing.assert_close(counts / len(x), mass, rtol=0, atol=0.003)


def test_noised_law_is_the_law_of_noised_samples():
    law = MIXTURE.noised(0.6, 0.8)
    x0 = MIXTURE.sample(100_000, seeded())
    xt = 0.6 * x0 + 0.8 * normal(*x0.shape, seed=1)
    assert_moments(xt, law, 0.02, 0.02)
    expected = law.log_prob(law.sample(100_000, seeded(2))).mean()
    torch.testing.assert_close(law.log_prob(xt).mean(), expected, rtol=0, atol=0.015)


@pytest.mark.parametrize(("alpha", "sigma"), [(0.9, 0.3), (0.5, 0.8), (0.05, 1.0)])
def test_posterior_mean_by_quadrature(alpha, sigma):
    xt = torch.tensor([[0.4, -0.2]], dtype=torch.float64)
    axis = torch.linspace(-4, 4, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    misfit = ((xt - alpha * grid) / sigma).square().sum(1)
    log_weight = MIXTURE.log_prob(grid) - misfit / 2
    x0 = log_weight.softmax(0)[None] @ grid
    got = MIXTURE.posterior_mean(xt, alpha, sigma)
    torch.testing.assert_close(got, x0, rtol=0, atol=1e-6)
    eps = (xt - alpha * x0) / sigma
    got = MIXTURE.eps_hat(xt, alpha, sigma)
    torch.testing.assert_close(got, eps, rtol=0, atol=1e-5)


def test_each_point_may_have_its_own_noise_level():
    xt = torch.randn(5, 2, generator=seeded(), dtype=torch.float64)
    t = torch.linspace(0.1, 0.9, 5, dtype=torch.float64)
    alpha, sigma = 1 - t, t
    for method in (MIXTURE.posterior_mean, MIXTURE.eps_hat, MIXTURE.noised_score):
        rows = method(xt, alpha, sigma)
        for i in range(5):
            one = method(xt[i : i + 1], float(alpha[i]), float(sigma[i]))
            torch.testing.assert_close(rows[i : i + 1], one)
    law = MIXTURE.noised(0.9, 0.1)
    torch.testing.assert_close(MIXTURE.noised_score(xt, 0.9, 0.1), law.score(xt))


def test_exact_belief_is_finite_where_division_would_fail():
    xt = torch.randn(2, 2, generator=seeded(), dtype=torch.float64)
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    for path in (LinearPath(), CosinePath()):
        belief = exact_predict(MIXTURE, path)(xt, ends)
        assert all(field.isfinite().all() for field in belief)
        torch.testing.assert_close(belief.x0[0], xt[0])
        torch.testing.assert_close(belief.x0[1], MIXTURE.mean())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_exact_eps_model_reads_the_clock(dtype):
    schedule = make_schedule("cosine", 1000)
    model = exact_eps_model(MIXTURE, schedule)
    k = torch.tensor([1, 300, 777, 999, 1000])
    xt = torch.randn(5, 2, generator=seeded(), dtype=dtype)
    got = model(xt, k.to(dtype) / 1000)
    assert got.dtype == dtype
    alpha_bar = schedule.alpha_bar[k]
    expected = MIXTURE.eps_hat(xt, alpha_bar.sqrt(), (1 - alpha_bar).sqrt())
    torch.testing.assert_close(got, expected)


def test_ring_is_round_and_of_about_unit_variance():
    mixture = ring()
    torch.testing.assert_close(mixture.covariance(), 1.01 * torch.eye(2).double())
    torch.testing.assert_close(mixture.mean(), torch.zeros(2).double())


def test_shapes_are_seeded_and_of_the_models_scale():
    for name, draw in SHAPES.items():
        x = draw(2000, seeded())
        assert x.equal(draw(2000, seeded())), name
        assert not x.equal(draw(2000, seeded(1))), name
        assert x.shape == (2000, 2) and x.abs().max() < 2.6, name
        assert ((x.std(0) > 0.6) & (x.std(0) < 1.4)).all(), name


def test_checkerboard_fills_exactly_half_of_the_squares_evenly():
    x = checkerboard(40_000, seeded())
    cell = (x + 2).floor().long()
    counts = torch.bincount(4 * cell[:, 0] + cell[:, 1], minlength=16).reshape(4, 4)
    filled = counts > 0
    assert filled.sum() == 8
    assert (filled.sum(0) == 2).all() and (filled.sum(1) == 2).all()
    assert counts[filled].min() > 5000 - 5 * math.sqrt(5000)


def test_ill_fitting_mixtures_are_refused():
    for weights, complaint in (
        (torch.ones(2) / 2, "weights"),
        (torch.ones(3), "add up to 1"),
    ):
        with pytest.raises(ValueError, match=complaint):
            Mixture(weights, torch.zeros(3, 2), torch.ones(3))
