"""Authority: torch's fused kernel, and symmetry (permutations).

Blindness to order: test_blocks.py. Causality: test_clip.py.
"""

import pytest
import torch
from support_models import EXACT, gap, normal, put
from torch.nn.functional import scaled_dot_product_attention

from coursekit.models.attention import (
    CrossAttention,
    Projection,
    SelfAttention,
    attention,
    attention_weights,
    fast_attention,
    merge_heads,
    split_heads,
)
from coursekit.models.patches import PatchEmbedding, patchify, unpatchify
from coursekit.models.rope import rope_angles


@pytest.mark.parametrize("batch", [(), (3,), (2, 4)])
def test_the_formula_is_torchs(batch):
    """torch's fused kernel, with a mask for each head."""
    q, k, v = normal(*batch, 5, 8), normal(*batch, 7, 8), normal(*batch, 7, 8, seed=1)
    mask = normal(*batch[1:], 5, 7, seed=2) < 0
    mask[..., 0] = True
    for dtype, close in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        q, k, v = q.to(dtype), k.to(dtype), v.to(dtype)
        for m in (None, mask):
            want = scaled_dot_product_attention(q, k, v, attn_mask=m)
            assert gap(attention(q, k, v, m), want) <= close
            weights = attention_weights(q, k, m)
            torch.testing.assert_close(
                weights.sum(-1), torch.ones_like(weights[..., 0])
            )


@pytest.mark.parametrize("how", ["plain", "mask", "causal"])
def test_the_fast_way_is_the_formula(how):
    """Exactly torch's kernel, but where a CPU trains in bf16: then within its eight
    bits, and gradients too."""
    q, k, v = (normal(2, 3, 5, 8, seed=s, dtype=torch.float32) for s in range(3))
    mask, causal = (normal(5, 5) > 0) | torch.eye(5).bool(), how == "causal"
    told = {"mask": mask} if how == "mask" else {"causal": causal}
    hidden = mask if how == "mask" else None
    want = scaled_dot_product_attention(q, k, v, hidden, is_causal=causal)
    assert torch.equal(fast_attention(q, k, v, **told), want)
    slopes = []
    for auto in (False, True):
        inputs = [x.clone().requires_grad_() for x in (q, k, v)]
        with torch.autocast("cpu", torch.bfloat16, enabled=auto):
            heard = fast_attention(*inputs, **told)
        assert heard.dtype == (torch.bfloat16 if auto else torch.float32)
        torch.testing.assert_close(heard.float(), want, rtol=0.03, atol=0.03)
        slopes.append(torch.autograd.grad((heard.float() ** 2).sum(), inputs))
    for slope, other in zip(*slopes, strict=True):
        torch.testing.assert_close(slope, other, rtol=0.05, atol=0.1)


def test_heads_are_split_and_merged_without_loss():
    x = normal(2, 5, 12)
    heads = split_heads(x, 3)
    torch.testing.assert_close(heads[:, 1], x[..., 4:8], **EXACT)
    torch.testing.assert_close(merge_heads(heads), x, **EXACT)
    with pytest.raises(ValueError, match="12 is not a multiple of 5"):
        split_heads(x, 5)


@pytest.mark.parametrize("qk_norm", [False, True])
def test_the_layer_is_the_formula(qk_norm):
    layer, x = SelfAttention(12, 3, qk_norm).double(), normal(2, 5, 12)
    angles = rope_angles(torch.arange(5.0).double(), 4)
    for a in (None, angles):
        _, _, v = layer.project(x)
        heard = merge_heads(layer.weights(x, a) @ v)
        torch.testing.assert_close(layer(x, a), layer.out(heard), **EXACT)


def test_normalised_queries_have_one_length_and_logits_a_bound():
    q, k, _ = Projection(12, 3, qk_norm=True).double()(100 * normal(2, 5, 12))
    assert gap(q.square().mean(-1), torch.tensor(1.0)) < 1e-6
    logits = q @ k.transpose(-1, -2) / 4**0.5
    assert float(logits.detach().abs().max()) <= 4**0.5 + 1e-6


def test_cross_attention_hears_the_others_in_any_order():
    layer = CrossAttention(12, 8, 3).double()
    x, words = normal(2, 5, 12), normal(2, 4, 8)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(layer(x, words[:, order]), layer(x, words), **EXACT)
    alone = layer(x, words[:, :1])  # one word: everybody hears the same
    torch.testing.assert_close(alone, alone[:, :1].expand_as(alone), **EXACT)
    assert gap(layer(x, words), alone) > 1e-3


@pytest.mark.parametrize("size, patch", [((3, 2, 6, 9), 3), ((2, 3, 8, 4), 2)])
def test_patches_one_by_one_and_back(size, patch):
    x = normal(*size)
    tokens = patchify(x, patch)
    columns = size[3] // patch
    for number in range(tokens.shape[1]):
        top, left = patch * (number // columns), patch * (number % columns)
        tile = x[:, :, top : top + patch, left : left + patch]
        assert torch.equal(tokens[:, number], tile.flatten(1))
    assert torch.equal(unpatchify(tokens, patch, *size[2:]), x)
    with pytest.raises(ValueError, match="do not tile"):
        patchify(x, 5)


def test_the_patch_embedding_is_a_strided_convolution():
    """DiT's code has a Conv2d with kernel and stride `patch`: the same linear map."""
    layer, x = PatchEmbedding(3, 4, 10).double(), normal(2, 3, 8, 12)
    conv = torch.nn.Conv2d(3, 10, 4, 4).double()
    put(conv.weight, layer.project.weight.view(10, 3, 4, 4))
    put(conv.bias, layer.project.bias)
    want = conv(x).flatten(2).transpose(1, 2)
    torch.testing.assert_close(layer(x), want, **EXACT)
