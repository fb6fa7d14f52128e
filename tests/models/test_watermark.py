"""Authority: the definition of the PSNR, finite bounds, and derivatives by hand."""

import math

import pytest
import torch

from coursekit.models.watermark import (
    SIDE,
    Watermark,
    WatermarkConfig,
    bit_accuracy,
    bounded,
    straight_through,
)


def test_a_bounded_change_is_bounded_and_so_is_the_psnr():
    rng = torch.Generator().manual_seed(0)
    x = torch.rand(4, 3, 8, 8, generator=rng) * 2 - 1
    raw = 30 * torch.randn(x.shape, generator=rng)
    scale = torch.tensor([0.3, 0.034, 0.1, 0.5])
    off = (bounded(x, raw, scale) - x).abs()
    for each, size in zip(off, scale, strict=True):
        assert each.max() <= size + 1e-6
        psnr = 10 * math.log10(4 / float(each.square().mean()))
        assert psnr >= 20 * math.log10(2 / size) - 1e-3
    assert bounded(x, raw, scale).abs().max() <= 1
    inside, little = 0.5 * x, 0.01 * raw.sign()
    want = inside + scale[:, None, None, None] * math.tanh(0.01) * raw.sign()
    torch.testing.assert_close(bounded(inside, little, scale), want)


def test_straight_through_goes_forward_rounded_and_back_as_if_not():
    x = torch.tensor([0.2, 0.7, -1.4], requires_grad=True)
    found = straight_through(x, x.round())
    assert found.tolist() == x.round().tolist()
    (found * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [1, 2, 3]


def test_accuracy_of_bits():
    logits = torch.tensor([[3.0, -1.0, 0.2, -9.0], [-1.0, -1.0, -1.0, -1.0]])
    bits = torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
    assert bit_accuracy(logits, bits).tolist() == [0.75, 0.5]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    return Watermark(WatermarkConfig()).eval()


def test_it_has_the_size_that_the_notebook_says(network):
    assert sum(p.numel() for p in network.parameters()) == 214_640


def test_the_usual_scale_is_the_quiet_one_and_all_bits_reach_all_places(network):
    x = torch.zeros(2, 3, SIDE, SIDE)
    bits = torch.zeros(2, 32)
    bits[1, 5] = 1
    quiet = torch.full((2,), network.config.quiet)
    with torch.no_grad():
        marked = network.hide(x, bits)
        torch.testing.assert_close(marked, network.hide(x, bits, quiet))
        moved = (network.hide(x, bits, 0 * quiet + 1)[1] - marked[0]).abs().amax(0)
    cells = moved.unfold(0, 8, 8).unfold(1, 8, 8).amax(dim=(2, 3))
    assert (cells > 0).all()
