"""The U-Net: its layout, the three ways to tell it something, and its skips.

Authority: special cases in which two ways agree, what must not reach the output when a
way is closed, and a batch that it learns by heart. What every network owes:
test_every_network.py. How far it sees: test_flops.py.
"""

from dataclasses import replace

import pytest
import torch
from support_models import IDS, TEXT, T, X, awake, gap, learn, normal
from torch import nn

from coursekit.models.unet import ResBlock, UNet, UNetConfig, count_parameters
from coursekit.models.unet_conditions import Listen, add_vector, scale_shift

SMALL = UNetConfig(3, (8, 16), groups=4, time_width=8, heads=0)


@torch.no_grad()
def test_the_layout_in_memory_does_not_matter():
    model = awake(UNet(replace(SMALL, heads=2)))
    plain = model(X, T)
    last = X.contiguous(memory_format=torch.channels_last)
    other = model.to(memory_format=torch.channels_last)(last, T)
    torch.testing.assert_close(other, plain, atol=1e-5, rtol=1e-4)


def test_it_overfits_one_batch():
    torch.manual_seed(0)
    model, target = UNet(replace(SMALL, heads=2)), normal(3, 3, 8, 8, seed=1).float()
    losses = learn(model, lambda _: (model(X, T) - target).square().mean(), 150, 1e-2)
    assert losses[-1] < 0.05 * losses[0]


def test_frozen_weights_count_too():
    layer = nn.Linear(3, 4)
    assert count_parameters(layer.requires_grad_(requires_grad=False)) == 16


def test_knobs_act_on_channels():
    h, knobs, shifts = normal(2, 3, 4, 5), normal(2, 6), normal(2, 3, seed=1)
    got = scale_shift(h, knobs)
    for c in range(3):
        want = h[:, c] * (1 + knobs[:, c, None, None]) + knobs[:, 3 + c, None, None]
        torch.testing.assert_close(got[:, c], want)
    assert torch.equal(scale_shift(h, torch.zeros(2, 6)), h)
    only = torch.cat([torch.zeros(2, 3), shifts], dim=1)
    assert torch.equal(scale_shift(h, only), add_vector(h, shifts))


def test_listening_begins_at_nothing_and_hears_words_in_any_order():
    layer, h = Listen(8, 6, 2, groups=4).double(), normal(2, 8, 4, 5)
    tokens = normal(2, 3, 6)
    assert torch.equal(layer(h, tokens), h)
    nn.init.normal_(layer.cross.out.weight)
    heard = layer(h, tokens)
    torch.testing.assert_close(layer(h, tokens[:, [2, 0, 1]]), heard)
    # a place asks for itself: turn the picture, and the answer turns
    flipped = layer(h.flip(3), tokens)
    torch.testing.assert_close(flipped, heard.flip(3))
    assert float((heard - h).std(dim=(2, 3)).detach().min()) > 1e-4


@torch.no_grad()
def test_a_cross_net_that_does_not_listen_is_a_film_net():
    cross = awake(UNet(replace(SMALL, told="cross", text=TEXT)))
    film = UNet(replace(SMALL, told="film", text=TEXT))
    assert not film.load_state_dict(cross.state_dict(), strict=False).missing_keys
    for layer in cross.listen:
        layer.cross.out.weight.zero_()
        layer.cross.out.bias.zero_()
    assert torch.equal(cross(X, T, IDS), film(X, T, IDS))


@torch.no_grad()
def test_adding_before_a_norm_shifts_groups_against_each_other_only():
    """A number added to all channels of a group is taken away by the norm after it."""
    block = awake(ResBlock(8, 8, replace(SMALL, told="add")))
    x, emb = normal(2, 8, 4, 4).float(), normal(2, 8).float()
    before = block(x, emb)
    block.shift.bias += 7.0
    torch.testing.assert_close(block(x, emb), before, rtol=0, atol=1e-4)
    block.shift.bias[0] += 7.0
    assert gap(block(x, emb), before) > 1e-2


@pytest.mark.parametrize("skips", [False, True])
@torch.no_grad()
def test_without_skips_the_way_up_reads_its_own_features_only(skips):
    """What level 0 wrote going down reaches the end only by way of level 1."""
    net = awake(UNet(replace(SMALL, skips=skips)))
    before = net(X, T)
    net.down[1].register_forward_hook(lambda *args: torch.zeros_like(args[2]))
    below = net(X, T)
    net.down[0].register_forward_hook(lambda *args: 2 * args[2] ** 2)
    assert gap(below, before) > 1e-3
    changed = gap(net(X, T), below)
    assert changed > 1e-3 if skips else changed == 0
    for level in net.up:  # and it does not pay for what it does not read
        block = level.blocks[0]
        assert block.norm1.num_channels == (1 + skips) * block.conv1.out_channels
