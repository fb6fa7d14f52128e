"""The video DiT. Authorities: invariants, bit-equality, recomputation without cache."""

from dataclasses import replace

import pytest
import torch
from support_models import IDS, TEXT, awake, gap, normal

from coursekit.models import video_transformer
from coursekit.models.space_time import causal_mask
from coursekit.models.video_transformer import (
    ATTENTIONS,
    VideoDiT,
    VideoDiTConfig,
    add_time,
)

SMALL = VideoDiTConfig(3, 2, width=24, depth=2, heads=2, words=TEXT.vocabulary)
CLIP = normal(3, 3, 4, 4, 6)
LEVELS = torch.rand(3, 4, generator=torch.Generator().manual_seed(0)).double()
KINDS = {name: {"attention": name} for name in ATTENTIONS}
KINDS["frames and time"] = {"attention": "frames", "times": 2}
every = pytest.mark.parametrize("kind", KINDS)


def network(std: float = 0.3, **change) -> VideoDiT:
    torch.manual_seed(0)
    return awake(VideoDiT(replace(SMALL, **change)).double(), std)


@every
@torch.no_grad()
def test_shapes_and_the_first_answer_is_zero(kind):
    fresh = VideoDiT(replace(SMALL, **KINDS[kind])).double()
    assert fresh(CLIP, LEVELS, IDS).shape == CLIP.shape
    assert not fresh(CLIP, LEVELS, IDS).any()
    other = network(**KINDS[kind])(CLIP[:, :, :1], LEVELS[:, :1], IDS)
    assert other.shape == (3, 3, 1, 4, 6)


@every
@torch.no_grad()
def test_equal_levels_are_one_time_for_the_clip(kind):
    net = network(**KINDS[kind])
    t = torch.tensor([0.2, 0.5, 0.9]).double()
    whole = net(CLIP, t, IDS)
    assert torch.equal(net(CLIP, t[:, None].expand(3, 4), IDS), whole)
    assert gap(net(CLIP, LEVELS, IDS), whole) > 1e-2
    same = net(CLIP, t[0].expand(3), IDS)
    assert torch.equal(net(CLIP, t[0], IDS), same)


