"""Authority: exact attention, known errors of rounding, and parts that add up.

Errors at 4, 6, 8 and 10 bits: a normal q, k and v of 64 tokens and 32 features, once
computed in numpy.
"""

import pytest
import torch
from support_models import gap, normal

from coursekit.models.attention import attention, causal_mask
from coursekit.models.cheap_attention import (
    Analog,
    Attending,
    analog_product,
    few_bits,
    heard,
    joined,
    on_levels,
)
from coursekit.models.mmdit_blocks import DoubleBlock
from coursekit.models.transformer import Block


def qkv(tokens=64, width=32, batch=()):
    return [normal(*batch, tokens, width, seed=seed) for seed in range(3)]


def test_levels_by_hand():
    x = torch.tensor([[3.0, -1.4, 0.6, 0.0], [0.0, 0.0, 0.0, 0.0]])
    rounded = on_levels(x, 3)  # -3..3, so the scales are 1 and 0
    assert torch.equal(rounded, torch.tensor([[3.0, -1, 1, 0], [0, 0, 0, 0]]))
    assert torch.equal(
        on_levels(x, 2, dim=0), torch.tensor([[3.0, -1.4, 0.6, 0], [0] * 4])
    )


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_rounding_errs_by_half_a_scale_at_most(bits):
    x = normal(50, 20)
    scale = x.abs().amax(-1, keepdim=True) / (2 ** (bits - 1) - 1)
    rounded = on_levels(x, bits)
    assert ((rounded - x).abs() <= scale / 2 + 1e-12).all()
    assert len(torch.unique((rounded / scale).round())) <= 2**bits - 1
    assert torch.equal(on_levels(-x, bits), -rounded)


def test_two_more_bits_leave_a_quarter_of_the_error():
    trials = []
    for seed in range(4):
        q, k, v = (normal(64, 32, seed=10 * seed + i) for i in range(3))
        off = [few_bits(q, k, v, b) - attention(q, k, v) for b in (4, 6, 8, 10)]
        trials.append(torch.stack(off).square().mean((1, 2)))
    rms = torch.stack(trials).mean(0).sqrt()
    want = torch.tensor([0.048, 0.0107, 0.0026, 0.00064], dtype=rms.dtype)
    torch.testing.assert_close(rms, want, rtol=0.15, atol=0)
    assert gap(few_bits(q, k, v, 30), attention(q, k, v)) < 1e-6


@pytest.mark.parametrize("centred", [False, True])
def test_what_breaks_scales_stays_finite(centred):
    """A channel of zeros, equal tokens, one token, an outlier, a mask of one place."""
    q, k, v = qkv()
    zero = v.clone()
    zero[:, 3] = 0
    out = few_bits(q, k, zero, 8, centred)
    assert (
        torch.equal(out[:, 3], torch.zeros(64, dtype=out.dtype))
        and out.isfinite().all()
    )
    equal = k[:1].expand(64, -1)
    torch.testing.assert_close(
        few_bits(q, equal, v, 8, centred), v.mean(0).expand(64, -1), atol=0.02, rtol=0
    )
    one = few_bits(q, k[:1], v[:1], 8, centred)
    torch.testing.assert_close(one, v[:1].expand(64, -1), atol=0.02, rtol=0)
    loud = k.clone()
    loud[5] = 1e20
    assert few_bits(q, loud, v, 4, centred).isfinite().all()
    itself = torch.eye(64, dtype=torch.bool)
    torch.testing.assert_close(
        few_bits(q, k, v, 8, centred, itself), v, atol=0.02, rtol=0
    )


def test_the_mean_key_changes_no_weight_and_helps_where_it_is_large():
    q, k, v = qkv(batch=(2,))
    exact = attention(q, k, v)
    assert gap(few_bits(q, k, v, 30, centred=True), exact) < 1e-6
    shifted = k + 60 * normal(32, seed=9)  # one large vector on every key
    wanted = attention(q, shifted, v)
    off = [gap(few_bits(q, shifted, v, 8, c), wanted) for c in (False, True)]
    assert off[1] < off[0] / 10


@pytest.mark.parametrize("centred", [False, True])
def test_two_merged_halves_are_the_whole(centred):
    q, k, v = qkv(batch=(2, 3))
    parts = [
        heard(q, k[..., s, :], v[..., s, :], centred)
        for s in (slice(20), slice(20, 64))
    ]
    whole = joined(parts)
    logits = q @ k.transpose(-1, -2) / 32**0.5
    assert gap(whole.out, attention(q, k, v)) < 1e-12
    assert gap(whole.lse, logits.logsumexp(-1)) < 1e-12
    three = joined([*parts, joined(parts)])  # a part that is heard twice counts double
    assert gap(three.lse, whole.lse + torch.log(torch.tensor(2.0))) < 1e-6
    loud = [part._replace(lse=part.lse + 2000) for part in parts]
    assert gap(joined(loud).out, whole.out) < 1e-9


def test_an_analog_product_errs_by_what_it_says():
    a, b = normal(40, 30), normal(30, 500, seed=1)
    off = analog_product(a, b, 0.1, normal(40, 500, seed=2)) - a @ b
    share = off.square().mean(-1).sqrt() / (a @ b).square().mean(-1).sqrt()
    assert 0.08 < share.min() < share.mean() < share.max() < 0.12
    assert abs(share.mean() - 0.1) < 0.005


def test_noise_is_fresh_or_comes_back():
    q, k, v = qkv()
    fresh, back = Analog(0.1, seed=3), Analog(0.1, seed=3, period=2)
    some, again = [fresh(q, k, v) for _ in range(4)], [back(q, k, v) for _ in range(4)]
    assert torch.equal(some[0], again[0]) and torch.equal(again[1], again[3])
    assert not torch.equal(some[0], some[1]) and not torch.equal(some[1], some[3])
    assert not torch.equal(some[0], Analog(0.1, seed=4)(q, k, v))
    assert gap(Analog(0.0)(q, k, v), attention(q, k, v)) < 1e-12


def test_networks_attend_by_the_rule():
    """Exact attention changes nothing, few bits do, and afterwards all is as before."""
    torch.manual_seed(0)
    block = DoubleBlock(16, 2).eval()
    for each in block.parameters():
        torch.nn.init.normal_(each, std=0.3)
    text, image, c = torch.randn(2, 3, 16), torch.randn(2, 5, 16), torch.randn(2, 16)
    calls = []

    def exact(q, k, v, mask):
        calls.append(q.shape)
        return attention(q, k, v, mask)

    with torch.no_grad():
        before = block(text, image, c)[1]
        with Attending(exact):
            same = block(text, image, c)[1]
        with Attending(lambda q, k, v, mask: few_bits(q, k, v, 3, mask=mask)):
            rough = block(text, image, c)[1]
        after = block(text, image, c)[1]
    assert calls == [(2, 2, 8, 8)] and torch.equal(before, after)
    assert gap(same, before) < 1e-5 < gap(rough, before)


def test_a_look_back_becomes_a_mask():
    masks = []

    def rule(q, k, v, mask):
        masks.append(mask)
        return attention(q, k, v, mask)

    block = Block(16, 2).eval()
    x = torch.randn(1, 4, 16)
    with torch.no_grad(), Attending(rule):
        block.attention(x, causal=True)
        block.attention(x)
    assert torch.equal(masks[0], causal_mask(4)) and masks[1] is None
