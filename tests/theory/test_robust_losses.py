"""Robust losses. Authority: closed forms of what they learn from a random target."""

import math

import pytest
import torch
from support.theory import SHAPES, normal

from coursekit.theory.robust_losses import power_weighted, pseudo_huber, squared_l2

HEAVY = 0.7  # the target is 0 with this probability, and 1 otherwise


def tiny(power):
    return lambda error: power_weighted(error, power, 1e-20)


def pull(loss, u, noise=None):
    """The slope, in the answer u, of the mean loss over both values of the target."""
    u = torch.tensor(u, dtype=torch.float64, requires_grad=True)
    rows = 1 if noise is None else len(noise)
    total = 0
    for value, share in ((0.0, HEAVY), (1.0, 1 - HEAVY)):
        error = (u - value).expand(rows, 1)
        if noise is not None:
            error = torch.cat([error, noise], 1)
        total = total + share * loss(error).mean()
    return float(torch.autograd.grad(total, u)[0])


def learnt(loss, noise=None):
    """The answer at which a network comes to rest, downhill from the mean."""
    low, high = 0.0, 1 - HEAVY + 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if pull(loss, middle, noise) > 0 else (middle, high)
    return low


def test_a_square_learns_the_mean():
    assert learnt(squared_l2) == pytest.approx(0.3, abs=1e-6)
    assert learnt(tiny(0.0)) == pytest.approx(0.3, abs=1e-6)
    assert learnt(lambda error: pseudo_huber(error, 1e4)) == pytest.approx(0.3, 1e-4)


@pytest.mark.parametrize("power", [0.1, 0.25, 0.4])
def test_a_power_below_a_half_learns_a_point_between(power):
    """The odds of the shares, to the power 1 / (1 - 2 p): less than the mean."""
    odds = ((1 - HEAVY) / HEAVY) ** (1 / (1 - 2 * power))
    found = learnt(tiny(power))
    print(f"power {power}: {found:.5f} in place of the mean .3")
    assert found == pytest.approx(odds / (1 + odds), abs=1e-6) and found < 0.26


@pytest.mark.parametrize("power", [0.5, 0.75, 1.0])
def test_a_power_from_a_half_on_learns_the_heavy_mode(power):
    """With 1/2 it is the length, whose minimum is the median."""
    assert learnt(tiny(power)) < 1e-6
    assert pull(tiny(power), 0.29) > 0, "the mean would have to rest"
    light = pull(tiny(power), 1 - 1e-4)
    assert (light < 0) == (power > 0.5), "the light mode holds what starts beside it"


def test_pseudo_huber_learns_a_point_near_the_median():
    """u / sqrt(u^2 + c^2) is the ratio of the shares where c is far below the gap."""
    c, ratio = 1e-4, (1 - HEAVY) / HEAVY
    found = learnt(lambda error: pseudo_huber(error, c))
    assert found == pytest.approx(c * ratio / math.sqrt(1 - ratio**2), rel=1e-3)


@pytest.mark.parametrize("dims", [1, 16, 256])
def test_in_many_dimensions_the_weight_is_almost_constant(dims):
    """Other entries with errors of their own make |error|^2 concentrate."""
    found = learnt(lambda e: power_weighted(e, 1.0), normal(400, dims))
    print(f"power 1 with {dims} other entries: {found:.3f} in place of .3")
    assert (found < 0.1) if dims == 1 else found > {16: 0.26, 256: 0.295}[dims]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_one_number_for_each_sample_from_all_entries(shape):
    error = normal(*shape)
    square = torch.stack([(row * row).sum() for row in error])
    torch.testing.assert_close(squared_l2(error), square)
    torch.testing.assert_close(
        power_weighted(error, 0.75, 0.1), square / (square + 0.1) ** 0.75
    )
    c = 0.00054 * math.sqrt(error[0].numel())
    torch.testing.assert_close(pseudo_huber(error), (square + c * c).sqrt() - c)


def test_the_weight_does_not_learn():
    """The gradient is 2 error / (square + c)^p, without the slope of the weight."""
    error = normal(5, 3).requires_grad_()
    (got,) = torch.autograd.grad(power_weighted(error, 0.5, 0.1).sum(), error)
    weight = ((error**2).sum(1, keepdim=True) + 0.1) ** -0.5
    torch.testing.assert_close(got, 2 * error.detach() * weight.detach())


def test_no_error_has_a_finite_gradient():
    error = torch.zeros(2, 3, requires_grad=True)
    for loss in (pseudo_huber, lambda e: power_weighted(e, 1.0)):
        (slope,) = torch.autograd.grad(loss(error).sum(), error)
        assert torch.equal(slope, torch.zeros(2, 3))
