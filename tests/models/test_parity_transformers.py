"""Our ViT, CLIP and attention, with copied weights, against transformers and torch.

Authority: peer library. transformers is optional: pip install -e '.[parity]'; without
it only the comparisons with torch's own attention run. `pytest -s` prints the
differences.

Both sides compute in float64 and must agree to rounding; in float32, as they are used,
to 1e-5. The peers are built from their configurations, with the exact GELU (OpenAI's
CLIP has a quick one) and our epsilon in the norms. Two things differ by design: CLIP's
ViT has one more norm in front of its blocks, which is taken out, and no bias in its
patch embedding, so ours is set to zero.
"""

import pytest
import torch
from support_models import copy, normal, put, worst
from torch import nn

from coursekit.models.attention import SelfAttention, causal_mask
from coursekit.models.clip import CLIP, CLIPConfig
from coursekit.models.text_encoder import TextConfig
from coursekit.models.transformer import Block
from coursekit.models.vit import ViT, ViTConfig
from coursekit.theory.contrastive import clip_loss

pytestmark = pytest.mark.parity

EXTRA = "needs transformers: pip install -e '.[parity]' -c constraints.txt"
WIDTH, HEADS, DEPTH, END = 24, 4, 3, 7
IMAGE = ViTConfig(size=16, patch=4, width=WIDTH, depth=DEPTH, heads=HEADS)
TEXT = TextConfig(vocabulary=30, length=9, width=WIDTH, depth=2, heads=HEADS, end=END)
DTYPES = pytest.mark.parametrize(
    ("dtype", "close"),
    [(torch.float64, 1e-12), (torch.float32, 1e-5)],
    ids=["float64", "float32"],
)
PEER = {
    "hidden_size": WIDTH,
    "num_attention_heads": HEADS,
    "intermediate_size": 4 * WIDTH,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
}
PATCHES = {"num_hidden_layers": DEPTH, "image_size": 16, "patch_size": 4}


@pytest.fixture
def transformers():
    return pytest.importorskip("transformers", reason=EXTRA)


def stirred(model, dtype):
    """Random numbers everywhere, so that no weight hides behind a zero or a one."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model.to(dtype).eval()


def copy_attention(theirs, ours, out):
    """Our one map to queries, keys and values into their three."""
    for i, layer in enumerate((theirs.q_proj, theirs.k_proj, theirs.v_proj)):
        rows = slice(i * WIDTH, (i + 1) * WIDTH)
        copy(layer, ours.project.qkv, rows=rows)
    copy(out, ours.out)


def copy_blocks(theirs, ours, names):
    """Norm, attention, its map out, norm, and the MLP's two maps, in all blocks."""
    for layer, block in zip(theirs, ours, strict=True):
        norm1, attention, out, norm2 = (layer.get_submodule(name) for name in names)
        copy(norm1, block.norm1)
        copy_attention(attention, block.attention, out)
        copy(norm2, block.norm2)
        copy(layer.mlp.fc1, block.mlp.wide)
        copy(layer.mlp.fc2, block.mlp.narrow)


def pictures(dtype, count=5):
    return normal(count, 3, 16, 16, seed=1, dtype=dtype)


def prompts(count=6):
    """Word ids, one end token each, padding of any id behind it."""
    generator = torch.Generator().manual_seed(2)
    ids = torch.randint(8, 30, (count, TEXT.length), generator=generator)
    ids[torch.arange(count), 2 + torch.arange(count) % (TEXT.length - 2)] = END
    return ids


# transformers


@DTYPES
def test_vit(transformers, dtype, close):
    """All tokens after the last norm."""
    config = transformers.ViTConfig(**PEER, **PATCHES)
    theirs = transformers.ViTModel(config, add_pooling_layer=False).to(dtype).eval()
    ours = stirred(ViT(IMAGE), dtype)
    embeddings = theirs.embeddings
    put(embeddings.cls_token[0, 0], ours.cls)
    put(embeddings.position_embeddings[0], ours.position)
    projection = embeddings.patch_embeddings.projection
    put(projection.weight.flatten(1), ours.embed.project.weight)
    put(projection.bias, ours.embed.project.bias)
    names = "layernorm_before", "attention", "attention.o_proj", "layernorm_after"
    copy_blocks(theirs.layers, ours.blocks, names)
    copy(theirs.layernorm, ours.norm)
    x = pictures(dtype)
    answer = theirs(pixel_values=x).last_hidden_state
    assert worst(f"ViT tokens, {dtype}", ours.tokens(x), answer) <= close


