"""Lecture 5's widgets. Authority: softmax rows that sum to 1, the receptive field by
counting, brute-force products of turned vectors, and networks with their taps open. The
browser half is in tests/browser."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support_models import awake

from coursekit.datasets.teddy.render import render
from coursekit.lectures.l05_architectures.experiments.attention import (
    attention_maps,
    knob_sizes,
)
from coursekit.lectures.l05_architectures.widgets import board as architecture_board
from coursekit.lectures.l05_architectures.widgets import dial as architecture_dial
from coursekit.lectures.l05_architectures.widgets import gaze as architecture_gaze
from coursekit.lectures.l05_architectures.widgets import reach as architecture_reach
from coursekit.lectures.l05_architectures.widgets import taps as architecture_taps
from coursekit.lectures.l05_architectures.widgets import tiles as architecture_tiles
from coursekit.lectures.l05_architectures.widgets.patch_picker import PatchPicker
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.flops import dit_block, receptive_field
from coursekit.models.inpainting import Inpainter
from coursekit.models.unet import UNet, UNetConfig

DIT = DiTConfig(channels=4, size=24, patch=3, width=16, depth=2, heads=2, zero=False)


@pytest.fixture(scope="module")
def finisher():
    torch.manual_seed(0)
    return Inpainter(DiT(DIT))


@pytest.fixture(scope="module")
def taps():
    config = UNetConfig(channels=3, widths=(8, 16, 16), patch=2, groups=4, heads=0)
    return architecture_taps.Taps.of(awake(UNet(config), 0.1))


# --- the gaze ------------------------------------------------------------------------


def test_attention_maps_are_what_the_layers_use(finisher):
    """Authority: the layer's own answer from the weights that were collected."""
    net = finisher.net
    x, t = torch.randn(2, 4, 24, 24), torch.tensor([0.3, 0.8])
    maps = attention_maps(net, x, t)
    assert maps.shape == (2, 2, 2, 64, 64)
    torch.testing.assert_close(maps.sum(-1), torch.ones(2, 2, 2, 64))
    heard = []
    layer = net.blocks[1].attention
    handle = layer.register_forward_hook(lambda _, a, y: heard.append((a[0], y)))
    net(x, t)
    handle.remove()
    inputs, answer = heard[0]
    _, _, v = layer.project(inputs)
    mixed = (maps[1] @ v).transpose(1, 2).flatten(2)
    torch.testing.assert_close(layer.out(mixed), answer, rtol=1e-4, atol=1e-5)


def test_the_gaze_points_at_patches_that_show_the_hat(finisher):
    gaze = architecture_gaze.Gaze.of(finisher, 3, number=1)
    shares = gaze.attention(0.5).sum(-1)
    np.testing.assert_allclose(shares, 1, atol=1e-5)
    bare = replace(gaze.scene, bears=(replace(gaze.scene.bears[0], hat="none"),))
    changed = (render([bare], 24) != render([gaze.scene], 24))[0].any(-1)
    tiles = changed.reshape(8, 3, 8, 3).any((1, 3)).ravel()
    named = set(gaze.hat()) | set(gaze.hat(reflected=True))
    differing = set(np.flatnonzero(tiles).tolist())
    assert len(named & differing) >= 0.6 * len(differing)
    assert set(gaze.hat()) & differing and set(gaze.hat(reflected=True)) & differing


def test_a_click_changes_the_map_and_the_mark(finisher):
    gaze = architecture_gaze.Gaze.of(finisher, 3)
    one = architecture_gaze.draw(gaze, 10, 0.5, "mean")
    other = architecture_gaze.draw(gaze, 11, 0.5, "mean")
    assert one.images.shape == (2, 144, 144, 3)
    assert (one.images != other.images).any()
    heads = architecture_gaze.draw(gaze, 10, 0.5, "2")
    assert list(heads.names) == ["layer 2, head 1", "layer 2, head 2"]


def test_the_picker_stays_inside():
    picker = PatchPicker(np.zeros((6, 6, 3), np.uint8), 2, 3)
    picker.value = 17
    assert picker.value == 5
    picker.value = -4
    assert picker.value == 0 and picker.picture[:4] == b"\x89PNG"


