"""The causal autoencoder of clips. Authority: the shape law of Wan, perturbation of
single frames, and the full pass for what comes in chunks."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from coursekit.models.autoencoder import AutoencoderConfig
from coursekit.models.causal_video import CausalConv3d, Memory, Norm
from coursekit.models.video_autoencoder import (
    VideoAutoencoder,
    VideoAutoencoderConfig,
    decode_stream,
    encode_stream,
    fit_length,
    in_chunks,
    latent_count,
)

SMALL = VideoAutoencoderConfig(
    picture=AutoencoderConfig(widths=(8, 8), groups=4, latent=3), latent=4, width=8
)


def fresh(norm: str = "none") -> VideoAutoencoder:
    """Float64, and no layer at zero: what may leak would leak."""
    torch.manual_seed(0)
    model = VideoAutoencoder(replace(SMALL, norm=norm)).double().eval()
    for weight in model.parameters():
        if weight.ndim > 3:
            nn.init.normal_(weight, std=weight[0].numel() ** -0.5)
    return model


def clip(frames: int = 17) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(1, 3, frames, 8, 8).double()


@pytest.mark.parametrize(
    ("frames", "latents"), [(1, 1), (5, 2), (9, 3), (17, 5), (81, 21)]
)
@torch.no_grad()
def test_the_law_of_shapes(frames, latents):
    z = fresh().encode(clip(frames))
    assert z.shape[2] == latents == latent_count(frames)
    assert fresh().decode(z).shape[2] == frames


@pytest.mark.parametrize("frames", [0, 2, 4, 16, 18])
def test_a_length_that_does_not_fit_is_refused_or_padded_aloud(frames):
    with pytest.raises(ValueError, match=r"use 1 \+ 4 k"):
        latent_count(frames)
    if frames:
        with pytest.raises(ValueError, match="fit_length"):
            fresh().encode(clip(frames))
        longer, added = fit_length(clip(frames))
        assert longer.shape[2] == frames + added and added == -(frames - 1) % 4
        assert (longer[:, :, frames:] == clip(frames)[:, :, -1:]).all()


@pytest.mark.parametrize("norm", ["none", "rms", "frame"])
@torch.no_grad()
def test_a_latent_has_seen_no_later_frame(norm):
    model, x = fresh(norm), clip()
    before = model.encode(x)
    for k in range(17):
        other = x.clone()
        other[:, :, k] += 1
        changed = (model.encode(other) != before).any(0).any(0).any(1).any(1)
        first = -(-k // 4)  # latent j has seen the frames up to 4 j
        assert not changed[:first].any() and changed[first]


@torch.no_grad()
def test_a_frame_has_seen_no_later_latent():
    model = fresh()
    z = model.encode(clip())
    before = model.decode(z)
    for j in range(5):
        other = z.clone()
        other[:, :, j] += 1
        changed = (model.decode(other) != before).any(0).any(0).any(1).any(1)
        first = max(0, 4 * j - 3)
        assert not changed[:first].any() and changed[first]


@torch.no_grad()
def test_groups_over_time_tell_early_latents_what_comes():
    model, x = fresh("time"), clip()
    other = x.clone()
    other[:, :, 16] += 1
    leak = (model.encode(other) - model.encode(x))[:, :, 0].abs().max()
    assert leak > 1e-4


def test_every_frame_is_seen_by_some_latent():
    model, x = fresh(), clip().requires_grad_()
    model.encode(x).sum().backward()
    assert (x.grad.abs().sum((0, 1, 3, 4)) > 0).all()


@pytest.mark.parametrize("plan", [(1, 4, 4, 4, 4), (1, 8, 8), (5, 12), (1, 16), (17,)])
@torch.no_grad()
def test_encoding_in_chunks_is_encoding_the_whole(plan):
    model, x = fresh("rms"), clip()
    parts = list(encode_stream(model, in_chunks(x, plan)))
    torch.testing.assert_close(torch.cat(parts, 2), model.encode(x), atol=1e-12, rtol=0)


@pytest.mark.parametrize("plan", [(1, 1, 1, 1, 1), (1, 4), (2, 3), (5,)])
@torch.no_grad()
def test_decoding_in_chunks_is_decoding_the_whole(plan):
    model, z = fresh("rms"), fresh("rms").encode(clip())
    parts = list(decode_stream(model, in_chunks(z, plan)))
    torch.testing.assert_close(torch.cat(parts, 2), model.decode(z), atol=1e-12, rtol=0)


@torch.no_grad()
def test_a_picture_is_a_clip_of_one_frame_and_a_beginning_has_its_latents():
    model, x = fresh(), clip()
    z = model.encode(x)
    torch.testing.assert_close(model.encode(x[:, :, :1]), z[:, :, :1])
    torch.testing.assert_close(model.encode(x[:, :, :9]), z[:, :, :3])


@torch.no_grad()
def test_what_a_stream_remembers_does_not_grow():
    model, held = fresh(), []
    memory = Memory()
    for chunk in in_chunks(clip(65), (1, *[4] * 16)):
        model.encode(chunk, memory)
        held.append(memory.nbytes)
    assert held[0] == held[-1] == max(held) > 0


@torch.no_grad()
def test_kernel_three_and_stride_two_want_two_zeros_in_front():
    # Counted by hand: 17 frames, outputs at 0, 2, .. 16.
    layer = CausalConv3d(1, 1, stride=2, space=1).double()
    x = torch.randn(1, 1, 17, 1, 1).double()
    y = layer(x)
    assert y.shape[2] == 9
    w, b = layer.conv.weight.flatten(), layer.conv.bias
    torch.testing.assert_close(y[0, 0, 0, 0], w[2] * x[0, 0, 0, 0] + b)
    torch.testing.assert_close(
        y[0, 0, 1, 0, 0], (w * x[0, 0, :3, 0, 0]).sum() + b.squeeze()
    )


def test_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="use one of none, rms"):
        Norm("batch", 8)
