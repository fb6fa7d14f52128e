"""Average velocities. Authority: the Gaussian flow, whose average velocity is known,
finite differences along the flow, and counts."""

import pytest
import torch
from support.gaussian import GaussianFlow
from support.theory import SHAPES, normal, seeded, time, times

from coursekit.theory.average_velocity import (
    Interval,
    draw_intervals,
    draw_shortcuts,
    meanflow_loss,
    meanflow_target,
    shortcut_target,
)
from coursekit.theory.paths import expand_as
from coursekit.theory.training_times import LogitNormal, Uniform

GAUSSIAN = GaussianFlow()


def bent(x, r, t):
    """A function of all three, that is no average velocity."""
    r, t = expand_as(r, x), expand_as(t, x)
    return torch.sin(2 * x + 3 * t) * (1 + r) + x * t**2


def at(value):
    return time([value])


def test_the_identity_on_a_gaussian():
    """The numbers of the closed form; a plus sign gives 2.19494, and 1.57079 comes
    out where x is not moved."""
    x, r, t = time([[1.3]]), at(0.2), at(0.7)
    velocity = GAUSSIAN.velocity(x, t)
    said, target = meanflow_target(GAUSSIAN.average, x, r, t, velocity)
    spread = GAUSSIAN.spread
    closed = 1.3 * (1 - spread(r) / spread(t)) / 0.5
    assert float(closed) == pytest.approx(0.97579, abs=5e-6)
    assert float(velocity) == pytest.approx(1.58537, abs=5e-6)
    assert float(said) == pytest.approx(float(closed), abs=1e-12)
    assert float(target) == pytest.approx(float(closed), abs=1e-12)
    assert float(2 * velocity - target) == pytest.approx(2.19494, abs=5e-6)
    still = meanflow_target(GAUSSIAN.average, x, r, t, 0 * velocity)[1] + velocity
    assert float(still) == pytest.approx(1.57079, abs=5e-6)


def test_one_step_over_the_whole_path():
    one = GAUSSIAN.average(time([[1.0]]), at(0.0), at(1.0))
    assert float(one) == pytest.approx(0.5, abs=1e-12)
    said, target = meanflow_target(
        GAUSSIAN.average, time([[1.0]]), at(0.0), at(1.0), time([[1.0]])
    )
    assert float(said) == pytest.approx(0.5) and float(target) == pytest.approx(0.5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_target_is_the_slope_along_the_flow(shape):
    """A central difference with x, r and t moved as the flow moves them."""
    x, velocity = normal(*shape), normal(*shape, seed=1)
    t, r, h = times(7, 0.5), times(7, seed=2) / 2, 1e-4
    step = h * velocity
    rise = bent(x + step, r, t + h) - bent(x - step, r, t - h)
    said, target = meanflow_target(bent, x, r, t, velocity)
    torch.testing.assert_close(said, bent(x, r, t))
    want = velocity - expand_as(t - r, x) * rise / (2 * h)
    torch.testing.assert_close(target, want, rtol=1e-6, atol=1e-6)


def test_a_network_that_is_told_the_gap_moves_in_both_times():
    """u(x, t, t - r): leaving the gap still would forget a part of the slope."""
    x, velocity, t, r = normal(9, 2), normal(9, 2, seed=1), times(9, 0.5), times(9) / 2

    def network(x, t, gap):
        return bent(x, t - gap, t)

    got = meanflow_target(lambda x, r, t: network(x, t, t - r), x, r, t, velocity)
    torch.testing.assert_close(got, meanflow_target(bent, x, r, t, velocity))


def test_an_empty_interval_is_flow_matching():
    x0, eps, t = normal(9, 2), normal(9, 2, seed=1), times(9)
    loss = meanflow_loss(bent, x0, eps, Interval(t, t))
    xt = (1 - t)[:, None] * x0 + t[:, None] * eps
    want = (bent(xt, t, t) - (eps - x0)) ** 2
    torch.testing.assert_close(loss, want.sum(1))


@pytest.mark.parametrize("power", [0.0, 0.75, 1.0])
def test_no_gradient_flows_through_the_target(power):
    """The loss of a network with one weight a: its slope is that of a u alone."""
    a = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    x0, eps, t, r = normal(6, 2), normal(6, 2, seed=1), times(6, 0.5), times(6) / 2
    loss = meanflow_loss(
        lambda x, r, t: a * bent(x, r, t), x0, eps, Interval(r, t), power
    )
    (slope,) = torch.autograd.grad(loss.sum(), a)
    xt = (1 - t)[:, None] * x0 + t[:, None] * eps
    said, target = meanflow_target(
        lambda x, r, t: 0.7 * bent(x, r, t), xt, r, t, eps - x0
    )
    error = said - target
    weight = ((error**2).sum(1) + 0.01) ** -power
    want = (2 * weight[:, None] * error * said / 0.7).sum()
    torch.testing.assert_close(slope, want)
    torch.testing.assert_close(loss.detach(), weight * (error**2).sum(1))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.75, 1.0])
def test_the_share_counts_equal_times(share):
    """.75 means 7,500 empty intervals of 10,000, not 2,500."""
    r, t = draw_intervals(10_000, share, Uniform(), seeded())
    assert int((r == t).sum()) == 10_000 * share
    assert (r <= t).all()


def test_the_end_is_the_later_of_two_draws_and_the_start_the_earlier():
    r, t = draw_intervals(20_000, 0.5, Uniform(), seeded())
    assert float(t[:10_000].mean()) == pytest.approx(2 / 3, abs=0.01)
    assert float(t[10_000:].mean()) == pytest.approx(2 / 3, abs=0.01)
    assert float(r[10_000:].mean()) == pytest.approx(1 / 3, abs=0.01)
    again = draw_intervals(5, 0.0, LogitNormal(), seeded(1))
    both = draw_intervals(5, 0.0, LogitNormal(), seeded(1))
    assert torch.equal(again.t, both.t)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_two_half_steps_make_a_whole(shape):
    """The right average velocity is its own target, whatever the step."""
    x, t, r = normal(*shape), times(7, 0.5), times(7, seed=2) / 2
    target = shortcut_target(GAUSSIAN.average, x, r, t)
    torch.testing.assert_close(target, GAUSSIAN.average(x, r, t))


def test_the_first_half_ends_where_the_second_begins():
    asked, x = [], normal(3, 2).requires_grad_()

    def u(x, r, t):
        asked.append((x.detach(), r, t))
        return 2 * x

    target = shortcut_target(u, x, times(3) / 2, times(3) + 1)
    (x1, m1, t), (x2, r, m2) = asked
    assert torch.equal(m1, m2)
    torch.testing.assert_close(t - m1, m2 - r)
    torch.testing.assert_close(x2, x1 - (t - m1)[:, None] * 2 * x1)
    torch.testing.assert_close(target, x1 + x2)
    assert not target.requires_grad


def test_shortcuts_are_powers_of_two_on_their_own_grid():
    r, t = draw_shortcuts(6000, 64, seeded())
    size = t - r
    sizes, counts = size.unique(return_counts=True)
    assert sizes.tolist() == [2.0**-k for k in range(5, -1, -1)]
    assert counts.min() > 900, "all sizes alike"
    assert torch.equal((t / size).round(), t / size)
    assert (r >= 0).all() and (t <= 1).all()
    quarter = t[size == 0.25]
    assert quarter.unique().tolist() == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("base_steps", [0, 1, 48])
def test_other_numbers_of_base_steps_are_refused(base_steps):
    with pytest.raises(ValueError, match="power of two"):
        draw_shortcuts(4, base_steps)
