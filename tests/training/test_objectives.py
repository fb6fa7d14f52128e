"""What recipes learn. Authorities: closed forms of a Gaussian data law."""

import pytest
import torch
from support.pixels import ExactPixels

from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import complete
from coursekit.training.objectives import Flow, clip_denoised, make_objective

MEAN, STD = 0.2, 0.1


def exact(kind: str) -> ExactPixels:
    return ExactPixels(LinearPath(), MEAN, STD, kind)


@pytest.mark.parametrize("kind", ["velocity", "eps", "score"])
def test_the_walk_brings_noise_to_the_data(kind):
    flow = Flow(kind)
    start = torch.randn(50, 1, 10, 10, generator=torch.Generator().manual_seed(0))
    x0 = flow.walk(exact(kind), start, 100, torch.Generator())
    assert abs(float(x0.mean()) - MEAN) < 0.006  # 5000 pixels: four standard errors
    assert abs(float(x0.std()) / STD - 1) < 0.06  # and the error of 100 Euler steps


@pytest.mark.parametrize(("kind", "power"), [("velocity", 0), ("eps", 0), ("score", 2)])
def test_the_loss_of_the_best_answer_is_what_it_cannot_know(kind, power):
    """E (target - best answer)^2 = the variance of the target given xt."""
    flow, count = Flow(kind), 400_000
    generator = torch.Generator().manual_seed(1)
    x0 = MEAN + STD * torch.randn(count, 1, 1, 1, generator=generator)
    eps = torch.randn(x0.shape, generator=generator)
    for t in (0.3, 0.7):
        # x0 given xt has this variance, and every target is a multiple of it.
        given = STD**2 * t**2 / ((1 - t) ** 2 * STD**2 + t**2)
        factor = {"velocity": 1 / t, "eps": (1 - t) / t, "score": (1 - t) / t**2}
        expected = given * factor[kind] ** 2 * t**power
        found = flow.loss(exact(kind), x0, torch.full((count,), t), eps)
        assert float(found) == pytest.approx(expected, rel=0.015)


def test_beliefs_are_kept_in_range_and_still_explain_the_picture():
    path, flow = LinearPath(), Flow("velocity")
    xt = torch.linspace(-3, 3, 40).reshape(4, 1, 2, 5)
    t = torch.tensor([0.1, 0.4, 0.8, 1.0])
    wild = clip_denoised(lambda x, s: complete(9 * x, x, s, path), flow.path)(xt, t)
    assert wild.x0.abs().max() == 1
    assert (path.corrupt(wild.x0, wild.eps, t) - xt).abs().max() < 1e-6
    assert (wild.eps - wild.x0 - wild.velocity).abs().max() < 1e-6


def test_a_score_is_never_asked_for_without_noise():
    times = Flow("score").draw(200_000, torch.Generator().manual_seed(0))
    assert times.min() >= 1e-3 and times.max() <= 1
    assert abs(float(times.mean()) - 0.5) < 0.004


def test_unknown_objectives_are_refused():
    with pytest.raises(ValueError, match="no objective predicts"):
        make_objective("chain", "velocity", "cosine", 10)
