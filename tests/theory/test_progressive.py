"""One step for many. Authority: closed forms for velocities that are known."""

from itertools import pairwise

import pytest
import torch
from support.gaussian import GaussianFlow
from support.theory import SHAPES, normal, seeded, times

from coursekit.theory.flow import euler_step, follow
from coursekit.theory.paths import expand_as
from coursekit.theory.progressive import progressive_target
from coursekit.theory.reflow import make_pairs, one_step_loss
from coursekit.theory.solvers import spread_time, time_grid
from coursekit.theory.training_times import draw_steps

GAUSSIAN = GaussianFlow()


def velocity_of_time(x, t):
    return expand_as(t, x).expand_as(x)


def velocity_of_place(x, t):
    return x


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_known_velocities_have_known_targets(shape):
    """A constant velocity would pass with the halves swapped; these two would not."""
    xt, t = normal(*shape), times(7, 0.5, 1.0)
    half = times(7, 0.01, 0.2, seed=3)
    s = t - 2 * half
    time = progressive_target(velocity_of_time, xt, t, s)
    torch.testing.assert_close(time, expand_as(t - half / 2, xt).expand_as(xt))
    place = progressive_target(velocity_of_place, xt, t, s)
    torch.testing.assert_close(place, xt * expand_as(1 - half / 2, xt))


def test_a_student_that_has_learnt_walks_with_the_teacher():
    """Every second state of eight steps is a state of four, to rounding."""
    x = normal(20, 2)
    fine, coarse = time_grid(8), time_grid(4)
    wanted = list(follow(GAUSSIAN.velocity, x, fine))[::2]
    step_of = dict(zip(coarse[:-1].tolist(), coarse[1:], strict=True))

    def student(x, t):
        s = spread_time(step_of[float(t[0])], x)
        return progressive_target(GAUSSIAN.velocity, x, t, s)

    for got, want in zip(follow(student, x, coarse), wanted, strict=True):
        torch.testing.assert_close(got, want)


def test_the_teacher_is_asked_at_the_middle_of_the_students_step():
    asked = []

    def teacher(x, t):
        asked.append(t)
        return x

    t, s = times(5, 0.6, 1.0), times(5, 0.1, 0.5, seed=2)
    progressive_target(teacher, normal(5, 2), t, s)
    torch.testing.assert_close(torch.stack(asked), torch.stack([t, (t + s) / 2]))


def test_no_gradient_reaches_the_teacher():
    weight = torch.ones((), requires_grad=True)
    xt = normal(4, 2).requires_grad_()
    target = progressive_target(lambda x, t: weight * x, xt, times(4), times(4) / 2)
    assert not target.requires_grad


def test_steps_are_neighbours_of_the_grid_and_all_come_alike():
    ts = time_grid(4) ** 2
    t, s = draw_steps(ts, 4000, seeded())
    counts = []
    for start, end in pairwise(ts):
        assert (s[t == start] == end).all()
        counts.append(int((t == start).sum()))
    assert sum(counts) == 4000 and min(counts) > 900


def test_the_one_step_loss_is_an_euler_step_from_noise():
    eps = normal(50, 2)
    x0, _ = make_pairs(GAUSSIAN.velocity, eps, time_grid(16))
    miss = euler_step(GAUSSIAN.velocity, eps, eps.new_ones(50), eps.new_zeros(50)) - x0
    got = one_step_loss(GAUSSIAN.velocity, x0, eps)
    torch.testing.assert_close(got, (miss**2).sum(1))
    perfect = one_step_loss(lambda x, t: x - 0.5 * x, 0.5 * eps, eps)
    assert float(perfect.abs().max()) < 1e-30


def test_pairs_of_strangers_teach_the_mean():
    """Least squares: the slope of x0 on eps is that of the flow, or none."""
    eps = normal(20_000, 1)
    x0, _ = make_pairs(GAUSSIAN.velocity, eps, time_grid(32))
    spread = []
    for noise in (eps, normal(20_000, 1, seed=1)):
        scale = torch.ones((), dtype=torch.float64, requires_grad=True)
        loss = one_step_loss(lambda x, t, a=scale: x - a * x, x0, noise).mean()
        (slope,) = torch.autograd.grad(loss, scale)
        curve = 2 * (noise**2).mean()
        spread.append(float(scale - slope / curve))  # Newton: a parabola's minimum
    print(f"std: {spread[0]:.3f} and, of strangers, {spread[1]:.3f}")
    assert spread[0] == pytest.approx(float(x0.std()), abs=0.01)
    assert abs(spread[1]) < 0.02


def test_pairs_stay_pairs_when_they_are_shuffled():
    """Each noise still leads to its own x0."""
    x0, eps = make_pairs(GAUSSIAN.velocity, normal(50, 2), time_grid(8))
    order = torch.randperm(50, generator=seeded())
    again, _ = make_pairs(GAUSSIAN.velocity, eps[order], time_grid(8))
    torch.testing.assert_close(again, x0[order], rtol=0, atol=0)
