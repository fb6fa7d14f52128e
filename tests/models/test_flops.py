"""Authority: gradients of real networks, torch's FlopCounterMode, counted weights."""

import pytest
import torch
from support_models import awake, normal, without_group_norms
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit.evaluation.token_sampling import write_blocks, write_left_to_right
from coursekit.models import flops
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.dit_blocks import CrossBlock, DiTBlock
from coursekit.models.flops import felt, receptive_field
from coursekit.models.local_convnet import LocalConfig, LocalNet
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.patch_discriminator import PatchDiscriminator
from coursekit.models.token_transformer import TokenConfig, TokenTransformer
from coursekit.models.unet import UNet, UNetConfig, count_parameters
from coursekit.theory.unmasking import AtRandom, FirstHitting


def stack(layers):
    """Real convolutions (and doublings) with these kernels and strides."""
    parts = []
    for kernel, stride in layers:
        if stride < 1:
            parts.append(nn.Upsample(scale_factor=2, mode="nearest"))
        step = max(1, int(stride))
        parts.append(nn.Conv2d(1, 1, kernel, step, padding=(kernel - 1) // 2))
    net = nn.Sequential(*parts)
    for p in net.parameters():
        nn.init.uniform_(p, 0.5, 1.5)  # nothing cancels
    return net


def reach(network, channels=1, size=128):
    """The most columns and rows that any of some places in the middle depends on."""
    network, x = network.double(), 0.01 * normal(1, channels, size, size)
    if isinstance(network, UNet | LocalNet):
        said = lambda x: network(x, torch.tensor(0.5).double())  # noqa: E731
    else:
        said = network
    with torch.no_grad():
        middle = said(x).shape[-1] // 2
    found = set()
    for place in range(middle - 8, middle):
        seen = felt(said, x, (place, place)) > 0
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
    assert reach(stack(layers)) == (receptive_field(layers),) * 2


def test_plain_stacks_have_closed_forms():
    for n in range(6):
        assert receptive_field([(3, 1)] * n) == 2 * n + 1
        assert receptive_field([(3, 1), (3, 2)] * n) == 4 * 2**n - 3
        assert receptive_field([(4, 4)] * n) == 4**n


def test_our_networks_see_as_far_as_counted():
    for widths, patch in (((4, 6), 2), ((4, 4, 6), 1)):
        config = UNetConfig(1, widths, groups=2, heads=0, time_width=8, patch=patch)
        blind = awake(without_group_norms(UNet(config)), 0.2)
        count = receptive_field(flops.unet_layers(config))
        assert reach(blind) == (count, count), config
    for blocks, patch in ((1, 1), (1, 2), (2, 2), (3, 1)):
        layers = [(patch, patch), *[(3, 1)] * (1 + 2 * blocks)]
        assert receptive_field(layers) == (count := patch * (3 + 4 * blocks))
        net = awake(LocalNet(LocalConfig(3, 8, blocks, patch)))
        assert reach(net, 3, 48) == (count, count), (blocks, patch)
    # One score of the critic, without its norms: a patch of 18 pixels.
    critic = awake(without_group_norms(PatchDiscriminator(3, 8)))
    assert reach(critic, 3, 64) == (18, 18)


@pytest.mark.parametrize("norms, heads", [(True, 0), (False, 2)])
def test_norms_and_attention_see_everything(norms, heads):
    net = UNet(UNetConfig(widths=(4, 6), groups=2, heads=heads, time_width=8))
    net = awake(net if norms else without_group_norms(net))
    assert reach(net, size=64) == (64, 64)


B, S, T, D, H = 3, 5, 12, 24, 3


def counted(module, *inputs):
    # torch's counter does not know the fused kernel of CPUs.
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    return counter


@pytest.mark.parametrize("r", [4.0, 2.5])
def test_costs_of_blocks_are_exact(r):
    words, patches, c = torch.randn(B, S, D), torch.randn(B, T, D), torch.randn(B, D)
    both, last = torch.cat([words, patches], dim=1), DoubleBlock(D, H, r, last=True)
    for module, inputs, formula in (
        (DiTBlock(D, D, H, r), (patches, c), flops.dit_block(T, D, r)),
        (CrossBlock(D, D, D, H, r), (patches, c, words), flops.cross_block(T, S, D, r)),
        (DoubleBlock(D, H, r), (words, patches, c), flops.double_block(S, T, D, H, r)),
        (last, (words, patches, c), flops.double_block(S, T, D, H, r, last=True)),
        (SingleBlock(D, H, r), (both, c), flops.single_block(S + T, D, H, r)),
    ):
        found = counted(module, *inputs).get_total_flops() / B
        assert flops.Cost(count_parameters(module), found) == formula, module


@pytest.mark.parametrize("side, patch, width, depth", [(32, 4, 128, 6), (12, 2, 8, 1)])
def test_a_whole_dit_is_its_blocks(side, patch, width, depth):
    tokens, cost = flops.dit_flops(side, patch, width, depth)
    assert tokens == (side // patch) ** 2
    assert cost == depth * flops.dit_block(tokens, width).flops


@pytest.mark.parametrize("side, patch, depth", [(32, 4, 3), (16, 2, 1), (24, 8, 2)])
def test_what_a_dit_costs(side, patch, depth):
    config = DiTConfig(size=side, patch=patch, width=D, depth=depth, heads=H)
    net = DiT(config)
    counter = counted(net, torch.randn(1, 3, side, side), torch.tensor(0.5))
    blocks = sum(
        sum(counter.get_flop_counts()[f"DiT.blocks.{i}"].values()) for i in range(depth)
    )
    assert flops.dit_flops(side, patch, D, depth) == ((side // patch) ** 2, blocks)


def test_the_closed_forms_of_the_lecture():
    t, d = 256, 384
    assert flops.attention(t, d).flops == 4 * t**2 * d
    assert flops.dit_block(t, d).flops == 24 * t * d**2 + 4 * t**2 * d + 12 * d**2
    assert flops.dit_block(t, d).parameters == 18 * d**2 + 15 * d
    linear, single = flops.linear(t, d, d), flops.single_block(t, d, 6)
    assert linear + linear == linear.times(2)
    double = flops.double_block(t // 2, t // 2, d, 6)
    assert single.parameters < 0.42 * double.parameters
    assert 0.99 < single.flops / double.flops < 1


@pytest.mark.parametrize(
    "width, depth, giga", [(384, 12, 6.06), (768, 12, 23.01), (1024, 24, 80.71)]
)
def test_what_peebles_and_xie_report(width, depth, giga):
    """DiT-S/2, B/2 and L/2 on latents of 32 x 32. Their Gflops are multiply-adds."""
    tokens, found = flops.dit_flops(32, 2, width, depth)
    assert tokens == 256
    assert found / 2e9 == pytest.approx(giga, rel=2e-3)


TOKENS = TokenConfig(vocabulary=7, length=30, width=D, depth=2, heads=H)


def test_a_pass_over_tokens_costs_what_is_counted():
    """Plain, causal, doubled with a mask, and with a cache; weights, too."""
    net = TokenTransformer(TOKENS)
    ids = torch.zeros(B, T, dtype=torch.long)
    want = B * flops.token_pass(TOKENS, T).flops
    seen = torch.ones(T, T, dtype=torch.bool).tril()
    for how in ({}, {"causal": True}, {"mask": seen}):
        assert counted(lambda x, how=how: net(x, **how), ids).get_total_flops() == want
    cache = net.new_cache(B)
    counted(lambda x: net(x, cache=cache), ids)
    found = counted(lambda x: net(x[:, :S], cache=cache), ids).get_total_flops()
    assert found == B * flops.token_pass(TOKENS, S, T).flops
    assert flops.token_pass(TOKENS, T).parameters == count_parameters(net)


def test_writing_costs_what_is_counted():
    """Whole texts; the last block is shorter; with and without a prompt."""
    net = TokenTransformer(TOKENS)
    for prompt in (S, 0):
        told = torch.zeros(B, prompt, dtype=torch.long)
        for size, rule in ((1, FirstHitting()), (5, AtRandom(2)), (T, AtRandom(3))):
            by_block = []

            def blocks(told, size=size, rule=rule, by_block=by_block):
                by_block += write_blocks(net, told, T, size, rule).by_block

            found = counted(blocks, told).get_total_flops()
            want = flops.block_flops(TOKENS, prompt, T, size, by_block)
            assert found == B * want
    told = torch.zeros(B, S, dtype=torch.long)
    found = counted(lambda x: write_left_to_right(net, x, T), told).get_total_flops()
    assert found == B * flops.write_flops(TOKENS, S, T)
