"""Right versions of the exercises of 9.9 and 9.10 in other styles: each must pass."""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function
from coursekit.datasets.teddy.reader import UNREADABLE
from coursekit.theory.roll_outs import few_jumps


def pair_by_pair(frames: int) -> Tensor:
    mask = torch.zeros(2 * frames, 2 * frames, dtype=torch.bool)
    for i in range(frames):
        for j in range(frames):
            mask[i, j] = j <= i
            mask[frames + i, j] = j < i
        mask[frames + i, frames + i] = True
    return mask


def by_kind(frames: int) -> Tensor:
    place = torch.arange(frames).repeat(2)
    noisy = torch.arange(2 * frames) >= frames
    before = place[None] <= place[:, None] - noisy[:, None].long()
    return (before & ~noisy[None]) | (torch.eye(2 * frames).bool() & noisy[None])


def in_columns(velocities, x0, levels, eps):
    t = levels.reshape(*levels.shape, *[1] * (x0.ndim - 2)).to(x0)
    error = (velocities(x0 + t * (eps - x0), levels) + x0 - eps) ** 2
    size = x0[0, 0].numel()
    counted = (levels > 0).to(x0)
    return (error.flatten(2).sum(-1) * counted).sum() / (size * counted.sum())


def frame_by_frame(velocities, x0, levels, eps):
    t = levels.view(*levels.shape, *(1,) * (x0.ndim - 2))
    found = velocities((1 - t) * x0 + t * eps, levels)
    errors = [
        (found[b, i] - eps[b, i] + x0[b, i]).square().mean()
        for b in range(len(x0))
        for i in range(x0.shape[1])
        if levels[b, i] > 0
    ]
    return torch.stack(errors).mean()


def in_a_buffer(model, given, frames, times, generator=None):
    clip = given.new_zeros(len(given), frames, *given.shape[2:])
    starts = torch.zeros_like(clip)
    clip[:, : given.shape[1]] = given
    for i in range(given.shape[1], frames):

        def velocities(xt, levels, i=i):
            told = torch.zeros(len(xt), i + 1).to(levels)
            told[:, i:] = levels
            return model(torch.cat([clip[:, :i], xt], 1), told)[:, i:]

        size = (len(given), 1, *given.shape[2:])
        noise = torch.randn(size, generator=generator, dtype=given.dtype)
        clip[:, i : i + 1], starts[:, i : i + 1] = few_jumps(
            velocities, noise, times, generator
        )
    return clip, starts


def counting(words):
    pairs = changes = 0
    for clip in words.tolist():
        for one, two in pairwise(clip):
            if UNREADABLE not in (one, two):
                pairs += 1
                changes += one != two
    return changes / pairs if pairs else float("nan")


def by_floats(clips):
    x = clips.astype(np.float64) / 255
    return float(np.abs(x[:, 1:] - x[:, :-1]).mean())


def by_larger_minus_smaller(clips):
    one, two = clips[:, 1:], clips[:, :-1]
    return (np.maximum(one, two) - np.minimum(one, two)).mean() / 255


RIGHT: dict[str, tuple[Function, ...]] = {
    "09.25": (pair_by_pair, by_kind),
    "09.26": (in_columns, frame_by_frame),
    "09.27": (in_a_buffer,),
    "09.32": (counting,),
    "09.34": (by_floats, by_larger_minus_smaller),
}