# --- knobs ---------------------------------------------------------------------------


def test_knobs_are_read_off_the_time(finisher):
    net = finisher.net
    ts, size = knob_sizes(net, 5)
    c = net.conditioner(ts[2:3], None, torch.zeros(1, 1)).vector
    vectors = net.blocks[1].knobs(c)
    for part in range(2):
        for kind in range(3):
            want = vectors[3 * part + kind].abs().mean()
            torch.testing.assert_close(size[2, 1, part, kind], want)
    scene = architecture_board.draw(architecture_board.Board.of(net), "gate", 0.5)
    assert len(scene.charts) == 2 and "block" in scene.text


# --- taps ----------------------------------------------------------------------------


def test_open_taps_change_nothing_and_closed_ones_do(taps):
    now = torch.full((3,), 0.4)
    xt = 0.6 * taps.x0 + 0.4 * taps.eps
    with torch.no_grad():
        plain = xt - 0.4 * taps.net(xt, now)
    torch.testing.assert_close(taps.guess(0.4, ()), plain)
    for levels in taps.choices().values():
        if levels:
            assert not torch.allclose(taps.guess(0.4, levels), plain)
    torch.testing.assert_close(taps.guess(0.4, ()), plain)  # and all are open again


def test_every_level_has_a_tap(taps):
    closed = [f"closed at {side} x {side}" for side in (16, 8, 4)]
    assert list(taps.choices()) == ["all open", *closed, "all closed"]
    for choice in taps.choices():
        scene = architecture_taps.draw(taps, 0.3, choice)
        assert scene.images.shape == (6, 32, 32, 3)


# --- the dial ------------------------------------------------------------------------


@pytest.mark.parametrize("base", [100.0, 10_000.0])
def test_only_the_difference_counts(base):
    products = architecture_dial.products
    for gap in (-5.0, 0.0, 3.5):
        found = [float(products(m, [m - gap], base)[0]) for m in (0.0, 2.0, 11.0)]
        assert np.ptp(found) < 1e-9
    q, k = architecture_dial.vectors()
    assert float(products(4.0, [4.0], base)[0]) == pytest.approx(float(q @ k))


def test_turning_keeps_lengths():
    q, _ = architecture_dial.vectors()
    turned = architecture_dial.turned([0.0, 3.0, 9.0], q, 100.0)
    torch.testing.assert_close(turned.norm(dim=1), q.norm().expand(3))
    scene = architecture_dial.draw(3.0, 7.0, 1, "100")
    assert "Only the difference counts, here -4" in scene.text


# --- reach and tiles -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "blocks", "kernel"), [(1, 1, 3), (2, 1, 3), (1, 2, 5)]
)
def test_ways_end_where_the_counter_says(levels, blocks, kernel):
    share = architecture_reach.ways(levels, blocks, kernel)
    assert share.sum() == pytest.approx(1) and share.min() >= 0
    wide = int((share.sum(0) > 0).sum())
    counted = receptive_field(architecture_reach.layers_of(levels, blocks, kernel))
    # Whether an output has the largest field depends on where it stands on the coarse
    # grid, so one of the middle may see a little less.
    assert counted - 2 ** (levels - 1) <= wide <= counted


def test_attention_lights_the_whole_hall():
    dark = architecture_reach.draw(1, 1, 3, False)
    light = architecture_reach.draw(1, 1, 3, True)
    assert light.images.mean() > 2 * dark.images.mean()
    assert dark.tone == "bad" and light.tone == "good"


def test_the_cost_of_a_real_network():
    """Authority: the parameters of a network that was built."""
    net = DiT(DiTConfig(patch=8, width=32, depth=2))
    blocks = sum(p.numel() for p in net.blocks.parameters())
    assert blocks == 2 * dit_block(16, 32).parameters
    found = architecture_tiles.cost(8, 32, 2)
    ends = sum(p.numel() for p in net.embed.parameters())
    ends += sum(p.numel() for p in net.head.linear.parameters())
    assert found.parameters == blocks + ends
    assert architecture_tiles.cost(4, 32, 2).flops > 3.5 * found.flops
    assert "tokens" in architecture_tiles.draw(4, 64, 4).text
