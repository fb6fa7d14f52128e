"""Going on with clips. Authorities: bit-equality, the plain flow, a field with a closed
solution, counted frames."""

import torch
from support_models import normal

from coursekit.theory.chaining import (
    after_context,
    chain,
    joined,
    last_frames,
    sample_clip,
)
from coursekit.theory.flow import follow
from coursekit.theory.solvers import time_grid

NOISE = normal(3, 2, 5, 2, 2)


def field(x, t):
    """Frames pull at each other, by their levels."""
    assert t.shape == (len(x), x.shape[2])
    mean = x.mean(dim=2, keepdim=True)
    return x - (1 + t[:, None, :, None, None]) * mean


def test_without_context_it_is_the_plain_flow():
    def plain(x, t):
        return field(x, t[:, None].expand(len(x), 5))

    *_, wanted = follow(plain, NOISE, time_grid(7))
    assert torch.equal(sample_clip(field, NOISE, steps=7), wanted)


def test_the_context_comes_back_bit_for_bit_and_counts():
    context = normal(3, 2, 2, 2, 2, seed=1)
    made = sample_clip(field, NOISE, context, steps=6)
    assert made.shape == NOISE.shape
    assert torch.equal(made[:, :, :2], context)
    other = sample_clip(field, NOISE, context + 1, steps=6)
    assert not torch.allclose(made[:, :, 2:], other[:, :, 2:])
    unused = NOISE.clone()
    unused[:, :, :2] += 9
    assert torch.equal(sample_clip(field, unused, context, steps=6), made)


def test_the_network_sees_clean_frames_at_time_zero():
    seen = []

    def spy(x, t):
        seen.append((x.clone(), t.clone()))
        return torch.ones_like(x)

    context = normal(3, 2, 2, 2, 2, seed=1)
    velocity = after_context(spy, context)(NOISE[:, :, 2:], torch.full((3,), 0.25))
    (clip, levels), *_ = seen
    assert torch.equal(clip[:, :, :2], context)
    assert levels.tolist() == [[0, 0, 0.25, 0.25, 0.25]] * 3
    assert velocity.shape == (3, 2, 3, 2, 2)


def test_a_velocity_that_knows_the_clip_finds_it():
    """v = (x - x0) / t is straight: Euler is exact with any number of steps."""
    clip = normal(3, 2, 5, 2, 2, seed=3)

    def known(x, t):
        time = t[:, None, :, None, None]
        return torch.where(time > 0, (x - clip) / time.clamp(min=1e-9), 0 * x)

    for steps in (1, 3):
        made = sample_clip(known, NOISE, clip[:, :, :1], steps)
        torch.testing.assert_close(made, clip, rtol=0, atol=1e-12)


def frames_of(z):
    """A toy decoder: 1 + 4 (T - 1) frames, each with the number of its latent."""
    return torch.cat([z[:, :, :1], z[:, :, 1:].repeat_interleave(4, dim=2)], dim=2)


def latents_of(x):
    """Its encoder: the first frame, then every fourth."""
    assert x.shape[2] % 4 == 1
    return x[:, :, ::4]


def test_the_context_is_made_from_the_last_frames():
    z = torch.arange(5.0).reshape(1, 1, 5, 1, 1)
    for count, wanted in ((1, [4]), (2, [3, 4]), (3, [2, 3, 4]), (5, [0, 1, 2, 3, 4])):
        context = last_frames(z, count, latents_of, frames_of)
        assert context.flatten().tolist() == wanted


def test_a_chain_shows_every_frame_once():
    """Each clip counts on from its context: the film is 0, 1, 2, ... without a gap."""

    def go_on(context):
        count = torch.arange(1.0, 6 - context.shape[2]).reshape(1, 1, -1, 1, 1)
        return torch.cat([context, context[:, :, -1:] + count], dim=2)

    first = torch.arange(5.0).reshape(1, 1, 5, 1, 1)
    for keep in (1, 2, 4):
        clips = chain(
            go_on, lambda z, k=keep: last_frames(z, k, latents_of, frames_of), first, 3
        )
        assert len(clips) == 4 and all(clip.shape == first.shape for clip in clips)
        film = joined([frames_of(clip) for clip in clips], 1 + 4 * (keep - 1))
        shown = film.flatten().tolist()
        last = 4 + 3 * (5 - keep)
        wanted = [0.0] + [float(i) for i in range(1, last + 1) for _ in range(4)]
        assert shown == wanted
