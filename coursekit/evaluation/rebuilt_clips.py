"""How well clips come back from an autoencoder, and whether the smallest thing does.

The mean error of pixels hardly sees a pedestrian: he covers few of them. So the shirt
is asked for alone, where it is exactly known to be.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_scene import SHIRTS, Clip
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.evaluation.reconstruction import psnr
from coursekit.models.video_autoencoder import VideoAutoencoder

Films = NDArray[np.uint8]  # (N, T, H, W, 3)
SEED = 2_000_000  # of clips that no training has seen
BATCH = 16  # clips at once
PIXELS = 4  # of a shirt, to count as seen


def to_clip(x: Tensor) -> Tensor:
    """Bytes (B, T, H, W, 3) to floats (B, 3, T, H, W) in [-1, 1]."""
    return x.permute(0, 4, 1, 2, 3).float() / 127.5 - 1


def from_clip(x: Tensor) -> Films:
    """Floats (B, 3, T, H, W) to bytes (B, T, H, W, 3)."""
    frames = to_uint8(x.transpose(1, 2).flatten(0, 1))
    return frames.reshape(x.shape[0], x.shape[2], *frames.shape[1:])


def held_out_clips(
    count: int, frames: int, size: int, walkers: float = 0.5
) -> tuple[Films, list[Clip]]:
    """Clips of the test split, always the same ones."""
    clips = sample_clips(count, SEED, frames, walkers, split="test")
    return draw_clips(clips, frames, size), clips


@torch.no_grad()
def through(films: Films, way: Callable[[Tensor], Tensor], device: Any) -> Films:
    """Clips as they come out of `way`, floats to floats on a device."""
    done = []
    for i in range(0, len(films), BATCH):
        x = to_clip(torch.from_numpy(films[i : i + BATCH])).to(device)
        done.append(from_clip(way(x).cpu()))
    return np.concatenate(done)


def rebuilt(model: VideoAutoencoder, films: Films) -> Films:
    """Clips after a way through the bottleneck (the means, no noise)."""
    return through(films, lambda x: model.decode(model.encode(x)), model.shift.device)


def rebuilt_pictures(model: VideoAutoencoder, films: Films) -> Films:
    """The same through the autoencoder of pictures alone: nothing is lost in time."""
    return through(films, lambda x: model.show(model.see(x)), model.shift.device)


def shirts_read(films: Films, clips: Sequence[Clip]) -> tuple[int, int]:
    """In how many frames a shirt is nearest to its own colour, and of how many.

    A shirt covers the pixels that differ between two shirts, all else equal; frames in
    which it covers fewer than PIXELS do not count. Its colour is the one of SHIRTS
    whose true clip is nearest there. films: (N, T, H, W, 3), as drawn from `clips`.
    """
    right = of = 0
    for film, clip in zip(films, clips, strict=True):
        if clip.shirt == "none":
            continue
        dressed = [replace(clip, shirt=shirt) for shirt in SHIRTS]
        true = draw_clips(dressed, len(film), film.shape[1]).astype(np.float32)
        where = (true != true[:1]).any(axis=(0, 4))  # (T, H, W)
        off = ((true - film) ** 2).sum(axis=4) * where
        seen = where.sum(axis=(1, 2)) >= PIXELS
        best = off.sum(axis=(2, 3)).argmin(axis=0)
        right += int((best == SHIRTS.index(clip.shirt))[seen].sum())
        of += int(seen.sum())
    return right, of


def clip_figures(
    model: VideoAutoencoder, count: int, frames: int, size: int
) -> dict[str, Any]:
    """PSNR of all, first and other frames, of the pictures' autoencoder, and shirts."""
    films, clips = held_out_clips(count, frames, size)
    back, pictures = rebuilt(model, films), rebuilt_pictures(model, films)
    right, of = shirts_read(back, clips)
    limit, _ = shirts_read(pictures, clips)
    return {
        "clips": count,
        "psnr": psnr(films, back),
        "psnr_first": psnr(films[:, :1], back[:, :1]),
        "psnr_others": psnr(films[:, 1:], back[:, 1:]),
        "psnr_pictures": psnr(films, pictures),
        "shirts": {"right": right, "of": of, "pictures": limit},
    }
