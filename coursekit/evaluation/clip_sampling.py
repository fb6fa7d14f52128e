"""Clips out of a trained network, fixed by a seed, and if they show their words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.datasets.teddy.clip_scene import Clip
from coursekit.datasets.teddy.clip_words import clip_ids, frame_words
from coursekit.datasets.teddy.reader import attributes
from coursekit.evaluation.clip_measures import Clips, flicker_rate, motion
from coursekit.evaluation.rebuilt_clips import from_clip
from coursekit.evaluation.text_sampling import Decode, starts
from coursekit.theory.chaining import sample_clip
from coursekit.theory.guidance import classifier_free

READ = ("place", "fur", "hat")
BATCH = 32  # clips sampled at once


@torch.no_grad()
def latents_of_words(
    model: nn.Module,
    captions: Sequence[str],
    shape: tuple[int, ...],
    context: Tensor | None = None,
    scale: float = 3.0,
    seed: int = 0,
    steps: int = 20,
) -> Tensor:
    """The latents of one clip for each caption, on the CPU; each has its own noise.

    shape: (L, T, h, w); context: (B, L, k, h, w), the clean beginning of each, or None;
    scale: of guidance.
    """
    device = next(model.parameters()).device
    noise, done = starts(len(captions), shape, seed), []
    ids, null = clip_ids(captions).to(device), clip_ids([""])[0].to(device)
    for i in range(0, len(captions), BATCH):
        part = slice(i, i + BATCH)
        velocity = classifier_free(model, ids[part], null, scale)
        given = None if context is None else context[part].to(device)
        done.append(sample_clip(velocity, noise[part].to(device), given, steps).cpu())
    return torch.cat(done)


@torch.no_grad()
def decoded(decode: Decode, latents: Tensor) -> Clips:
    """Clips of latents (N, L, T, h, w): uint8 (N, F, H, W, 3)."""
    return np.concatenate(
        [from_clip(decode(part)) for part in torch.split(latents, BATCH)]
    )


def shown_words(made: Clips, clips: Sequence[Clip]) -> dict[str, Any]:
    """How often a frame shows what its clip is to show, how often that changes, motion.

    made: (N, F, H, W, 3), clip i for clips[i]. Shares of frames, by the reader of
    pictures; flicker of neighbouring frames; the mean difference of neighbours.
    """
    seen = attributes(made.reshape(-1, *made.shape[2:]))
    right, flicker = {}, {}
    truth = [frame_words(clip, 0) for clip in clips]
    for name in READ:
        words = seen[name].reshape(made.shape[:2])
        right[name] = float(
            (words == np.array([[each[name]] for each in truth])).mean()
        )
        flicker[name] = flicker_rate(words)
    return {"right": right, "flicker": flicker, "motion": motion(made)}
