"""The shift. Authority: Monte Carlo, the signal-to-noise ratio, and the group it is."""

import math

import pytest
import torch
from support.theory import normal

from coursekit.theory.resolution_shift import (
    estimate_value,
    shift_factor,
    shift_time,
    shift_time_exp,
    without_noise_scale,
)

T = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)


@pytest.mark.parametrize(("side", "t"), [(8, 0.3), (8, 0.8), (16, 0.8)])
def test_the_error_of_the_guess_falls_with_the_pixels(side, t):
    times = torch.full((4000,), t, dtype=torch.float64)
    c = normal(4000, 1, 1)
    xt = (1 - t) * c + t * normal(4000, side, side, seed=1)
    off = estimate_value(xt, times) - c[:, 0, 0]
    wanted = t / ((1 - t) * side)
    assert float(off.std()) == pytest.approx(wanted, rel=0.04)
    assert abs(float(off.mean())) < 4 * wanted / math.sqrt(4000)


def test_a_shifted_large_picture_is_as_uncertain_as_the_small_one():
    small, large = 16 * 16, 64 * 64
    later = shift_time(T, shift_factor(small, large))
    torch.testing.assert_close(
        later / ((1 - later) * math.sqrt(large)), T / ((1 - T) * math.sqrt(small))
    )
    assert (later > T).all()


def test_shifts_are_a_group_and_keep_the_ends():
    once = shift_time(shift_time(T, 3.0), 0.7)
    torch.testing.assert_close(once, shift_time(T, 2.1))
    torch.testing.assert_close(shift_time(shift_time(T, 3.0), 1 / 3.0), T)
    ends = torch.tensor([0.0, 1.0])
    assert torch.equal(shift_time(ends, 5.0), ends)
    half = shift_time(torch.tensor(0.5), 3.0)
    assert float(half) == 0.75 and float(shift_time(half, 3.0)) == pytest.approx(0.9)


def test_the_logarithm_of_the_snr_moves_by_a_constant():
    def log_snr(t):
        return 2 * torch.log((1 - t) / t)

    factor = shift_factor(1024, 4096)
    moved = log_snr(shift_time(T, factor)) - log_snr(T)
    torch.testing.assert_close(moved, torch.full_like(T, -math.log(4)))


def test_other_forms_are_the_same_law():
    torch.testing.assert_close(shift_time_exp(T, 1.15), shift_time(T, math.exp(1.15)))


def test_louder_noise_is_a_later_time_of_a_smaller_picture():
    x0, eps, scale = normal(99, 5), normal(99, 5, seed=1), 8.0
    loud = (1 - T)[:, None] * x0 + scale * T[:, None] * eps
    xt, later = without_noise_scale(loud, T, scale)
    assert torch.equal(later, shift_time(T, scale))
    path = (1 - later)[:, None] * x0 + later[:, None] * eps
    torch.testing.assert_close(xt, path, rtol=1e-12, atol=1e-12)
    back, t = without_noise_scale(xt, later, 1 / scale)  # and the way back
    torch.testing.assert_close((back, t), (loud, T))
    one, when = without_noise_scale(loud, T[3], scale)
    torch.testing.assert_close(one[3], xt[3])
    assert when == later[3]
