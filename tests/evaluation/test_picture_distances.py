"""PSNR, SSIM and what a reader sees.

Authorities: constant pictures, whose values are closed forms, bytes against floats, and
what a distance must do at equal pictures.
"""

import math

import pytest
import torch

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.picture_distances import psnr, seen_distance, ssim


def flat(value: float, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.full((1, 1, 16, 16), value, dtype=dtype)


@pytest.fixture(scope="module")
def bears() -> torch.Tensor:
    """Bytes (4, 3, 32, 32)."""
    return torch.from_numpy(teddies(4, 32, seed=3)[0]).permute(0, 3, 1, 2).contiguous()


@pytest.mark.parametrize(("value", "want"), [(16, 24.0484), (255, 0.0), (0, math.inf)])
def test_bytes_are_subtracted_as_numbers(value, want):
    zero, other = flat(0, torch.uint8), flat(value, torch.uint8)
    for pair in ((zero, other), (other, zero)):
        assert float(psnr(*pair, data_range=255)) == pytest.approx(want, abs=1e-4)


def test_psnr_is_a_number_for_each_picture():
    x = torch.zeros(3, 3, 8, 8)
    y = x + torch.tensor([0.1, 0.01, 1.0]).reshape(-1, 1, 1, 1)
    assert psnr(x, y, 1.0).tolist() == pytest.approx([20, 40, 0], abs=1e-4)
    assert psnr(x, y, 2.0).tolist() == pytest.approx(
        [26.0206, 46.0206, 6.0206], abs=1e-4
    )


@pytest.mark.parametrize(
    ("scale", "want"), [(1, 0.80010), (2, 0.80040), (255, 0.99403)]
)
def test_ssim_of_constants_on_a_named_range(scale, want):
    got = float(ssim(flat(0.2), flat(0.4), scale))
    assert got == pytest.approx(want, abs=1e-5)
    c1 = (0.01 * scale) ** 2
    assert got == pytest.approx((0.16 + c1) / (0.2 + c1), rel=1e-9)


def test_ssim_is_not_shift_invariant():
    got = float(ssim(2 * flat(0.2) - 1, 2 * flat(0.4) - 1, 2))
    assert got == pytest.approx(0.6004, abs=1e-4)


def test_bytes_and_floats_agree(bears):
    other = (bears.double() * 0.9 + 12).round().to(torch.uint8)
    for distance in (psnr, ssim):
        want = distance(bears, other, 255)
        got = distance(bears.double() / 255, other.double() / 255, 1)
        assert torch.allclose(got, want, rtol=0, atol=1e-6) and got.shape == (4,)
        assert torch.equal(distance(other, bears, 255), want), "symmetric"


def test_ssim_of_equal_and_of_opposite_pictures(bears):
    assert torch.allclose(ssim(bears, bears, 255), torch.ones(4, dtype=torch.float64))
    assert float(ssim(bears, 255 - bears, 255).max()) < 0.7
    gen = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, bears.shape, generator=gen)
    assert abs(float(ssim(bears, noise, 255).mean())) < 0.1


def test_ssim_falls_where_the_window_reaches():
    """One pixel of 24 x 24 is under the window at 11 x 11 of the 14 x 14 places."""
    x = torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(0)).double()
    spot = x.clone()
    spot[..., 12, 12] += 0.3
    loss = 1 - float(ssim(x, spot, 2))
    corner = x.clone()
    corner[..., 0, 0] += 0.3
    assert loss > 50 * (1 - float(ssim(x, corner, 2))) > 0


@pytest.mark.parametrize("distance", [psnr, ssim])
def test_a_range_that_the_pictures_leave_is_refused(distance, bears):
    for wrong in (1.0, 2.0, 0.0, -255.0):
        with pytest.raises(ValueError, match="255 for bytes"):
            distance(bears, bears.flip(0), wrong)
    with pytest.raises(ValueError, match="need two"):
        distance(bears, bears[:1], 255)


def test_ssim_needs_room_for_its_window():
    with pytest.raises(ValueError, match="11 or more"):
        ssim(torch.zeros(1, 1, 10, 30), torch.zeros(1, 1, 10, 30), 1)


def test_a_reader_needs_its_own_scale(bears):
    model = to_model(bears.permute(0, 2, 3, 1).numpy())
    dark = (bears.double() * 0.8).to(torch.uint8)
    want = seen_distance(bears, dark, "bytes")
    got = seen_distance(bears / 255, dark / 255, "unit")
    assert torch.allclose(got, want, rtol=1e-3) and want.shape == (4,)
    assert torch.equal(seen_distance(model, model, "model"), torch.zeros(4))
    fed_wrong = seen_distance(bears / 255, dark / 255, "model")
    assert bool((fed_wrong < 0.7 * want).all()), "no error, and a smaller distance"
    for pictures, scale in ((bears, "unit"), (model, "unit"), (bears, "model")):
        with pytest.raises(ValueError, match="not '"):
            seen_distance(pictures, pictures, scale)
    with pytest.raises(ValueError, match="bytes, unit, model"):
        seen_distance(model, model, "percent")
    with pytest.raises(ValueError, match="resize it"):
        seen_distance(model[..., :16], model[..., :16], "model")


@pytest.mark.parametrize("start", ["bears", "grey"])
def test_the_gradient_is_finite_where_pictures_are_equal(start, bears):
    x = bears / 255 if start == "bears" else torch.full((1, 3, 32, 32), 0.5)
    x = x.clone().requires_grad_()
    seen_distance(x, x.detach().clone(), "unit").sum().backward()
    assert bool(torch.isfinite(x.grad).all())
