"""Our transformers against those of diffusers, with copied weights.

Authority: peer library. Optional: pip install -e '.[parity]'; without it all tests
skip. `pytest -s` prints the differences. All in float64, so that rounding is no excuse,
except where diffusers computes angles in float32.

Both sides bend with the tanh form of GELU here: diffusers' blocks are fixed to it, ours
take the exact form by default, which is faster on a CPU.
"""

import pytest
import torch
from support_models import awake, copy, normal, put, worst
from torch import nn

from coursekit.models.conditioning import Condition
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.dit_blocks import DiTBlock
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.positions import grid_positions, joint_positions, sincos_2d
from coursekit.models.rope import axial_angles, rotate

pytestmark = pytest.mark.parity
pytest.importorskip(
    "diffusers", reason="needs diffusers: pip install -e '.[parity]' -c constraints.txt"
)

CLOSE = 1e-5
B, S, T, D, H = 3, 4, 16, 24, 3
STEPS, LABELS = torch.tensor([1, 50, 900]), torch.tensor([0, 3, 9])


def peer(module):
    """Random numbers in every parameter, in float64."""
    return awake(module.double(), 0.2)


def tanh_gelu(module):
    """In float64, with the other form of GELU."""
    for part in module.modules():
        if isinstance(part, nn.GELU):
            part.approximate = "tanh"
    return module.double().eval()


def copy_mlp(mlp, feed_forward):
    copy(mlp.wide, feed_forward.net[0].proj)
    copy(mlp.narrow, feed_forward.net[2])


def copy_dit_block(block, theirs):
    copy(block.knobs.linear, theirs.norm1.linear)
    attention = theirs.attn1
    copy(block.attention.project.qkv, attention.to_q, attention.to_k, attention.to_v)
    copy(block.attention.out, attention.to_out[0])
    copy_mlp(block.mlp, theirs.ff)


