"""The blocks of DiT and MM-DiT.

Authority: they begin as the identity (adaLN-Zero), symmetries, and special cases in
which two kinds of block must agree. Peers: test_parity_diffusers_models.py.
"""

import pytest
import torch
from support_models import EXACT, awake, copy, gap, normal, put
from torch import nn

from coursekit.models.dit_blocks import ContextBlock, CrossBlock, DiTBlock
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.modulation import gated, modulate
from coursekit.models.rope import rope_angles
from coursekit.models.transformer import Block

B, S, T, D, H = 2, 3, 5, 12, 3
X, C, WORDS = normal(B, T, D), normal(B, D, seed=1), normal(B, S, D, seed=2)
ANGLES = rope_angles(torch.arange(S + T).double(), D // H)


def test_knobs_are_the_same_for_all_tokens():
    scale, shift = normal(B, D), normal(B, D, seed=1)
    got = modulate(X, scale, shift)
    for i in range(T):
        torch.testing.assert_close(got[:, i], X[:, i] * (1 + scale) + shift, **EXACT)
    zero = torch.zeros(B, D, dtype=torch.float64)
    assert torch.equal(modulate(X, zero, zero), X)
    assert torch.equal(gated(X, zero, 5 * X), X)
    torch.testing.assert_close(gated(X, zero + 1, 5 * X), 6 * X, **EXACT)


def test_new_blocks_are_the_identity():
    torch.manual_seed(0)
    assert gap(DiTBlock(D, D, H, 4.0).double()(X, C), X) <= 1e-6
    assert gap(CrossBlock(D, D, D, H, 4.0).double()(X, C, WORDS), X) <= 1e-6
    assert gap(SingleBlock(D, H).double()(X, C), X) <= 1e-6
    text, image = DoubleBlock(D, H).double()(WORDS, X, C, ANGLES)
    assert gap(text, WORDS) <= 1e-6 and gap(image, X) <= 1e-6
    # and those that do not begin at zero are not
    assert gap(DiTBlock(D, D, H, 4.0, zero=False).double()(X, C), X) > 1e-2
    assert gap(ContextBlock(D, H, 4.0).double()(X), X) > 1e-2


def test_a_dit_block_with_neutral_knobs_is_a_plain_block():
    """Scale and shift 0, gate 1: a ViT block whose norms have no gains."""
    torch.manual_seed(0)
    block, plain = DiTBlock(D, D, H, 4.0).double(), Block(D, H).double()
    found = plain.load_state_dict(block.state_dict(), strict=False)
    assert {name.split(".")[0] for name in found.missing_keys} == {"norm1", "norm2"}
    with torch.no_grad():
        block.knobs.linear.bias.view(6, D)[[2, 5]] = 1
    plain.norm1.eps = plain.norm2.eps = 1e-6
    torch.testing.assert_close(block(X, C), plain(X), **EXACT)
    context = ContextBlock(D, H, 4.0).double()
    context.load_state_dict(plain.state_dict())
    context.norm1.eps = context.norm2.eps = 1e-6
    torch.testing.assert_close(context(X, C, WORDS), plain(X), **EXACT)


def test_each_gate_closes_its_own_branch():
    block = awake(DiTBlock(D, D, H, 4.0).double())
    with torch.no_grad():
        block.knobs.linear.weight.view(6, D, D)[2] = 0
        block.knobs.linear.bias.view(6, D)[2] = 0
    moved = X.clone()
    moved[:, 0, 0] += 1  # without attention no token hears of it
    change = (block(moved, C) - block(X, C)).detach().abs()
    assert not change[:, 1:].any() and float(change[:, 0].max()) > 0.1


def test_a_cross_block_that_does_not_listen_is_a_dit_block():
    torch.manual_seed(0)
    cross, block = CrossBlock(D, D, D, H, 4.0).double(), DiTBlock(D, D, H, 4.0).double()
    nn.init.normal_(cross.knobs.linear.weight)
    assert not block.load_state_dict(cross.state_dict(), strict=False).missing_keys
    angles = ANGLES[:T]
    want = block(X, C, angles=angles)
    torch.testing.assert_close(cross(X, C, WORDS, angles), want, **EXACT)
    nn.init.normal_(cross.cross.out.weight)
    assert gap(cross(X, C, WORDS, angles), want) > 0.1


def test_two_streams_are_symmetric():
    """Exchange the streams and their weights: the results are exchanged."""
    block, mirror = awake(DoubleBlock(D, H).double()), DoubleBlock(D, H).double()
    mirror.text.load_state_dict(block.image.state_dict())
    mirror.image.load_state_dict(block.text.state_dict())
    text, image = block(WORDS, X, C)
    image2, text2 = mirror(X, WORDS, C)
    torch.testing.assert_close(image2, image, **EXACT)
    torch.testing.assert_close(text2, text, **EXACT)


@pytest.mark.parametrize("angles", [None, ANGLES])
def test_two_streams_with_the_same_weights_are_one_dit_block(angles):
    """SD3's block with tied weights is DiT's block over words and patches."""
    block = awake(DoubleBlock(D, H, qk_norm=False).double())
    block.image.load_state_dict(block.text.state_dict())
    one = DiTBlock(D, D, H, 4.0).double()
    state = block.text.state_dict()
    for name in list(state):
        if name.startswith(("project", "out")):
            state[f"attention.{name}"] = state.pop(name)
    one.load_state_dict(state)
    both = one(torch.cat([WORDS, X], dim=1), C, angles=angles)
    text, image = block(WORDS, X, C, angles)
    torch.testing.assert_close(torch.cat([text, image], dim=1), both, **EXACT)


def test_words_and_patches_both_ask_and_both_answer():
    block = awake(DoubleBlock(D, H).double())
    text, image = block(WORDS, X, C)
    other, _ = block(WORDS, 2 * X**2, C)
    _, elsewhere = block(2 * WORDS**2, X, C)
    assert gap(other, text) > 1e-3 and gap(elsewhere, image) > 1e-3


def test_the_last_block_leaves_the_words_alone_but_listens_to_them():
    block = awake(DoubleBlock(D, H, last=True).double())
    text, image = block(WORDS, X, C, ANGLES)
    assert text is WORDS
    assert gap(block(2 * WORDS**2, X, C, ANGLES)[1], image) > 1e-3
    whole = awake(DoubleBlock(D, H).double())
    state = {k: v for k, v in whole.state_dict().items() if k in block.state_dict()}
    for name in ("weight", "bias"):  # a last stream has the first two knobs
        key = f"text.knobs.linear.{name}"
        state[key] = state[key][: 2 * D]
    block.load_state_dict(state)
    torch.testing.assert_close(
        block(WORDS, X, C, ANGLES)[1], whole(WORDS, X, C, ANGLES)[1], **EXACT
    )


def test_a_single_block_is_attention_plus_mlp_of_the_same_tokens():
    """With the maps cut out of `wide` and `narrow`, by hand."""
    block = awake(SingleBlock(D, H, 2.0, qk_norm=False).double())
    dit = DiTBlock(D, D, H, 2.0).double()
    wide, narrow = block.wide, block.narrow
    copy(dit.attention.project.qkv, wide, rows=slice(3 * D))
    copy(dit.mlp.wide, wide, rows=slice(3 * D, None))
    put(dit.attention.out.weight, narrow.weight[:, :D])
    put(dit.attention.out.bias, torch.zeros(D))
    put(dit.mlp.narrow.weight, narrow.weight[:, D:])
    put(dit.mlp.narrow.bias, narrow.bias)
    x = torch.cat([WORDS, X], dim=1)
    shift, scale, gate = block.knobs(C)
    h = modulate(block.norm(x), scale, shift)
    branch = dit.attention(h, ANGLES) + dit.mlp(h)
    torch.testing.assert_close(block(x, C, ANGLES), gated(x, gate, branch), **EXACT)


@pytest.mark.parametrize(
    "make, call",
    [
        (lambda: DiTBlock(D, D, H, 4.0), lambda b, x, a: b(x, C, angles=a)),
        (lambda: SingleBlock(D, H), lambda b, x, a: b(x, C, a)),
        (lambda: DoubleBlock(D, H), lambda b, x, a: b(WORDS, x, C, a)[1]),
    ],
    ids=["dit", "single", "double"],
)
def test_without_positions_blocks_are_blind_to_order(make, call):
    order, block = torch.tensor([4, 2, 0, 1, 3]), awake(make().double())
    want = call(block, X, None)[:, order]
    torch.testing.assert_close(call(block, X[:, order], None), want, **EXACT)
    angles = ANGLES if isinstance(block, DoubleBlock) else ANGLES[:T]
    want = call(block, X, angles)[:, order]
    assert gap(call(block, X[:, order], angles), want) > 1e-4