def both_clips(transformers, dtype):
    """Theirs and ours, with one set of weights."""
    tokens = {"bos_token_id": 1, "eos_token_id": END, "pad_token_id": 0}
    words = {"num_hidden_layers": 2, "vocab_size": 30, "max_position_embeddings": 9}
    config = transformers.CLIPConfig(
        text_config=PEER | words | tokens,
        vision_config=PEER | PATCHES,
        projection_dim=10,
    )
    theirs = transformers.CLIPModel(config).to(dtype).eval()
    ours = stirred(CLIP(CLIPConfig(IMAGE, TEXT, width=10)), dtype)
    put(ours.image.embed.project.bias, torch.zeros(WIDTH))
    theirs.vision_model.pre_layrnorm = nn.Identity()
    vision, text = theirs.vision_model, theirs.text_model
    put(vision.embeddings.class_embedding, ours.image.cls)
    put(vision.embeddings.position_embedding.weight, ours.image.position)
    kernel = vision.embeddings.patch_embedding.weight
    put(kernel.flatten(1), ours.image.embed.project.weight)
    names = "layer_norm1", "self_attn", "self_attn.out_proj", "layer_norm2"
    copy_blocks(vision.encoder.layers, ours.image.blocks, names)
    copy(vision.post_layernorm, ours.image.norm)
    copy(text.embeddings.token_embedding, ours.text.token)
    put(text.embeddings.position_embedding.weight, ours.text.position)
    copy_blocks(text.encoder.layers, ours.text.blocks, names)
    copy(text.final_layer_norm, ours.text.norm)
    copy(theirs.visual_projection, ours.from_image)
    copy(theirs.text_projection, ours.from_text)
    put(theirs.logit_scale, ours.log_scale)
    return theirs, ours


@DTYPES
def test_clip(transformers, dtype, close):
    """Both towers, the vectors in the common space, and the logits."""
    theirs, ours = both_clips(transformers, dtype)
    x, ids = pictures(dtype, 6), prompts()
    answer = theirs(input_ids=ids, pixel_values=x)
    words = answer.text_model_output.last_hidden_state
    for name, mine, yours in (
        ("text tokens", ours.text(ids).tokens, words),
        ("unit vectors, pictures", ours.encode_image(x), answer.image_embeds),
        ("unit vectors, texts", ours.encode_text(ids), answer.text_embeds),
        ("logits", ours(x, ids), answer.logits_per_image),
    ):
        assert worst(f"CLIP {name}, {dtype}", mine, yours) <= close


@DTYPES
def test_clips_loss(transformers, dtype, close):
    """The loss, and its gradient down to the patches of the picture."""
    theirs, ours = both_clips(transformers, dtype)
    x, ids = pictures(dtype, 6), prompts()
    x.requires_grad_()
    want = theirs(input_ids=ids, pixel_values=x, return_loss=True).loss
    loss = clip_loss(ours.encode_image(x), ours.encode_text(ids), ours.temperature())
    assert worst(f"CLIP loss, {dtype}", loss, want) <= close
    slopes = (torch.autograd.grad(found, x)[0] for found in (loss, want))
    assert worst(f"CLIP gradient, {dtype}", *slopes) <= close


# torch


def put_attention(theirs, ours):
    put(theirs.in_proj_weight, ours.project.qkv.weight)
    put(theirs.in_proj_bias, ours.project.qkv.bias)
    copy(theirs.out_proj, ours.out)


@DTYPES
@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_attention(causal, dtype, close):
    """torch's layer counts the other way: in its mask True means forbidden."""
    ours = stirred(SelfAttention(WIDTH, HEADS), dtype)
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True, dtype=dtype).eval()
    put_attention(theirs, ours)
    x = pictures(dtype).reshape(5, 32, WIDTH)
    mask = ~causal_mask(32) if causal else None
    answer, weights = theirs(x, x, x, attn_mask=mask, average_attn_weights=False)
    name = f"{'causal ' if causal else ''}multi-head attention, {dtype}"
    assert worst(name, ours(x, causal=causal), answer) <= close
    if not causal:
        assert worst(f"weights of {name}", ours.weights(x), weights) <= close


@DTYPES
def test_the_plain_block(dtype, close):
    """torch's encoder layer with its norms in front."""
    ours = stirred(Block(WIDTH, HEADS), dtype)
    settings = {"batch_first": True, "norm_first": True, "activation": "gelu"}
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, 0.0, **settings)
    theirs.to(dtype)
    put_attention(theirs.self_attn, ours.attention)
    copy(theirs.norm1, ours.norm1)
    copy(theirs.norm2, ours.norm2)
    copy(theirs.linear1, ours.mlp.wide)
    copy(theirs.linear2, ours.mlp.narrow)
    x = pictures(dtype).reshape(5, 32, WIDTH)
    assert worst(f"block, {dtype}", ours(x), theirs(x)) <= close
