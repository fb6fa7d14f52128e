"""Clips that go on: given frames stay as they are, and a clip follows a clip.

A clip is x (B, C, T, H, W), frames of latents. A network of clips knows a time for each
frame, so a frame that is given has time 0 (clean), and the others fall from 1 to 0.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.theory.flow import Velocity, follow
from coursekit.theory.solvers import time_grid

Encode = Callable[[Tensor], Tensor]  # a clip to its latents
Decode = Callable[[Tensor], Tensor]  # latents to a clip


def after_context(velocity: Velocity, context: Tensor) -> Velocity:
    """The velocity of the frames that are still to be made, behind clean ones.

    The network sees the whole clip, the context in front, with a time for each frame: 0
    for the k given ones, t for the others. Only what it says of the others is kept.

    velocity: velocity(x, t) of clips (B, C, T, H, W) with times t (B, T); context: (B,
    C, k, H, W). Returns a velocity of x (B, C, T - k, H, W) with one time t (B,).
    """
    known = context.shape[2]

    def of_the_others(x: Tensor, t: Tensor) -> Tensor:
        clip = torch.cat([context, x], dim=2)
        others = t[:, None].expand(len(x), x.shape[2])
        levels = torch.cat([t.new_zeros(len(x), known), others], dim=1)
        return velocity(clip, levels)[:, :, known:]

    return of_the_others


def sample_clip(
    velocity: Velocity, noise: Tensor, context: Tensor | None = None, steps: int = 20
) -> Tensor:
    """A clip out of noise by Euler's method on even times, 1 to 0.

    noise: (B, C, T, H, W), drawn for each row by itself: rows that share their noise
    move alike. context: (B, C, k, H, W) with k < T, the clean beginning, or None. It is
    in the result bit for bit, and the noise in its place is not used. velocity: as in
    `after_context`. Returns (B, C, T, H, W).
    """
    context = noise[:, :, :0] if context is None else context
    flow = after_context(velocity, context)
    *_, made = follow(flow, noise[:, :, context.shape[2] :], time_grid(steps))
    return torch.cat([context, made], dim=2)


def last_frames(
    latents: Tensor, count: int, encode: Encode, decode: Decode, stride: int = 4
) -> Tensor:
    """The context for the next clip: the last frames, as `count` latents, made anew.

    A causal autoencoder gives its first latent one frame, and `stride` frames to each
    other one. So the last latents of a clip cannot stand at the beginning of the next:
    they are decoded, and the last 1 + stride (count - 1) frames are encoded as a clip
    of their own. It also makes the context honest. The last latent of a clip was made
    by layers that have seen all frames before it, and may keep a trace of them; the
    frames themselves keep what can be seen, no more.

    latents: (B, C, T, h, w); count: 1 to T. Returns (B, C, count, h, w).
    """
    return encode(decode(latents)[:, :, -(1 + stride * (count - 1)) :])


def chain(
    go_on: Callable[[Tensor], Tensor],
    context_of: Callable[[Tensor], Tensor],
    clip: Tensor,
    links: int,
) -> list[Tensor]:
    """A long film, clip after clip: each starts with frames of the one before.

    go_on(context): a clip (B, C, T, h, w) that begins with `context`, such as
    `sample_clip` with fresh noise at each call; context_of(clip): the context for the
    next, such as `last_frames`. Whatever left the picture before those frames is
    forgotten. Returns clip and `links` more.
    """
    clips = [clip]
    for _ in range(links):
        clips.append(go_on(context_of(clips[-1])))
    return clips


def joined(clips: list[Tensor], overlap: int) -> Tensor:
    """One film of decoded clips (B, C, F, H, W): shared frames are shown once.

    overlap: frames at the beginning of every clip but the first that the clip before
    has shown already, 1 + stride (k - 1) for a context of k latents.
    """
    return torch.cat([clips[0], *(clip[:, :, overlap:] for clip in clips[1:])], dim=2)
