"""Laws of training times. Authority: integrals, scipy's laws, and a Kolmogorov-Smirnov
test of the samples against the integral of the density."""

import math

import pytest
import torch
from scipy import stats
from support.theory import seeded

from coursekit.theory.training_times import LogitNormal, Mode, Uniform, weighed

LAWS = {
    "uniform": Uniform(),
    "logit-normal": LogitNormal(),
    "towards noise": LogitNormal(1.0, 0.7),
    "middle": Mode(1.29),
    "edge of the middle": Mode(1.7),
    "ends": Mode(-0.9),
}
GRID = ((torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000).requires_grad_()
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


@every_law
def test_the_density_is_one(law):
    density = law.density(GRID.detach())
    assert (density >= 0).all()
    assert float(density.mean()) == pytest.approx(1, abs=1e-5)


@every_law
def test_samples_follow_the_density(law):
    t = law.sample(20_000, seeded(0))
    assert t.dtype == torch.float32 and t.shape == (20_000,)
    assert 0 <= t.min() and t.max() <= 1
    below = law.density(GRID.detach()).cumsum(0) / len(GRID)
    share = below[(t.double() * len(GRID)).long().clamp(max=len(GRID) - 1)]
    assert stats.kstest(share.numpy(), "uniform").pvalue > 0.01
    assert torch.equal(t, law.sample(20_000, seeded(0)))


def test_the_logit_normal_density_is_the_normal_of_the_logit():
    """A density of t times dt / d logit is one of the logit."""
    t = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    normal = stats.norm(0.4, 0.8).pdf(torch.logit(t).numpy())
    found = LogitNormal(0.4, 0.8).density(t) * t * (1 - t)
    torch.testing.assert_close(found, torch.from_numpy(normal))


def test_the_mode_law_is_a_change_of_variables():
    """|dt / du| by autograd; and 1 + scale, 1 + scale (1 - pi / 2) by hand."""
    law = Mode(1.29)
    time = law.time(GRID)
    (slope,) = torch.autograd.grad(time.sum(), GRID)
    assert (slope < 0).all()
    torch.testing.assert_close(
        law.density(time.detach()), -1 / slope, rtol=1e-6, atol=0
    )
    ends = law.density(torch.tensor([1e-9, 0.5, 1 - 1e-9], dtype=torch.float64))
    middle = 1 / (1 + 1.29 * (1 - math.pi / 2))
    assert ends.tolist() == pytest.approx([1 / 2.29, middle, 1 / 2.29], rel=1e-6)


def test_drawn_or_weighed_is_the_same_and_an_unrelated_draw_is_not():
    """E[t] under a law: by its samples, or by its density at uniform times."""
    law = LogitNormal(1.0, 1.0)
    drawn = law.sample(200_000, seeded(1)).double().mean()
    by_weight = weighed(GRID, GRID, law).detach()
    assert float(drawn) == pytest.approx(float(by_weight), abs=2e-3)
    assert float(by_weight) == pytest.approx(0.6967, abs=1e-4)
    unrelated = GRID.detach() * law.sample(len(GRID), seeded(2)).double()
    assert float(unrelated.mean()) == pytest.approx(0.3484, abs=2e-3)


@pytest.mark.parametrize("scale", [-1.01, 1.76, math.nan])
def test_a_mode_that_turns_back_is_refused(scale):
    with pytest.raises(ValueError, match=r"-1 to 1\.752"):
        Mode(scale)
