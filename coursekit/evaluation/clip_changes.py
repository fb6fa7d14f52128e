"""What a distance of clips notices: real clips, changed in ways that everybody sees.

Each change leaves the rest alone: frozen and shuffled clips have real frames only, a
blurred one moves as before. Beside every distance stands its floor, real clips against
real ones of the same number.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from coursekit.evaluation.clip_measures import Clips
from coursekit.evaluation.frechet import frechet

Change = Callable[[Clips, np.random.Generator], Clips]
Features = Callable[[Clips], Tensor]  # clips to (N, D), or to (N * T, D) frame by frame
NOISE = 0.05  # standard deviation, of the range


def frozen(clips: Clips, rng: np.random.Generator) -> Clips:
    """One frame of each clip, any, all the time."""
    which = rng.integers(clips.shape[1], size=len(clips))
    return np.repeat(clips[np.arange(len(clips)), which][:, None], clips.shape[1], 1)


def half_speed(clips: Clips, rng: np.random.Generator) -> Clips:
    """Every frame twice, and the second half not at all."""
    return clips[:, np.arange(clips.shape[1]) // 2]


def shuffled(clips: Clips, rng: np.random.Generator) -> Clips:
    """The frames of each clip in any order."""
    order = rng.permuted(np.tile(np.arange(clips.shape[1]), (len(clips), 1)), axis=1)
    changed: Clips = clips[np.arange(len(clips))[:, None], order]
    return changed


def foreign(clips: Clips, rng: np.random.Generator) -> Clips:
    """Every second frame is from the next clip."""
    changed = clips.copy()
    changed[:, 1::2] = np.roll(clips, 1, axis=0)[:, 1::2]
    return changed


def blurred(clips: Clips, rng: np.random.Generator) -> Clips:
    """Each pixel is the mean of the 3 x 3 around it, as far as there are any."""
    flat = torch.from_numpy(clips.astype(np.float32)).flatten(0, 1).permute(0, 3, 1, 2)
    soft = avg_pool2d(flat, 3, 1, 1, count_include_pad=False).round()
    result: Clips = soft.permute(0, 2, 3, 1).numpy().astype(np.uint8)
    return result.reshape(clips.shape)


def backwards(clips: Clips, rng: np.random.Generator) -> Clips:
    """The last frame first."""
    return np.ascontiguousarray(clips[:, ::-1])


def noisy(clips: Clips, rng: np.random.Generator) -> Clips:
    """Normal noise, NOISE of the range, in every pixel of every frame anew."""
    moved = clips + 255 * NOISE * rng.standard_normal(clips.shape, dtype=np.float32)
    changed: Clips = np.clip(np.rint(moved), 0, 255).astype(np.uint8)
    return changed


CHANGES: Mapping[str, Change] = {
    "frozen": frozen,
    "half speed": half_speed,
    "shuffled": shuffled,
    "every second frame foreign": foreign,
    "blurred": blurred,
    "backwards": backwards,
    "noisy": noisy,
}


def frame_wise(features: Callable[[NDArray[np.uint8]], Tensor]) -> Features:
    """Features of pictures (M, H, W, 3), taken of all frames: what an FID looks at."""
    return lambda clips: features(clips.reshape(-1, *clips.shape[2:]))


def sensitivity(
    features: Features, clips: Clips, real: Clips, seed: int = 0
) -> dict[str, float]:
    """The distance of changed clips from real ones, in floors.

    "floor" is the Fréchet distance of `clips` from `real` themselves; every name of
    CHANGES has its distance over that: 1 is a change that nobody notices. clips, real:
    uint8 (N, T, H, W, 3), as many of each, real and different.
    """
    known = features(real)
    floor = frechet(features(clips), known)
    found = {"floor": floor}
    for name, change in CHANGES.items():
        changed = change(clips, np.random.default_rng(seed))
        found[name] = frechet(features(changed), known) / floor
    return found


def floors(x: Tensor, y: Tensor, sizes: Sequence[int]) -> list[float]:
    """Real against real at several sizes. x, y: features (N, D), in random order.

    Of a size above D only: with fewer, a covariance has no full rank, and the distance
    says little.
    """
    return [frechet(x[:n], y[:n]) for n in sizes]
