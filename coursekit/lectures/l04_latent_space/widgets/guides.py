"""Guidance as films: the same noise at one scale after another.

Each frame is a whole sampling run, so films are computed once and scrubbed.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from coursekit.datasets import fashion
from coursekit.evaluation.features import fashion_classes
from coursekit.lectures.l04_latent_space.experiments.guidance_scale import (
    CLASSES,
    drawn,
    free,
)
from coursekit.pipeline.pipeline import Pipeline
from coursekit.widgets.forward import to_pixels
from coursekit.widgets.reel import Axis, Meter, Reel

CLASS_SCALES = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
PROMPT_SCALES = (1.0, 2.0, 3.0, 5.0, 8.0)


def what_it_means(scale: float) -> str:
    """The scale in words."""
    if scale == 0:
        return "scale 0: the condition is ignored"
    if scale == 1:
        return "scale 1: the condition as it was learnt, no guidance"
    return f"scale {scale:g}: {scale:g} times as far as the condition leads"


def class_reel(
    model: nn.Module,
    scales: Sequence[float] = CLASS_SCALES,
    seed: int = 0,
    steps: int = 16,
) -> Reel:
    """One picture of each of the ten classes, from the same ten noises at each scale.

    The bar is the share in which a classifier, which guided nothing, sees the class.
    """
    labels = torch.arange(CLASSES)
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(CLASSES, 1, 28, 28, generator=generator)
    film = torch.stack([drawn(free(model, labels, s), start, steps) for s in scales])
    pixels = to_pixels(film)
    right = [float((fashion_classes(p) == labels.numpy()).mean()) for p in pixels]
    return Reel(
        pixels,
        (Axis("guidance scale", tuple(f"{s:g}" for s in scales)),),
        columns=5,
        captions=tuple(what_it_means(s) for s in scales),
        notes=tuple(tuple(fashion.CLASSES) for _ in scales),
        meters=(Meter("class seen", tuple(right), tuple(f"{r:.0%}" for r in right)),),
        start=min(1, len(scales) - 1),
        tile=112,
    )


def prompt_reel(
    pipe: Pipeline,
    prompt: str,
    negative: str = "",
    scales: Sequence[float] = PROMPT_SCALES,
    count: int = 4,
    seed: int = 0,
) -> Reel:
    """Pictures of one prompt from the same noises at each scale.

    negative: a prompt to stay away from; at scale 1 nobody is pushed anywhere.
    """
    frames = []
    for scale in scales:
        at = pipe.swap(guidance="classifier-free", scale=scale)
        at = at.avoiding(negative) if negative and scale != 1 else at
        frames.append(at.draw([prompt] * count, seed))
    away = f", away from: {negative}" if negative else ""
    return Reel(
        np.stack(frames),
        (Axis("guidance scale", tuple(f"{s:g}" for s in scales)),),
        columns=count,
        captions=tuple(f"{what_it_means(s)}{away if s != 1 else ''}" for s in scales),
        start=min(2, len(scales) - 1),
        tile=128,
    )
