"""What pictures cost. Authorities: torch's FlopCounterMode, counted weights, sizes as
published."""

from dataclasses import replace

import pytest
import torch
from support_models import IDS, TEXT, T
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit.models.autoencoder import AutoencoderConfig, decoder
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.picture_cost import (
    decoding_cost,
    pass_cost,
    passes,
    picture_cost,
    text_cost,
    tokens_of,
)
from coursekit.models.published_shapes import (
    SHAPES,
    Shape,
    published_cost,
    shape_pass,
)
from coursekit.models.strided import StridedMMDiT
from coursekit.models.unet import count_parameters
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.pipeline.students import student
from coursekit.training.recipes import RECIPES

SMALL = MMDiTConfig(TEXT, 3, 8, 2, 24, 3, double=2, ratio=2.5)
CONFIGS = {
    "double": SMALL,
    "hybrid": replace(SMALL, single=3),
    "single": replace(SMALL, double=0, single=2, sines=True),
}


def counted(work):
    """FLOPs, also those of attention: its fused kernel is not counted on a CPU."""
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
        work()
    return counter.get_total_flops()


@pytest.mark.parametrize("strided", [False, True])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_pass_costs_what_torch_counts(config, strided):
    net = (StridedMMDiT if strided else MMDiT)(config)
    want = pass_cost(config, 16, strided) + text_cost(config.text)
    x = torch.randn(3, 3, 8, 8)
    assert counted(lambda: net(x, T, IDS)) == 3 * want.flops
    assert count_parameters(net) == want.parameters


@pytest.mark.parametrize("widths, blocks, patch", [((8, 16), 1, 2), ((8, 8, 16), 2, 1)])
def test_decoding_costs_what_torch_counts(widths, blocks, patch):
    config = AutoencoderConfig(widths=widths, latent=5, blocks=blocks, patch=patch)
    net, want = decoder(config), decoding_cost(config, 16)
    z = torch.randn(3, 5, 16 // config.factor, 16 // config.factor)
    assert counted(lambda: net(z)) == 3 * want.flops
    assert count_parameters(net) == want.parameters


@pytest.mark.parametrize("name", ["teddy-64-prompts", "teddy-64-progressive"])
def test_a_picture_of_ours_costs_what_torch_counts(name):
    """The default model, guided, and its student: from the prompt to the pixels."""
    taught = name != "teddy-64-prompts"
    pipe = student(name) if taught else from_checkpoint(name).swap(steps=3)
    net = pipe.parts.model.network if taught else pipe.parts.model
    vae = RECIPES["teddy-64-vae"].cpu.model
    cost = picture_cost(net.config, 64, vae, pipe.boxes.steps, not taught, taught)
    assert cost.passes == pipe.boxes.evaluations()
    found = counted(lambda: pipe.draw(["a brown bear", "a red bear"]))
    assert 2 * cost.total == pytest.approx(found, rel=0.01)
    assert cost.per_megapixel(cost.total) == pytest.approx(cost.total * 1e6 / 64**2)


def test_guidance_doubles_the_passes_and_pixels_need_no_decoder():
    plain, guided = (picture_cost(SMALL, 16, None, 5, g) for g in (False, True))
    assert (plain.passes, guided.passes) == (passes(5, False), 10)
    assert guided.total == 2 * plain.total
    assert plain.total == 5 * (plain.flops + plain.text) and plain.decoding == 0
    vae = picture_cost(SMALL, 16, AutoencoderConfig(), 5, False)
    assert vae.total == 5 * (vae.flops + vae.text) + vae.decoding
    assert plain.tokens == 16 * vae.tokens  # f = 4


def test_what_is_not_counted_is_refused():
    with pytest.raises(ValueError, match="qk_norm"):
        pass_cost(replace(SMALL, qk_norm=False), 16)
    with pytest.raises(ValueError, match="a multiple of 4 x 3"):
        tokens_of(16, 4, 3)
    with pytest.raises(ValueError, match="a multiple of 4 x 1"):
        decoding_cost(AutoencoderConfig(), 18)


def test_a_shape_of_ours_costs_what_torch_counts_but_for_time_and_pooled_prompt():
    net, wide = MMDiT(CONFIGS["hybrid"]), SMALL.width
    shape = Shape(wide, 2, 3, 60, 3, 2, 1, TEXT.width)
    x = torch.randn(1, 3, 8, 8)
    told = net.conditioner
    small = counted(lambda: told.time(T[:1]))
    small += counted(lambda: told.from_pooled(torch.randn(1, TEXT.width)))
    small += counted(lambda: told.text(IDS[:1]))
    want = counted(lambda: net(x, T[:1], IDS[:1])) - small
    assert shape_pass(shape, TEXT.length, 16).flops == want


@pytest.mark.parametrize("name, billions", [("FLUX.2 [dev]", 32), ("Qwen-Image", 20)])
def test_published_networks_weigh_what_their_authors_say(name, billions):
    found = shape_pass(SHAPES[name], 512, 4096).parameters
    assert found == pytest.approx(1e9 * billions, rel=0.03)


def test_patches_of_32_pixels_make_fewer_tokens_than_latents():
    """At 2,048 pixels; patches of 2 x 2 pixels would be 256 times as many."""
    tokens = {n: published_cost(s, 2048, 512).tokens for n, s in SHAPES.items()}
    assert tokens["FLUX.2 [dev]"] == tokens["Qwen-Image"] == 128**2
    assert tokens["HiDream-O1-Image"] == 64**2
    fine = replace(SHAPES["HiDream-O1-Image"], patch=2)
    assert published_cost(fine, 2048, 512).tokens == 256 * 64**2
