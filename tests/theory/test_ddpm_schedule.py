"""Noise schedules. Authority: the papers' formulas written out in plain Python, and
invariants of a variance-preserving chain."""

import math
from itertools import pairwise

import pytest
import torch

from coursekit.theory.ddpm_samplers import respaced, subschedule
from coursekit.theory.ddpm_schedule import (
    cosine_alpha_bar,
    linear_beta,
    make_schedule,
    snr,
)

KINDS = ["linear", "linear-short", "cosine"]


def test_linear_beta_is_the_arithmetic_sequence_of_the_paper():
    beta = linear_beta(1000)
    step = (0.02 - 1e-4) / 999
    expected = torch.tensor([1e-4 + i * step for i in range(1000)], dtype=torch.float64)
    torch.testing.assert_close(beta, expected, rtol=1e-13, atol=0)


def test_rescaling_changes_nothing_at_1000_steps_and_is_clipped_below_20():
    torch.testing.assert_close(linear_beta(1000, rescale=True), linear_beta(1000))
    assert linear_beta(100, rescale=True)[-1] == pytest.approx(0.2)
    assert linear_beta(10, rescale=True).max() == 0.999


def test_rescaled_short_chains_forget_the_data_and_plain_ones_do_not():
    for num_steps in (30, 100, 300, 1000):
        assert make_schedule("linear-short", num_steps).alpha_bar[-1] < 1e-4
    assert make_schedule("linear", 100).alpha_bar[-1] > 0.3


def test_cosine_alpha_bar_against_scalar_arithmetic():
    def f(k):
        return math.cos((k / 7 + 0.008) / 1.008 * math.pi / 2) ** 2

    expected = torch.tensor([f(k) / f(0) for k in range(8)], dtype=torch.float64)
    torch.testing.assert_close(cosine_alpha_bar(7), expected, rtol=1e-12, atol=1e-30)
    assert cosine_alpha_bar(7)[0] == 1


def test_without_offset_the_cosine_schedule_is_a_quarter_circle():
    k = torch.arange(51, dtype=torch.float64) / 50
    circle = torch.cos(math.pi / 2 * k) ** 2
    torch.testing.assert_close(cosine_alpha_bar(50, offset=0.0), circle)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_steps", [1, 2, 10, 1000])
def test_tables_fit_together(kind, num_steps):
    schedule = make_schedule(kind, num_steps)
    assert schedule.num_steps == num_steps
    assert schedule.beta.dtype == schedule.alpha_bar.dtype == torch.float64
    assert schedule.beta[0] == 0 and schedule.alpha_bar[0] == 1
    assert ((schedule.beta[1:] > 0) & (schedule.beta[1:] <= 0.999)).all()
    assert (schedule.alpha_bar.diff() < 0).all()
    ratio = schedule.alpha_bar[1:] / schedule.alpha_bar_previous[1:]
    torch.testing.assert_close(ratio, 1 - schedule.beta[1:], rtol=1e-10, atol=0)


def test_cosine_schedule_follows_its_curve_until_beta_is_clipped():
    schedule, curve = make_schedule("cosine", 1000), cosine_alpha_bar(1000)
    torch.testing.assert_close(schedule.alpha_bar[:999], curve[:999], rtol=1e-9, atol=0)
    assert schedule.beta[-1] == 0.999


def test_snr_falls_from_infinity():
    schedule = make_schedule("cosine", 20)
    ratio = snr(schedule)
    assert math.isinf(ratio[0]) and (ratio.diff()[1:] < 0).all()
    torch.testing.assert_close((ratio / (1 + ratio))[1:], schedule.alpha_bar[1:])


def test_bad_requests_name_the_remedy():
    with pytest.raises(ValueError, match="cosine"):
        make_schedule("quadratic", 10)
    with pytest.raises(ValueError, match="at least one step"):
        make_schedule("cosine", 0)


@pytest.mark.parametrize("num_steps", [1, 2, 7, 50, 1000])
def test_respaced_is_even_strictly_decreasing_and_complete(num_steps):
    for num_evals in {1, 2, 3, 7, 10, 13, 49, 50, 999, 1000}:
        if num_evals > num_steps:
            with pytest.raises(ValueError, match="num_evals"):
                respaced(num_steps, num_evals)
            continue
        ks = respaced(num_steps, num_evals)
        gaps = [k - k_next for k, k_next in pairwise(ks)]
        assert len(ks) == num_evals + 1 and ks[0] == num_steps and ks[-1] == 0
        assert min(gaps) >= 1 and max(gaps) - min(gaps) <= 2
    assert respaced(num_steps, num_steps) == list(range(num_steps, -1, -1))


def test_subschedule_keeps_alpha_bar_and_bridges_the_gaps():
    schedule = make_schedule("cosine", 100)
    ks = respaced(100, 7)
    short = subschedule(schedule, ks)
    torch.testing.assert_close(short.alpha_bar, schedule.alpha_bar[sorted(ks)])
    torch.testing.assert_close(torch.cumprod(1 - short.beta, 0), short.alpha_bar)
    whole = subschedule(schedule, range(100, -1, -1))
    torch.testing.assert_close(whole.beta, schedule.beta, rtol=1e-9, atol=1e-15)
