"""Networks that see so far, and no further. Authority: gradient and counter."""

import pytest
import torch

from coursekit.models.flops import felt, receptive_field
from coursekit.models.inpainting import Inpainter, blanked
from coursekit.models.local_convnet import LocalConfig, LocalNet, PositionNorm
from coursekit.models.unet import ResBlock, UNetConfig


def awake(net: torch.nn.Module) -> torch.nn.Module:
    """Random numbers where a new network has zeros."""
    generator = torch.Generator().manual_seed(1)
    for p in net.parameters():
        with torch.no_grad():
            p.copy_(torch.randn(p.shape, generator=generator) * 0.2)
    return net


@pytest.mark.parametrize(("blocks", "patch"), [(1, 1), (1, 2), (2, 2), (3, 1)])
def test_the_gradient_reaches_as_far_as_counted(blocks: int, patch: int) -> None:
    net = awake(LocalNet(LocalConfig(3, 8, blocks, patch)))
    seen = felt(
        lambda x: net(x, torch.tensor(0.3)), torch.randn(1, 3, 48, 48), (24, 24)
    )
    columns = (seen.sum(0) > 0).nonzero()[:, 0]
    layers = [(patch, patch), *[(3, 1)] * (1 + 2 * blocks)]
    wide = int(columns.max() - columns.min() + 1)
    assert wide == receptive_field(layers) == patch * (3 + 4 * blocks)


def test_a_group_norm_sees_everything() -> None:
    """Why the local net has a norm of its own."""
    block = awake(ResBlock(8, 8, UNetConfig(groups=2)))
    emb = torch.zeros(1, 128)
    seen = felt(lambda x: block(x, emb), torch.randn(1, 8, 20, 20), (10, 10))
    assert bool((seen > 0).all())


def test_position_norm_is_a_layer_norm_over_channels() -> None:
    x = torch.randn(2, 6, 5, 4, dtype=torch.float64)
    y = PositionNorm(6).double()(x)
    torch.testing.assert_close(y.mean(1), torch.zeros(2, 5, 4).double())
    want = (x - x.mean(1, keepdim=True)) / (x.var(1, False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(y, want)


def test_a_finisher_keeps_what_is_given_and_never_sees_noise_there() -> None:
    net = awake(LocalNet(LocalConfig(4, 8, 1)))
    x0, noise = torch.randn(2, 3, 3, 16, 16)
    missing = torch.zeros(3, 16, 16, dtype=torch.bool)
    missing[:, 4:9, 3:8] = True
    cond, t = blanked(x0, missing), torch.tensor([0.2, 0.5, 0.9])
    model = Inpainter(net)
    answer = model(noise, t, cond)
    outside = ~missing[:, None].expand_as(x0)
    assert torch.equal(answer[outside], x0[outside])
    other = torch.where(outside, torch.randn(x0.shape), noise)
    torch.testing.assert_close(model(other, t, cond), answer)
    inside = torch.where(outside, noise, torch.randn(x0.shape))
    assert not torch.allclose(model(inside, t, cond), answer)


def test_a_local_net_takes_no_condition() -> None:
    net = LocalNet(LocalConfig(3, 8, 1))
    with pytest.raises(ValueError, match="no condition"):
        net(torch.zeros(1, 3, 8, 8), torch.zeros(1), torch.zeros(1))
