"""Authority: torch's fused kernel, symmetry (permutations), causality (tried out)."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from coursekit.models.attention import (
    CrossAttention,
    Projection,
    SelfAttention,
    attention,
    attention_weights,
    causal_mask,
    merge_heads,
    split_heads,
)
from coursekit.models.patches import PatchEmbedding, patchify, unpatchify
from coursekit.models.rope import rope_angles
from coursekit.models.transformer import Block

CLOSE = {"rtol": 0, "atol": 1e-12}


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("batch", [(), (3,), (2, 4)])
def test_the_formula_is_torchs(batch):
    q, k, v = normal(*batch, 5, 8), normal(*batch, 7, 8), normal(*batch, 7, 8, seed=1)
    mask = torch.rand(5, 7, generator=torch.Generator().manual_seed(2)) < 0.5
    mask[:, 0] = True
    for m in (None, mask):
        want = scaled_dot_product_attention(q, k, v, attn_mask=m)
        torch.testing.assert_close(attention(q, k, v, m), want, **CLOSE)
        weights = attention_weights(q, k, m)
        torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))


def test_heads_are_split_and_merged_without_loss():
    x = normal(2, 5, 12)
    heads = split_heads(x, 3)
    torch.testing.assert_close(heads[:, 1], x[..., 4:8], **CLOSE)
    torch.testing.assert_close(merge_heads(heads), x, **CLOSE)
    with pytest.raises(ValueError, match="12 is not a multiple of 5"):
        split_heads(x, 5)


@pytest.mark.parametrize("qk_norm", [False, True])
def test_the_layer_is_the_formula(qk_norm):
    layer, x = SelfAttention(12, 3, qk_norm).double(), normal(2, 5, 12)
    angles = rope_angles(torch.arange(5.0).double(), 4)
    for a in (None, angles):
        _, _, v = layer.project(x)
        heard = merge_heads(layer.weights(x, a) @ v)
        torch.testing.assert_close(layer(x, a), layer.out(heard), **CLOSE)


def test_normalised_queries_have_one_length_and_logits_a_bound():
    q, k, _ = Projection(12, 3, qk_norm=True).double()(100 * normal(2, 5, 12))
    assert float((q.square().mean(-1) - 1).detach().abs().max()) < 1e-6
    logits = q @ k.transpose(-1, -2) / 4**0.5
    assert float(logits.detach().abs().max()) <= 4**0.5 + 1e-6


def test_without_positions_attention_is_blind_to_order():
    layer, x = SelfAttention(12, 3).double(), normal(2, 6, 12)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(layer(x[:, order]), layer(x)[:, order], **CLOSE)
    angles = rope_angles(torch.arange(6.0).double(), 4)
    gap = layer(x[:, order], angles) - layer(x, angles)[:, order]
    assert float(gap.detach().abs().max()) > 1e-3


def test_a_causal_layer_looks_back_only():
    block, x = Block(12, 3).double(), normal(2, 6, 12)
    for place in range(6):
        moved = x.clone()
        moved[:, place, 0] += 1
        gap = (block(moved, causal=True) - block(x, causal=True)).detach().abs()
        assert float(gap[:, :place].max() if place else 0) == 0
        assert (gap[:, place:].amax((0, 2)) > 1e-6).all()
    mask = causal_mask(6)
    q, k, v = normal(6, 4), normal(6, 4, seed=1), normal(6, 4, seed=2)
    want = scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
    torch.testing.assert_close(attention(q, k, v, mask), want, **CLOSE)


def test_cross_attention_hears_the_others_in_any_order():
    layer, x, words = (
        CrossAttention(12, 8, 3).double(),
        normal(2, 5, 12),
        normal(2, 4, 8),
    )
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(layer(x, words[:, order]), layer(x, words), **CLOSE)
    alone = layer(x, words[:, :1])  # one word: everybody hears the same
    torch.testing.assert_close(alone, alone[:, :1].expand_as(alone), **CLOSE)
    assert float((layer(x, words) - alone).detach().abs().max()) > 1e-3


@pytest.mark.parametrize("size, patch", [((3, 2, 6, 9), 3), ((2, 3, 8, 4), 2)])
def test_patches_and_back(size, patch):
    x = normal(*size)
    tokens = patchify(x, patch)
    torch.testing.assert_close(unpatchify(tokens, patch, *size[2:]), x, **CLOSE)
    again = patchify(unpatchify(tokens, patch, *size[2:]), patch)
    torch.testing.assert_close(again, tokens, **CLOSE)
    columns = size[3] // patch
    second_row = x[:, :, patch : 2 * patch, :patch].flatten(1)
    torch.testing.assert_close(tokens[:, columns], second_row, **CLOSE)


def test_the_patch_embedding_is_a_strided_convolution():
    """DiT's code has a Conv2d with kernel and stride `patch`: the same linear map."""
    layer, x = PatchEmbedding(3, 4, 10).double(), normal(2, 3, 8, 12)
    conv = torch.nn.Conv2d(3, 10, 4, 4).double()
    with torch.no_grad():
        conv.weight.copy_(layer.project.weight.view(10, 3, 4, 4))
        conv.bias.copy_(layer.project.bias)
    want = conv(x).flatten(2).transpose(1, 2)
    torch.testing.assert_close(layer(x), want, **CLOSE)
