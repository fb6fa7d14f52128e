"""DMD. Authority: two Gaussians with exact judges, and gradients by hand."""

import pytest
import torch
from support.gaussian import GaussianFlow
from support.theory import SHAPES, normal, seeded, time, times

from coursekit.theory.distribution_matching import (
    dmd_gradient,
    dmd_loss,
    draw_judged_times,
    fake_score_loss,
    pseudo_loss,
)
from coursekit.theory.flow import cfm_loss, conditional_path, from_velocity
from coursekit.theory.paths import expand_as

REAL = GaussianFlow(0.0, 1.0)


def fakes(mean):
    return GaussianFlow(mean, 1.0)


@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("mean", [1.5, -0.4, 0.0])
def test_the_judges_differ_by_a_known_shift(mean, t):
    """N(mean, 1) against N(0, 1): mean t^2 / ((1 - t)^2 + t^2), half of it at t = .5;
    nothing where the two laws are one."""
    xt, when = normal(6, 2), time([t] * 6)
    x0_fake, x0_real = fakes(mean).guess(xt, when), REAL.guess(xt, when)
    want = mean * t**2 / ((1 - t) ** 2 + t**2)
    torch.testing.assert_close(x0_fake - x0_real, torch.full_like(xt, want))
    x = normal(6, 2, seed=1)
    scale = (x - x0_real).abs().mean(1, keepdim=True)
    got = dmd_gradient(x, x0_real, x0_fake)
    torch.testing.assert_close(got * scale, torch.full_like(xt, want))
    assert (got.sign() == torch.tensor(mean).sign()).all(), "a step against it helps"


def test_scores_agree_in_sign_and_noises_do_not():
    """Three ways to say one difference: x0, score, eps."""
    xt, t = normal(6, 2), times(6, 0.1, 0.9)
    real, fake = (
        from_velocity(law.velocity(xt, t), xt, t) for law in (REAL, fakes(0.8))
    )
    level = expand_as(t, xt)
    x0 = fake.x0 - real.x0
    score = (fake.score - real.score) * level**2 / (1 - level)
    torch.testing.assert_close(x0, score)
    torch.testing.assert_close(x0, -(fake.eps - real.eps) * level / (1 - level))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_each_sample_has_its_own_unit(shape):
    x, real, fake = (normal(*shape, seed=seed) for seed in range(3))
    got = dmd_gradient(x, real, fake)
    for i in range(7):
        unit = (x[i] - real[i]).abs().mean()
        torch.testing.assert_close(got[i], (fake[i] - real[i]) / unit)
    stretched = x.clone()
    stretched[0] *= 100
    torch.testing.assert_close(dmd_gradient(stretched, real, fake)[1:], got[1:])


def test_a_picture_that_is_not_moved_has_no_gradient():
    x = normal(2, 3)
    assert torch.equal(dmd_gradient(x, x, x), torch.zeros_like(x))
    assert torch.equal(dmd_gradient(x, x, x + 1), torch.zeros_like(x))


def test_the_pseudo_loss_hands_over_the_gradient():
    x, gradient = normal(5, 3).requires_grad_(), normal(5, 3, seed=1)
    loss = pseudo_loss(x, gradient)
    torch.testing.assert_close(loss, (gradient**2).sum(1) / 2)
    (got,) = torch.autograd.grad(loss.sum(), x, retain_graph=True)
    torch.testing.assert_close(got, gradient)
    (mean,) = torch.autograd.grad(loss.mean(), x)
    torch.testing.assert_close(mean, gradient / 5)


def test_gradients_flow_into_the_generator_only():
    x = normal(5, 2).requires_grad_()
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    t, eps = times(5, 0.02, 0.98), normal(5, 2, seed=1)

    def judge(mean):
        return lambda x, t: weight * fakes(mean).velocity(x, t)

    loss = dmd_loss(judge(0.0), judge(0.8), x, t, eps).sum()
    got, none = torch.autograd.grad(loss, (x, weight), allow_unused=True)
    assert none is None
    still = x.detach()
    xt = conditional_path(still, eps, t)
    want = dmd_gradient(still, REAL.guess(xt, t), fakes(0.8).guess(xt, t))
    torch.testing.assert_close(got, want)


def test_both_judges_see_the_generated_picture():
    """In the same noise at the same time."""
    seen, x, eps, t = [], normal(4, 2), normal(4, 2, seed=1), times(4)

    def judge(x, t):
        seen.append((x, t))
        return x

    dmd_loss(judge, judge, x, t, eps)
    for points, when in seen:
        torch.testing.assert_close(points, conditional_path(x, eps, t))
        assert torch.equal(when, t)
    assert len(seen) == 2


def test_descent_brings_the_two_laws_together():
    """A generator z + b with the judge of its own law: b goes to the real mean."""
    b = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    for step in range(150):
        z, eps = normal(256, 1, seed=2 * step), normal(256, 1, seed=2 * step + 1)
        fake = fakes(float(b))
        t = draw_judged_times(256, generator=seeded(step)).double()
        loss = dmd_loss(REAL.velocity, fake.velocity, z + b, t, eps).mean()
        (slope,) = torch.autograd.grad(loss, b)
        b = (b - 0.1 * slope).detach().requires_grad_()
    print(f"the generator's mean: {float(b):.4f}")
    assert abs(float(b)) < 0.01


def test_the_fake_judge_learns_and_the_generator_does_not():
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    x, eps, t = normal(5, 2).requires_grad_(), normal(5, 2, seed=1), times(5)

    def fake(x, t):
        return weight * x

    loss = fake_score_loss(fake, x, t, eps)
    torch.testing.assert_close(loss, cfm_loss(fake, x.detach(), t, eps))
    slope, none = torch.autograd.grad(loss, (weight, x), allow_unused=True)
    assert none is None and float(slope) != 0


def test_judged_times_stay_off_the_ends():
    t = draw_judged_times(10_000, generator=seeded())
    assert 0.02 <= t.min() < 0.025 and 0.975 < t.max() <= 0.98
    assert float(t.mean()) == pytest.approx(0.5, abs=0.01)
