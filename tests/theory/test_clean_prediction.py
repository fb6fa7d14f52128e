"""Velocities from guesses of the data. Authority: the straight path itself, the loss
of plain flow matching, and what the right guess must cost: nothing."""

import pytest
import torch
from support.theory import SHAPES, normal, times

from coursekit.theory.clean_prediction import (
    LEAST,
    clamped_velocity,
    clamped_velocity_loss,
)
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath, expand_as
from coursekit.theory.prediction import convert

PATH = LinearPath()
LATE = times(7, LEAST, 1.0)
T = torch.tensor([0.0, 1e-4, 0.02, LEAST, 0.3, 0.9, 1.0], dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_from_the_least_time_on_it_is_the_velocity_of_the_path(shape):
    x0, eps = normal(2, *shape)
    xt = PATH.corrupt(x0, eps, LATE)
    found = clamped_velocity(xt, x0, LATE)
    torch.testing.assert_close(found, eps - x0, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found, convert(x0, xt, LATE, PATH, "x0").velocity)


def test_below_it_the_velocity_is_slower_and_never_infinite():
    x0, eps = normal(2, 7, 3, 4)
    found = clamped_velocity(PATH.corrupt(x0, eps, T), x0, T)
    slower = expand_as((T / LEAST).clamp(max=1), x0)
    torch.testing.assert_close(found, slower * (eps - x0), rtol=1e-9, atol=1e-12)
    one = clamped_velocity(x0, eps, torch.tensor(0.01))  # one time for all
    torch.testing.assert_close(one, (x0 - eps) / LEAST)
    assert clamped_velocity(x0.float(), eps.float(), T).dtype == torch.float32


def test_the_right_guess_costs_nothing_at_any_time():
    """The trap: against eps - x0 it would cost, where the answer alone is clamped."""
    x0, eps = normal(2, 7, 3, 4)

    def right(xt, t, cond=None):
        return clamped_velocity(xt, x0, t)

    assert float(clamped_velocity_loss(right, x0, T, eps).max()) < 1e-24
    trap = prediction_loss(right, PATH, "velocity", x0, T, eps)
    assert (trap[:3] > 0.1).all() and float(trap[3:].max()) < 1e-24


def test_an_error_of_the_guess_weighs_one_over_the_time_squared():
    x0, eps = normal(2, 7, 3, 4)
    off = normal(7, 3, 4, seed=3)

    def model(xt, t, cond):
        return clamped_velocity(xt, x0 + cond, t)

    weighed = (off**2).mean((1, 2)) / T.clamp(min=LEAST) ** 2
    found = clamped_velocity_loss(model, x0, T, eps, off)
    torch.testing.assert_close(found, weighed, rtol=1e-9, atol=0)


def test_late_it_is_the_loss_of_flow_matching():
    x0, eps = normal(2, 7, 3, 4)

    def model(xt, t, cond=None):
        return torch.sin(xt) * expand_as(t, xt)

    plain = prediction_loss(model, PATH, "velocity", x0, LATE, eps)
    torch.testing.assert_close(clamped_velocity_loss(model, x0, LATE, eps), plain)
    early = clamped_velocity_loss(model, x0, T / 100, eps, least=1e-9)[1:]
    torch.testing.assert_close(
        early, prediction_loss(model, PATH, "velocity", x0, T / 100, eps)[1:]
    )
