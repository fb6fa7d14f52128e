"""Steps of a flow as draws. Authority: the exact moments of a linear scheme, torch's
own normal law, Monte Carlo within its standard error."""

import math
from itertools import pairwise

import pytest
import torch
from support.theory import SHAPES, normal, times
from torch import nn

from coursekit.theory.flow import euler_step
from coursekit.theory.policy_steps import Transition, draw, kl, log_prob, transition
from coursekit.theory.solvers import time_grid

ONE = torch.ones(1, 1, dtype=torch.float64)


def both_times(shape, low=0.2):
    t = times(shape[0], low, 0.95)
    return t, t - times(shape[0], 0.01, 0.15, seed=3)


def spread_of_samples(level, steps, std):
    """The std of the samples, exactly, for data N(0, std^2): each step is linear."""
    variance = torch.tensor(1.0, dtype=torch.float64)
    for t, s in pairwise(time_grid(steps, 1.0, 0.0)):
        slope = (t - (1 - t) * std**2) / ((1 - t) ** 2 * std**2 + t**2)
        step = transition(slope * ONE, ONE, t[None], s[None], level)
        variance = variance * step.mean[0, 0] ** 2 + step.std[0] ** 2
    return float(variance.sqrt())


@pytest.mark.parametrize(
    ("level", "ten", "two_hundred"),
    [(0.0, 0.4308, 0.4963), (0.3, 0.4442, 0.4979), (0.7, 0.4795, 0.5010),
     (1.0, 0.4934, 0.5000)],
)  # fmt: skip
def test_samples_have_the_spread_of_the_data_at_every_noise_level(
    level, ten, two_hundred
):
    """Data of std 0.5. Without the pull of the score, 200 steps at level 0.7 end at
    1.08; ten Euler steps alone are at 0.43, so the number of steps is part of it."""
    assert spread_of_samples(level, 10, 0.5) == pytest.approx(ten, abs=1e-4)
    wide = spread_of_samples(level, 200, 0.5)
    assert wide == pytest.approx(two_hundred, abs=1e-4) and abs(wide - 0.5) < 0.004


def test_a_rollout_has_the_mean_and_the_spread_too():
    """Monte Carlo on N(1.5, 0.4^2) at level 0.7, 100 steps: four standard errors, and
    the 0.002 that the steps are off."""
    n, mean, std = 20_000, 1.5, 0.4
    x = normal(n, 1)
    for k, (t, s) in enumerate(pairwise(time_grid(100, 1.0, 0.0))):
        spread = (1 - t) ** 2 * std**2 + t**2
        v = (x - (1 - t) * mean) * (t - (1 - t) * std**2) / spread - mean
        step = transition(v, x, t.expand(n), s.expand(n), 0.7)
        x = draw(step, normal(n, 1, seed=k + 1))
    assert abs(float(x.mean()) - mean) < 4 * std / math.sqrt(n) + 0.002
    assert abs(float(x.std()) - std) < 4 * std / math.sqrt(2 * n) + 0.002


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_step_in_closed_form(shape):
    v, x, (t, s) = normal(*shape), normal(*shape, seed=1), both_times(shape)
    law = transition(v, x, t, s, 0.7)
    for i in range(7):
        ti, dt = float(t[i]), float(s[i] - t[i])
        variance = 0.49 * ti / (1 - ti)
        of_x = 1 + variance / (2 * ti) * dt
        of_v = (1 + variance * (1 - ti) / (2 * ti)) * dt
        torch.testing.assert_close(law.mean[i], of_x * x[i] + of_v * v[i])
        assert float(law.std[i]) == pytest.approx(math.sqrt(-variance * dt))
    still = transition(v, x, t, s, 0.0)
    torch.testing.assert_close(still.mean, euler_step(lambda x, t: v, x, t, s))
    assert (still.std == 0).all()


def test_at_time_1_the_next_time_stands_in_the_denominator_only():
    """The other 1 - t are 0 there: the pull is x itself, whatever the velocity."""
    v, x = normal(2, 3), normal(2, 3, seed=1)
    t, s = torch.tensor([1.0, 0.5]).double(), torch.tensor([0.9, 0.4]).double()
    law = transition(v, x, t, s, 0.7)
    torch.testing.assert_close(law.mean[0], x[0] * (1 - 4.9 / 2 * 0.1) - 0.1 * v[0])
    torch.testing.assert_close(law.std, torch.tensor([0.7, math.sqrt(0.049)]).double())
    alone = transition(v[1:], x[1:], t[1:], s[1:], 0.7)  # rows do not mix
    torch.testing.assert_close(law.mean[1:], alone.mean)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_density_and_the_divergence_are_torchs(shape):
    """Peer: torch.distributions. The mean is the sum over the number of dimensions."""
    mean, other, x = (normal(*shape, seed=i) for i in range(3))
    law = Transition(mean, times(7, 0.1, 2.0))
    wide = law.std.reshape(-1, *[1] * (len(shape) - 1))
    theirs, ref = (torch.distributions.Normal(m, wide) for m in (mean, other))
    density = theirs.log_prob(x).flatten(1)
    apart = torch.distributions.kl_divergence(theirs, ref).flatten(1)
    torch.testing.assert_close(log_prob(law, x, "sum"), density.sum(1))
    torch.testing.assert_close(log_prob(law, x, "mean"), density.mean(1))
    reference = Transition(other, law.std)
    torch.testing.assert_close(kl(law, reference, "sum"), apart.sum(1))
    torch.testing.assert_close(kl(law, reference, "mean"), apart.mean(1))


