"""Authority: gradients of real networks, torch's FlopCounterMode, counted weights."""

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.dit_blocks import CrossBlock, DiTBlock
from coursekit.models.flops import (
    Cost,
    attention,
    cross_block,
    dit_block,
    dit_flops,
    double_block,
    felt,
    linear,
    receptive_field,
    single_block,
    unet_layers,
)
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.unet import UNet, UNetConfig, count_parameters


def stack(layers):
    """Real convolutions (and doublings) with these kernels and strides."""
    parts = []
    for kernel, stride in layers:
        if stride < 1:
            parts.append(nn.Upsample(scale_factor=2, mode="nearest"))
        step = max(1, int(stride))
        parts.append(nn.Conv2d(1, 1, kernel, step, padding=(kernel - 1) // 2))
    net = nn.Sequential(*parts).double()
    for p in net.parameters():
        nn.init.uniform_(p, 0.5, 1.5)  # nothing cancels
    return net


def widest(network, x, around=8):
    """The most columns (and rows) that any of some places in the middle depends on."""
    with torch.no_grad():
        middle = network(x).shape[-1] // 2
    found = set()
    for place in range(middle - around, middle):
        seen = felt(network, x, (place, place)) > 0
        found.add((int(seen.any(0).sum()), int(seen.any(1).sum())))
    return max(found)


@pytest.mark.parametrize(
    "layers",
    [
        [(3, 1)],
        [(3, 1)] * 5,
        [(5, 1), (1, 1), (3, 2), (3, 1)],
        [(3, 2)] * 4,
        [(2, 2), (3, 1), (2, 2), (3, 1)],
        [(3, 1), (3, 2), (3, 1), (3, 0.5), (3, 1)],
        [(3, 2), (3, 2), (3, 1), (3, 0.5), (3, 1), (3, 0.5), (3, 1)],
        [(3, 2), (5, 2), (3, 1), (1, 0.5), (3, 0.5), (3, 1), (3, 1)],
    ],
)
def test_the_count_is_what_gradients_reach(layers):
    x = torch.zeros(1, 1, 128, 128, dtype=torch.float64)
    count = receptive_field(layers)
    assert widest(stack(layers), x) == (count, count)


def test_plain_stacks_have_closed_forms():
    for n in range(6):
        assert receptive_field([(3, 1)] * n) == 2 * n + 1
        assert receptive_field([(3, 1), (3, 2)] * n) == 4 * 2**n - 3
        assert receptive_field([(4, 4)] * n) == 4**n


@pytest.mark.parametrize("widths, patch, blocks", [((4, 6), 2, 1), ((4, 4, 6), 1, 1)])
def test_the_way_through_our_u_net_is_counted_right(widths, patch, blocks):
    config = UNetConfig(
        widths=widths, patch=patch, blocks=blocks, groups=2, heads=0, time_width=8
    )
    torch.manual_seed(0)
    net = UNet(config).double()
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.GroupNorm):  # its means see the whole picture
            net.set_submodule(name, nn.Identity())
    for p in net.parameters():
        nn.init.normal_(p, std=0.3)
    count = receptive_field(unet_layers(config))
    x = torch.zeros(1, 1, 128, 128, dtype=torch.float64)
    t = torch.tensor(0.5, dtype=torch.float64)
    assert widest(lambda x: net(x, t), x) == (count, count)


def test_norms_and_attention_see_everything():
    net = UNet(UNetConfig(widths=(4, 6), groups=2, heads=0, time_width=8)).double()
    for p in net.parameters():
        nn.init.normal_(p, std=0.3)
    x = torch.randn(1, 1, 64, 64, dtype=torch.float64)
    t = torch.tensor(0.5, dtype=torch.float64)
    assert (felt(lambda x: net(x, t), x, (9, 9)) > 0).all()


B, S, T, D, H = 3, 5, 12, 24, 3


def measured(module, *inputs):
    # torch's counter does not know the fused kernel of CPUs.
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    return Cost(count_parameters(module), counter.get_total_flops() / B)


def tokens(count):
    return torch.randn(B, count, D)


CASES = {
    "DiTBlock": lambda r: (
        measured(DiTBlock(D, D, H, r), tokens(T), torch.randn(B, D)),
        dit_block(T, D, r),
    ),
    "CrossBlock": lambda r: (
        measured(CrossBlock(D, D, D, H, r), tokens(T), torch.randn(B, D), tokens(S)),
        cross_block(T, S, D, r),
    ),
    "DoubleBlock": lambda r: (
        measured(DoubleBlock(D, H, r), tokens(S), tokens(T), torch.randn(B, D)),
        double_block(S, T, D, H, r),
    ),
    "last DoubleBlock": lambda r: (
        measured(
            DoubleBlock(D, H, r, last=True), tokens(S), tokens(T), torch.randn(B, D)
        ),
        double_block(S, T, D, H, r, last=True),
    ),
    "SingleBlock": lambda r: (
        measured(SingleBlock(D, H, r), tokens(S + T), torch.randn(B, D)),
        single_block(S + T, D, H, r),
    ),
}


@pytest.mark.parametrize("ratio", [4.0, 2.5])
@pytest.mark.parametrize("name", CASES)
def test_costs_of_blocks_are_exact(name, ratio):
    found, formula = CASES[name](ratio)
    assert found == formula


@pytest.mark.parametrize("side, patch, depth", [(32, 4, 3), (16, 2, 1), (24, 8, 2)])
def test_what_a_dit_costs(side, patch, depth):
    config = DiTConfig(size=side, patch=patch, width=D, depth=depth, heads=H)
    net = DiT(config)
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.randn(1, 3, side, side), torch.tensor(0.5))
    blocks = sum(
        sum(counter.get_flop_counts()[f"DiT.blocks.{i}"].values()) for i in range(depth)
    )
    assert dit_flops(side, patch, D, depth) == ((side // patch) ** 2, blocks)


def test_the_closed_forms_of_the_lecture():
    t, d = 256, 384
    assert attention(t, d).flops == 4 * t**2 * d
    assert dit_block(t, d).flops == 24 * t * d**2 + 4 * t**2 * d + 12 * d**2
    assert dit_block(t, d).parameters == 18 * d**2 + 15 * d
    assert linear(t, d, d) + linear(t, d, d) == linear(t, d, d).times(2)
    single, double = single_block(t, d, 6), double_block(t // 2, t // 2, d, 6)
    assert single.parameters < 0.42 * double.parameters
    assert 0.99 < single.flops / double.flops < 1


@pytest.mark.parametrize(
    "width, depth, giga", [(384, 12, 6.06), (768, 12, 23.01), (1024, 24, 80.71)]
)
def test_what_peebles_and_xie_report(width, depth, giga):
    """DiT-S/2, B/2 and L/2 on latents of 32 x 32. Their Gflops are multiply-adds."""
    tokens, flops = dit_flops(32, 2, width, depth)
    assert tokens == 256
    assert flops / 2e9 == pytest.approx(giga, rel=2e-3)
