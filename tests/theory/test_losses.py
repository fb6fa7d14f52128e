"""Losses. Authority: DDPM's own loss, scaling laws between kinds, and the exact
posterior, which no other predictor may beat."""

import pytest
import torch
from support.theory import MIXTURE, SHAPES, exact, normal, seeded, times

from coursekit.datasets.toys import exact_predict
from coursekit.theory.ddpm import loss_simple
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import CosinePath, DDPMPath, LinearPath, expand_as
from coursekit.theory.prediction import Prediction, complete

KINDS = Prediction._fields


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_noise_loss_on_a_ddpm_path_is_loss_simple(shape):
    schedule = make_schedule("cosine", 40)
    x0, eps = normal(2, *shape)
    k = torch.tensor([1, 40, 7, 21, 30, 2, 39])
    t = k.double() / 40

    def model(xt, t, cond=None):
        return torch.sin(xt) * expand_as(t, xt)

    path = DDPMPath(schedule)
    per_sample = prediction_loss(model, path, "eps", x0, t, eps)
    assert per_sample.shape == (7,)
    expected = loss_simple(model, x0, k, eps, schedule)
    torch.testing.assert_close(per_sample.mean(), expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", [LinearPath(), CosinePath()], ids=["linear", "cosine"])
def test_each_kind_is_fitted_by_its_own_target(path, kind):
    x0, eps = normal(2, 5, 2, 3)
    t = times(5, 0.1, 0.9)

    def oracle(xt, t, cond=None):
        return getattr(complete(x0, eps, t, path), kind) + cond

    loss = prediction_loss(oracle, path, kind, x0, t, eps, cond=torch.tensor(0.5))
    torch.testing.assert_close(loss, torch.full((5,), 0.25).double())


def test_an_error_in_one_kind_weighs_by_the_determinant_in_another():
    """One belief: x0-loss = (sigma / alpha)^2 eps-loss = sigma^2 v-loss (circle)."""
    path, (x0, eps) = CosinePath(), normal(2, 5, 2)
    t = times(5, 0.1, 0.9)
    predict = exact_predict(MIXTURE, path)
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
    path, n = LinearPath(), 40_000
    x0, eps, t = MIXTURE.sample(n, seeded()), normal(n, 2, seed=1), times(n)

    def loss(share):
        def model(xt, t):
            return share * exact(xt, t)

        return prediction_loss(model, path, "velocity", x0, t, eps).mean()

    assert loss(1.05) > loss(1.0) < loss(0.95)