@pytest.mark.parametrize("t", [1.0, 0.5, 0.1])
def test_the_divergence_is_the_mean_of_the_log_ratio(t):
    """Monte Carlo over 1e5 transitions, three standard errors. Excludes a std that the
    step does not sample with, such as one without sqrt(t - s): 20 times less here."""
    n, gap = 100_000, 0.05
    x = normal(1, 2).expand(n, 2)
    start, end = torch.full((n,), t).double(), torch.full((n,), t - gap).double()
    policy, reference = (
        transition(v.expand(n, 2), x, start, end, 0.7)
        for v in (normal(1, 2, seed=1), normal(1, 2, seed=2))
    )
    drawn = draw(policy, normal(n, 2, seed=3))
    ratio = log_prob(policy, drawn, "sum") - log_prob(reference, drawn, "sum")
    wanted = float(kl(policy, reference, "sum")[0])
    error = float(ratio.std()) / math.sqrt(n)
    assert abs(float(ratio.mean()) - wanted) < 3 * error < wanted / 2


class Halves(nn.Module):
    """A network whose products run in bfloat16 under autocast."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.body = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, 2))

    def forward(self, x, t):
        return self.body(torch.cat([x, t[:, None]], 1))


@pytest.mark.parametrize("low", [False, True], ids=["float32", "bf16"])
def test_the_first_ratio_is_1_also_after_saving(low, tmp_path):
    """Excludes states kept in bfloat16, whose ratios are off by a tenth and more, and
    times that are built anew: all is float32 and stored as it was."""
    network, n = Halves(), 64
    x, rows = normal(n, 2, dtype=torch.float32), []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=low):
        for k, (t, s) in enumerate(pairwise(time_grid(10, 1.0, 0.0))):
            t, s = t.expand(n).float(), s.expand(n).float()
            velocity = network(x, t)
            assert velocity.dtype == (torch.bfloat16 if low else torch.float32)
            law = transition(velocity, x, t, s, 0.7)
            after = draw(law, normal(n, 2, seed=k + 1, dtype=torch.float32))
            assert {law.mean.dtype, law.std.dtype, after.dtype} == {torch.float32}
            rows.append((x, t, s, after, log_prob(law, after, "sum")))
            x = after
    torch.save(rows, tmp_path / "rollout.pt")
    for stored in (rows, torch.load(tmp_path / "rollout.pt")):
        for x, t, s, after, old in stored:
            with torch.autocast("cpu", torch.bfloat16, enabled=low):
                law = transition(network(x, t), x, t, s, 0.7)
                ratio = (log_prob(law, after, "sum") - old).exp()
            assert ratio.requires_grad and float((ratio - 1).abs().max()) < 1e-6
    rounded = log_prob(law, after.bfloat16(), "sum")
    assert float(((rounded - old).exp() - 1).abs().max()) > 0.02


def test_half_precision_is_raised_before_anything_is_computed():
    """To the bit: the float32 step of the same numbers."""
    low = [normal(5, 2, seed=i).bfloat16() for i in range(3)]
    high = [x.float() for x in low]
    t, s = torch.full((5,), 0.75).bfloat16(), torch.full((5,), 0.625).bfloat16()
    laws = (
        transition(*low[:2], t, s, 0.7),
        transition(*high[:2], t.float(), s.float(), 0.7),
    )
    assert laws[0].mean.dtype == laws[0].std.dtype == torch.float32
    assert all(map(torch.equal, *laws))
    assert torch.equal(draw(laws[0], low[2]), draw(laws[1], high[2]))
    assert log_prob(laws[0], low[2], "sum").dtype == torch.float32


def test_gradients_reach_the_law_and_not_what_happened():
    v = normal(4, 2).requires_grad_()
    t, s = both_times((4,))
    law = transition(v, normal(4, 2, seed=1), t, s, 0.7)
    after = draw(law, normal(4, 2, seed=2))
    (slope,) = torch.autograd.grad(log_prob(law, after, "sum").sum(), v)
    assert (slope != 0).all()  # through `after` as well they would cancel to 0


def test_what_has_no_density_is_refused():
    x, (t, s) = normal(7, 2), both_times((7,))
    still = transition(x, x, t, s, 0.0)
    with pytest.raises(ValueError, match="without noise"):
        log_prob(still, x, "sum")
    with pytest.raises(ValueError, match="std differ"):
        kl(transition(x, x, t, s, 0.7), transition(x, x, t, s, 0.5), "sum")