@every
@torch.no_grad()
def test_samples_never_mix_and_words_count(kind):
    net = network(**KINDS[kind])
    whole = net(CLIP, LEVELS, IDS)
    rows = [net(CLIP[i : i + 1], LEVELS[i : i + 1], IDS[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(torch.cat(rows), whole, rtol=1e-9, atol=1e-9)
    assert gap(net(CLIP, LEVELS, IDS.flip(0)), whole) > 1e-2
    null = torch.tensor([[1, 2, 0, 0, 0]]).expand(3, 5)
    assert torch.equal(net(CLIP, LEVELS), net(CLIP, LEVELS, null))


@every
@torch.no_grad()
def test_what_frame_two_can_change(kind):
    """Bit-equal where it must not reach; through time where it must."""
    net = network(**KINDS[kind])
    other, levels = CLIP.clone(), LEVELS.clone()
    other[:, :, 2, 0, 0] += 1
    levels[:, 2] /= 2
    before = net(CLIP, LEVELS, IDS)
    moved = (net(other, LEVELS, IDS) != before).any(0).any(0).flatten(1).any(1)
    timed = (net(CLIP, levels, IDS) != before).any(0).any(0).flatten(1).any(1)
    reach = {
        "causal": [False, False, True, True],
        "frames": [False, False, True, False],
    }.get(kind, [True] * 4)
    assert moved.tolist() == reach and timed.tolist() == reach


@torch.no_grad()
def test_a_mask_of_ones_is_full_attention(monkeypatch):
    causal, full = network(attention="causal"), network(attention="full")
    assert gap(causal(CLIP, LEVELS, IDS), full(CLIP, LEVELS, IDS)) > 1e-2
    ones = lambda f, p, w=0: torch.ones(f * p, f * p, dtype=torch.bool)  # noqa: E731
    monkeypatch.setattr(video_transformer, "causal_mask", ones)
    whole = full(CLIP, LEVELS, IDS)
    torch.testing.assert_close(causal(CLIP, LEVELS, IDS), whole, rtol=0, atol=1e-10)


@torch.no_grad()
def test_the_same_clip_later_gets_the_same_answer():
    """RoPE: only distances in time count, so a clip may begin at any frame."""
    net = network(attention="causal")
    cache = net.new_cache(tokens=6)
    cache.frames = 7
    later = net(CLIP, LEVELS, IDS, cache)
    torch.testing.assert_close(later, net(CLIP, LEVELS, IDS), rtol=0, atol=1e-5)


@pytest.mark.parametrize("plan", [(1, 1, 1, 1), (2, 2), (1, 3), (4,)])
@torch.no_grad()
def test_with_a_cache_as_without(plan):
    net = network(attention="causal")
    cache, parts, at = net.new_cache(tokens=6), [], 0
    for frames in plan:
        part = slice(at, at + frames)
        cache.keep = False  # a look at noise leaves no trace
        net(CLIP[:, :, part] + 1, LEVELS[:, part], IDS, cache)
        cache.keep = True
        parts.append(net(CLIP[:, :, part], LEVELS[:, part], IDS, cache))
        at += frames
    assert cache.frames == cache.held == 4
    whole = net(CLIP, LEVELS, IDS)
    torch.testing.assert_close(torch.cat(parts, 2), whole, rtol=0, atol=1e-10)


def rolled(net: VideoDiT, clip, levels, window: int, plan) -> torch.Tensor:
    cache, parts, at = net.new_cache(tokens=6, window=window), [], 0
    for frames in plan:
        part = slice(at, at + frames)
        parts.append(net(clip[:, :, part], levels[:, part], IDS, cache))
        at += frames
    assert cache.frames == at and cache.held == min(window - 1, at)
    return torch.cat(parts, dim=2)


@pytest.mark.parametrize("window", [1, 2, 3])
@pytest.mark.parametrize("plan", [(1,) * 8, (3, 1, 2, 2)])
@torch.no_grad()
def test_a_rolled_cache_is_the_banded_mask_over_the_whole_history(
    window, plan, monkeypatch
):
    """Far past the window; with one block also the window recomputed, with two not:
    what is kept has heard what was dropped."""
    clip, levels = normal(3, 3, 8, 4, 6, seed=2), torch.rand(3, 8).double()
    for depth in (1, 2):
        net = network(attention="causal", depth=depth)
        kept = rolled(net, clip, levels, window, plan)
        with monkeypatch.context() as patch:
            banded = lambda f, p, _=0: causal_mask(f, p, window)  # noqa: E731
            patch.setattr(video_transformer, "causal_mask", banded)
            whole = net(clip, levels, IDS)
        torch.testing.assert_close(kept, whole, rtol=0, atol=1e-5)
        last = net(clip[:, :, -window:], levels[:, -window:], IDS)[:, :, -1]
        same = gap(last, kept[:, :, -1]) < 1e-5
        assert same == (depth == 1 or window == 1)


@torch.no_grad()
def test_a_reset_cache_is_a_new_one():
    net = network(attention="causal")
    cache = net.new_cache(tokens=6, window=2)
    first = net(CLIP, LEVELS, IDS, cache)
    cache.reset()
    assert torch.equal(net(CLIP, LEVELS, IDS, cache), first)


@torch.no_grad()
def test_time_that_was_added_does_nothing_until_it_learns():
    frame_model = network(attention="frames")
    model = add_time(frame_model, 2)
    before = frame_model(CLIP, LEVELS, IDS)
    assert torch.equal(model(CLIP, LEVELS, IDS), before)
    for block in model.times:
        block.knobs[1].linear.bias.normal_()
    after = model(CLIP, LEVELS, IDS)
    assert gap(after, before) > 1e-2
    assert torch.equal(frame_model(CLIP, LEVELS, IDS), before)  # a copy
    other = CLIP.clone()
    other[:, :, 0] += 1
    assert gap(model(other, LEVELS, IDS)[:, :, 3], after[:, :, 3]) > 1e-4


def test_added_blocks_learn_although_their_gates_are_zero():
    model = add_time(network(attention="frames"), 1)
    (model(CLIP, LEVELS, IDS) - CLIP).square().mean().backward()
    assert model.times[0].knobs[1].linear.weight.grad.any()


def test_what_cannot_be():
    for change, complaint in (
        ({"attention": "sparse"}, "attention='sparse'"),
        ({"attention": "full", "times": 1}, "along time"),
        ({"attention": "frames", "depth": 4, "times": 3}, "evenly"),
    ):
        with pytest.raises(ValueError, match=complaint):
            VideoDiT(replace(SMALL, **change))
    with pytest.raises(ValueError, match="settled"):
        network(attention="full").new_cache(6)
    with pytest.raises(ValueError, match="window=-1"):
        network(attention="causal").new_cache(6, window=-1)
