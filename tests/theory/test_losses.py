"""Losses. Authority: DDPM's own loss, scaling laws between kinds, and the exact
posterior, which no other predictor may beat."""

import pytest
import torch

from coursekit.datasets.toys import exact_predict, lopsided
from coursekit.theory.ddpm import loss_simple
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import CosinePath, DDPMPath, LinearPath
from coursekit.theory.prediction import Prediction, complete

KINDS = Prediction._fields


def draw(shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, *shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("shape", [(5, 2), (5, 3, 4, 6), (5, 2, 3, 4, 6)])
def test_noise_loss_on_a_ddpm_path_is_loss_simple(shape):
    schedule = make_schedule("cosine", 40)
    x0, eps = draw(shape)
    k = torch.tensor([1, 40, 7, 21, 30])
    t = k.double() / 40

    def model(xt, t, cond=None):
        return torch.sin(xt) * t.reshape(-1, *[1] * (xt.ndim - 1))

    path = DDPMPath(schedule)
    per_sample = prediction_loss(model, path, "eps", x0, t, eps)
    assert per_sample.shape == (5,)
    expected = loss_simple(model, x0, k, eps, schedule)
    torch.testing.assert_close(per_sample.mean(), expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", [LinearPath(), CosinePath()], ids=["linear", "cosine"])
def test_each_kind_is_fitted_by_its_own_target(path, kind):
    x0, eps = draw((5, 2, 3))
    t = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9]).double()

    def oracle(xt, t, cond=None):
        return getattr(complete(x0, eps, t, path), kind) + cond

    loss = prediction_loss(oracle, path, kind, x0, t, eps, cond=torch.tensor(0.5))
    torch.testing.assert_close(loss, torch.full((5,), 0.25).double())


def test_an_error_in_one_kind_weighs_by_the_determinant_in_another():
    """One belief: x0-loss = (sigma / alpha)^2 eps-loss = sigma^2 v-loss (circle)."""
    path, (x0, eps) = CosinePath(), draw((5, 2))
    t = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9]).double()
    predict = exact_predict(lopsided(), path)
    loss = {
        kind: prediction_loss(
            lambda x, t, kind=kind: getattr(predict(x, t), kind), path, kind, x0, t, eps
        )
        for kind in KINDS
    }
    alpha, sigma = path.alpha(t), path.sigma(t)
    torch.testing.assert_close(loss["x0"], (sigma / alpha) ** 2 * loss["eps"])
    torch.testing.assert_close(loss["x0"], sigma**2 * loss["v"])
    torch.testing.assert_close(loss["score"], loss["eps"] / sigma**2)


def test_nothing_beats_the_posterior_mean():
    path, mixture = LinearPath(), lopsided()
    generator = torch.Generator().manual_seed(0)
    x0 = mixture.sample(40_000, generator)
    eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype)
    t = torch.rand(len(x0), generator=generator, dtype=x0.dtype)
    predict = exact_predict(mixture, path)
    best = prediction_loss(
        lambda x, t: predict(x, t).velocity, path, "velocity", x0, t, eps
    ).mean()
    for nudge in (0.05, -0.05):
        worse = prediction_loss(
            lambda x, t, nudge=nudge: predict(x, t).velocity * (1 + nudge),
            path, "velocity", x0, t, eps,
        ).mean()  # fmt: skip
        assert worse > best
