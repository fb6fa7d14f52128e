"""The MLP and the U-Net.

Authorities: invariants. A new U-Net returns zero; samples of a batch never mix; the
receptive field, the time and the label reach the output; the layout in memory does not
matter; a network that can learn drives the loss on one batch towards zero.
"""

import pytest
import torch

from coursekit.models.mlp import EpsMLP
from coursekit.models.unet import UNet, UNetConfig, count_parameters

SMALL = UNetConfig(channels=1, widths=(8, 16), groups=4, time_width=16)


def awake(config: UNetConfig) -> UNet:
    """A U-Net whose zero layers got weights, as training would give them."""
    torch.manual_seed(0)
    model = UNet(config)
    with torch.no_grad():
        for p in model.parameters():
            if not p.any():
                p.normal_(0, 0.1)
    return model.eval()


@pytest.mark.parametrize("size", [(1, 28), (3, 32)])
@pytest.mark.parametrize("patch", [1, 2])
def test_a_new_unet_returns_zero_of_the_same_shape(
    size: tuple[int, int], patch: int
) -> None:
    model = UNet(UNetConfig(channels=size[0], widths=(8, 16), patch=patch))
    x = torch.randn(3, size[0], size[1], size[1])
    out = model(x, torch.rand(3))
    assert out.shape == x.shape and not out.any()


@torch.no_grad()
def test_samples_never_mix_and_layout_does_not_matter() -> None:
    model = awake(SMALL)
    x, t = torch.randn(4, 1, 16, 16), torch.rand(4)
    whole = model(x, t)
    alone = torch.cat([model(x[i : i + 1], t[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(whole, alone, atol=1e-5, rtol=1e-4)
    other = model.to(memory_format=torch.channels_last)
    last = other(x.contiguous(memory_format=torch.channels_last), t)
    torch.testing.assert_close(whole, last, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("heads", [0, 2])
def test_attention_carries_one_corner_to_the_other(heads: int) -> None:
    """Without it 64 x 64 is too large for this little depth: the corner stays blind."""
    config = UNetConfig(channels=1, widths=(8, 16), groups=1, heads=heads, time_width=8)
    model = awake(config)
    for module in model.modules():  # group norm would leak statistics everywhere
        if isinstance(module, torch.nn.GroupNorm):
            module.forward = lambda x: x  # type: ignore[method-assign]
    x = torch.randn(1, 1, 64, 64, requires_grad=True)
    model(x, torch.tensor([0.5]))[0, 0, 0, 0].backward()
    assert x.grad is not None
    assert bool(x.grad[0, 0, -4:, -4:].any()) == (heads > 0)


@torch.no_grad()
def test_the_time_and_the_label_reach_the_output() -> None:
    model = awake(UNetConfig(1, (8, 16), groups=4, time_width=16, num_classes=3))
    x = torch.randn(1, 1, 16, 16)
    t = torch.tensor([0.2])
    label = torch.tensor([1])
    assert not torch.allclose(model(x, t, label), model(x, t + 0.3, label))
    assert not torch.allclose(model(x, t, label), model(x, t, label + 1))
    torch.testing.assert_close(model(x, t), model(x, t, torch.tensor([3])))  # null
    with pytest.raises(ValueError, match="no classes"):
        awake(SMALL)(x, t, label)


def test_every_parameter_of_the_unet_gets_a_gradient() -> None:
    model = awake(UNetConfig(1, (8, 16), groups=4, time_width=16, blocks=2, patch=2))
    model(torch.randn(2, 1, 16, 16), torch.rand(2)).square().mean().backward()
    idle = [
        n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()
    ]
    # A constant added to all keys changes no attention weight: its gradient is 0.
    assert set(idle) <= {"attention.qkv.bias"}


def test_the_unet_overfits_one_batch() -> None:
    torch.manual_seed(0)
    model = UNet(SMALL)
    x, t, target = torch.randn(4, 1, 8, 8), torch.rand(4), torch.randn(4, 1, 8, 8)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    first = last = 0.0
    for _ in range(150):
        loss = (model(x, t) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        last = float(loss.detach())
        first = first or last
    assert last < 0.05 * first


def test_the_mlp_reads_time_only_if_told_to() -> None:
    torch.manual_seed(0)
    x, t = torch.randn(5, 2), torch.rand(5)
    told, blind = EpsMLP(width=16), EpsMLP(width=16, time=False)
    assert not torch.allclose(told(x, t), told(x, 1 - t))
    assert torch.equal(blind(x, t), blind(x, 1 - t))
    torch.testing.assert_close(told(x, t[0]), told(x, t[:1].expand(5)))


def test_the_mlp_counts_its_parameters_and_its_classes() -> None:
    """Closed form: (2 + 64) w + w + (w w + w) + 2 w + 2 for two layers of width w."""
    w = 10
    assert count_parameters(EpsMLP(width=w, depth=2)) == 66 * w + w + w * w + w + 22
    model = EpsMLP(width=w, num_classes=2)
    x, t = torch.randn(1, 2), torch.rand(1)
    null = torch.tensor([2])
    torch.testing.assert_close(model(x, t), model(x, t, null))
    assert not torch.allclose(model(x, t), model(x, t, null - 1))
