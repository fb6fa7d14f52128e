"""The U-Net's three ways to be told, and its skips.

Authority: special cases in which two ways agree, checkpoints made before there was a
choice, and what must not reach the output when a way is closed.
"""

from dataclasses import replace

import pytest
import torch
from torch import nn

from coursekit.models.text_encoder import TextConfig
from coursekit.models.unet import ResBlock, UNet, UNetConfig
from coursekit.models.unet_conditions import Listen, add_vector, scale_shift

TEXT = TextConfig(vocabulary=11, length=5, width=8, depth=1, heads=2)
SMALL = UNetConfig(widths=(8, 16), groups=4, time_width=8, heads=0)
IDS = torch.tensor([[1, 5, 6, 2, 0], [1, 7, 2, 0, 0], [1, 9, 9, 9, 2]])


def pictures(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, 1, 8, 8, generator=generator), torch.rand(3)


def awake(config):
    torch.manual_seed(0)
    net = UNet(config)
    for p in net.parameters():
        nn.init.normal_(p, std=0.3)
    return net


def test_knobs_act_on_channels():
    h, knobs = torch.randn(2, 3, 4, 5), torch.randn(2, 6)
    got = scale_shift(h, knobs)
    for c in range(3):
        want = h[:, c] * (1 + knobs[:, c, None, None]) + knobs[:, 3 + c, None, None]
        torch.testing.assert_close(got[:, c], want)
    assert torch.equal(scale_shift(h, torch.zeros(2, 6)), h)
    shifts = torch.randn(2, 3)
    only = torch.cat([torch.zeros(2, 3), shifts], dim=1)
    assert torch.equal(scale_shift(h, only), add_vector(h, shifts))


def test_listening_begins_at_nothing_and_hears_words_in_any_order():
    layer = Listen(8, 6, 2, groups=4).double()
    h, tokens = torch.randn(2, 8, 4, 5).double(), torch.randn(2, 3, 6).double()
    assert torch.equal(layer(h, tokens), h)
    nn.init.normal_(layer.cross.out.weight)
    heard = layer(h, tokens)
    torch.testing.assert_close(layer(h, tokens[:, [2, 0, 1]]), heard)
    # a place asks for itself: turn the picture, and the answer turns
    flipped = layer(h.flip(3), tokens)
    torch.testing.assert_close(flipped, heard.flip(3))
    assert float((heard - h).std(dim=(2, 3)).detach().min()) > 1e-4


@pytest.mark.parametrize("told", ["film", "add", "cross"])
def test_every_way_begins_at_zero_and_every_parameter_learns(told):
    torch.manual_seed(0)
    net = UNet(replace(SMALL, told=told, text=TEXT, heads=2))
    x, t = pictures()
    assert not net(x, t, IDS).detach().any()
    optimiser, learnt = torch.optim.SGD(net.parameters(), lr=0.3), set()
    for _ in range(4):
        optimiser.zero_grad()
        (net(x, t, IDS) - x).square().mean().backward()
        learnt |= {
            n for n, p in net.named_parameters() if p.grad is not None and p.grad.any()
        }
        optimiser.step()
    assert {n for n, _ in net.named_parameters()} - learnt == set()


@pytest.mark.parametrize("told", ["film", "add", "cross"])
@torch.no_grad()
def test_words_reach_the_output(told):
    net, (x, t) = awake(replace(SMALL, told=told, text=TEXT)), pictures()
    other = IDS.clone()
    other[:, 1] = 3
    gap = (net(x, t, other) - net(x, t, IDS)).abs().amax((1, 2, 3))
    assert float(gap.min()) > 1e-4
    empty = torch.tensor([[1, 2, 0, 0, 0]]).expand(3, 5)
    assert torch.equal(net(x, t), net(x, t, empty))


@torch.no_grad()
def test_a_cross_net_that_does_not_listen_is_a_film_net():
    cross = awake(replace(SMALL, told="cross", text=TEXT))
    film = UNet(replace(SMALL, told="film", text=TEXT))
    assert not film.load_state_dict(cross.state_dict(), strict=False).missing_keys
    for layer in cross.listen:
        layer.cross.out.weight.zero_()
        layer.cross.out.bias.zero_()
    x, t = pictures()
    assert torch.equal(cross(x, t, IDS), film(x, t, IDS))


@torch.no_grad()
def test_adding_before_a_norm_shifts_groups_against_each_other_only():
    """A number added to all channels of a group is taken away by the norm after it."""
    config = replace(SMALL, told="add")
    block = ResBlock(8, 8, config)
    for p in block.parameters():
        nn.init.normal_(p, std=0.3)
    x, emb = torch.randn(2, 8, 4, 4), torch.randn(2, 8)
    before = block(x, emb)
    block.shift.bias += 7.0
    torch.testing.assert_close(block(x, emb), before, rtol=0, atol=1e-4)
    block.shift.bias[0] += 7.0
    assert float((block(x, emb) - before).abs().max()) > 1e-2


@torch.no_grad()
def test_without_skips_the_way_up_reads_its_own_features_only():
    """What level 0 wrote going down reaches the end only by way of level 1."""
    x, t = pictures()
    for skips in (False, True):
        net = awake(replace(SMALL, skips=skips))
        before = net(x, t)
        net.down[1].register_forward_hook(lambda *args: torch.zeros_like(args[2]))
        below = net(x, t)
        net.down[0].register_forward_hook(lambda *args: 2 * args[2] ** 2)
        assert float((below - before).abs().max()) > 1e-3
        changed = float((net(x, t) - below).abs().max())
        assert changed > 1e-3 if skips else changed == 0
    whole, without = UNet(SMALL), UNet(replace(SMALL, skips=False))
    for level in whole.up:
        assert (
            level.blocks[0].norm1.num_channels == 2 * level.blocks[0].conv1.out_channels
        )
    for level in without.up:
        assert level.blocks[0].norm1.num_channels == level.blocks[0].conv1.out_channels


def test_ways_that_cannot_be():
    with pytest.raises(ValueError, match="told='adaln'"):
        UNet(replace(SMALL, told="adaln"))
    with pytest.raises(ValueError, match="give the config a text"):
        UNet(replace(SMALL, told="cross"))
    with pytest.raises(ValueError, match="not both"):
        UNet(replace(SMALL, num_classes=3, text=TEXT))