def test_dit_block():
    from diffusers.models.attention import BasicTransformerBlock

    settings = {
        "activation_fn": "gelu-approximate",
        "num_embeds_ada_norm": 10,
        "attention_bias": True,
        "norm_elementwise_affine": False,
        "norm_type": "ada_norm_zero",
        "norm_eps": 1e-6,
    }
    theirs = peer(BasicTransformerBlock(D, H, D // H, **settings))
    ours, x = tanh_gelu(DiTBlock(D, D, H, 4.0)), normal(B, T, D)
    copy_dit_block(ours, theirs)
    c = theirs.norm1.emb(STEPS, LABELS, hidden_dtype=torch.float64)
    want = theirs(x, timestep=STEPS, class_labels=LABELS)
    assert worst("DiT block", ours(x, c), want) <= CLOSE


class Given(nn.Module):
    """A conditioner that says what it was given."""

    def __init__(self, vector):
        super().__init__()
        self.vector = vector

    def forward(self, t, cond, like):
        return Condition(self.vector, None)


@torch.no_grad()
def test_whole_dit():
    from diffusers import DiTTransformer2DModel

    channels, patch, size, depth = 4, 2, 8, 3
    settings = {
        "num_attention_heads": H,
        "attention_head_dim": D // H,
        "in_channels": channels,
        "num_layers": depth,
        "sample_size": size,
        "patch_size": patch,
        "num_embeds_ada_norm": 10,
        "norm_eps": 1e-6,
    }
    theirs = peer(DiTTransformer2DModel(**settings))
    emb = theirs.transformer_blocks[0].norm1.emb
    for block in theirs.transformer_blocks:
        block.norm1.emb = emb  # each has its own there; ours share one
    ours = tanh_gelu(DiT(DiTConfig(channels, size, patch, D, depth, H)))
    conv = theirs.pos_embed.proj
    put(ours.embed.project.weight, conv.weight.flatten(1))
    put(ours.embed.project.bias, conv.bias)
    for block, other in zip(ours.blocks, theirs.transformer_blocks, strict=True):
        copy_dit_block(block, other)
    copy(ours.head.knobs.linear, theirs.proj_out_1)
    # a token holds pixel after pixel there, channel after channel here
    rows = torch.arange(channels * patch**2).view(patch, patch, channels)
    copy(ours.head.linear, theirs.proj_out_2, rows=rows.permute(2, 0, 1).flatten())
    x = normal(B, channels, size, size)
    ours.conditioner = Given(emb(STEPS, LABELS, hidden_dtype=torch.float64))
    want = theirs(x, timestep=STEPS, class_labels=LABELS).sample
    got = ours(x, torch.rand(B).double())
    assert worst("DiT", got, want) <= CLOSE


def copy_stream(stream, norm, q, k, v, norm_q, norm_k):
    rows = slice(None)
    if stream.last:  # scale, then shift, there
        rows = torch.arange(2 * D).roll(D)
    copy(stream.knobs.linear, norm.linear, rows=rows)
    copy(stream.project.qkv, q, k, v)
    copy(stream.project.norm_q, norm_q)
    copy(stream.project.norm_k, norm_k)


@pytest.mark.parametrize("last", [False, True])
def test_double_block(last):
    from diffusers.models.attention import JointTransformerBlock

    settings = {"context_pre_only": last, "qk_norm": "rms_norm"}
    theirs = peer(JointTransformerBlock(D, H, D // H, **settings))
    ours, a = tanh_gelu(DoubleBlock(D, H, last=last)), theirs.attn
    copy_stream(ours.image, theirs.norm1, a.to_q, a.to_k, a.to_v, a.norm_q, a.norm_k)
    words = a.add_q_proj, a.add_k_proj, a.add_v_proj, a.norm_added_q, a.norm_added_k
    copy_stream(ours.text, theirs.norm1_context, *words)
    copy(ours.image.out, a.to_out[0])
    copy_mlp(ours.image.mlp, theirs.ff)
    if not last:
        copy(ours.text.out, a.to_add_out)
        copy_mlp(ours.text.mlp, theirs.ff_context)
    text, image, c = normal(B, S, D), normal(B, T, D, seed=1), normal(B, D, seed=2)
    words, patches = theirs(image, text, c)
    got = ours(text, image, c)
    assert worst("double block, patches", got[1], patches) <= CLOSE
    if not last:
        assert worst("double block, words", got[0], words) <= CLOSE


def flux_angles(ids, dims):
    from diffusers.models.transformers.transformer_flux import FluxPosEmbed

    return FluxPosEmbed(theta=10_000, axes_dim=list(dims))(ids)


def test_single_block_with_angles():
    from diffusers.models.transformers import transformer_flux

    block = transformer_flux.FluxSingleTransformerBlock
    theirs = peer(block(D, H, D // H, mlp_ratio=4.0))
    ours, a = tanh_gelu(SingleBlock(D, H)), theirs.attn
    copy(ours.knobs.linear, theirs.norm.linear)
    copy(ours.wide, a.to_q, a.to_k, a.to_v, theirs.proj_mlp)
    copy(ours.narrow, theirs.proj_out)
    copy(ours.norm_q, a.norm_q)
    copy(ours.norm_k, a.norm_k)
    places, dims = joint_positions(S, 4, 4), (4, 4)
    text, image, c = normal(B, S, D), normal(B, T, D, seed=1), normal(B, D, seed=2)
    x = torch.cat([text, image], dim=1)
    turned = axial_angles(places, dims), flux_angles(places, dims)
    for angles, rotary in ((None, None), turned):
        words, patches = theirs(image, text, c, image_rotary_emb=rotary)
        want = torch.cat([words, patches], dim=1)
        name = "single block" + (", with RoPE" if rotary else "")
        assert worst(name, ours(x, c, angles), want) <= CLOSE


def test_rope_of_flux():
    from diffusers.models.embeddings import apply_rotary_emb

    dims = (2, 6, 8)
    ids = torch.cat([torch.zeros(20, 1), grid_positions(4, 5)], dim=1).double()
    cos, sin = flux_angles(ids, dims)
    angles = axial_angles(ids, dims)
    twice = angles.repeat_interleave(2, dim=1)
    assert worst("FLUX's cosines", twice.cos(), cos.double()) <= CLOSE
    assert worst("FLUX's sines", twice.sin(), sin.double()) <= CLOSE
    q = normal(2, 3, 20, 16)
    want = apply_rotary_emb(q, (cos, sin))
    assert worst("FLUX's rotation", rotate(q, angles), want) <= CLOSE


@pytest.mark.parametrize("side", [8, 7])
def test_places_of_qwen_image(side):
    """On a square picture ours are MSRoPE's, moved, without the frame axis.

    RoPE does not see a common move: the tables of logits agree.
    """
    from diffusers.models.transformers.transformer_qwenimage import QwenEmbedRope

    dims, words = (4, 6, 6), 5
    image, text = QwenEmbedRope(10_000, list(dims), scale_rope=True)(
        (1, side, side), max_txt_seq_len=words, device=torch.device("cpu")
    )
    theirs = torch.cat([text, image])[:, dims[0] // 2 :].to(torch.complex128)
    move = 0.5 if side % 2 == 0 else 1.0
    places = joint_positions(words, side, side)
    angles = axial_angles(places - move, dims[1:])
    turn = torch.polar(torch.ones_like(angles), angles)
    assert worst(f"Qwen's turns, moved by {move}", turn, theirs) <= CLOSE
    q, k = normal(len(places), 12), normal(len(places), 12, seed=1)

    def turned(x, turn):
        pairs = torch.view_as_complex(x.reshape(len(x), -1, 2))
        return torch.view_as_real(pairs * turn).flatten(1)

    ours = axial_angles(places, dims[1:])
    table = rotate(q, ours) @ rotate(k, ours).T
    want = turned(q, theirs) @ turned(k, theirs).T
    assert worst("logits", table, want) <= CLOSE


@pytest.mark.parametrize("sides", [(4, 4), (3, 5)])
def test_addresses_of_patches(sides):
    from diffusers.models.embeddings import get_2d_sincos_pos_embed

    want = get_2d_sincos_pos_embed(D, sides, base_size=sides[0], output_type="pt")
    scale = torch.tensor([1.0, sides[0] / sides[1]])
    # its grid is scaled to base_size on both axes
    got = sincos_2d(grid_positions(*sides) * scale, D)
    assert worst("sin-cos addresses", got, want.double()) <= CLOSE
