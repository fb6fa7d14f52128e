"""Does he come back, and in the same shirt? Somebody passes behind the bear.

While he is hidden, no frame tells the colour of his shirt: who goes on from hidden
frames can only guess, and who has seen him before can know. The caption must not say
it. A model that never brings him back is right about nothing, so the share of clips in
which he returns stands beside the share that is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_props import BEHIND, LEGS, SHIRT, SHOULDERS
from coursekit.datasets.teddy.clip_scene import SHIRTS, Clip
from coursekit.evaluation.clip_measures import Clips

GONE = -1  # instead of a colour: nobody is seen
NEAR = 0.2  # of the range: how far a pixel may be from a shirt's colour
MOVED = 0.1  # of the range: what belongs to nobody who stands still
WIDE = 4 / 32  # a shirt, in widths of the picture
Labels = NDArray[np.int64]  # (N,), an index of SHIRTS or GONE


def wilson_interval(
    right: int, count: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Between what bounds a probability lies when `right` of `count` came true.

    Wilson 1927: all p from which the share s = right / count is not further than z
    standard deviations of a binomial,

        (s - p)^2 <= z^2 p (1 - p) / count

    where a normal number lies between -z and z with the probability `confidence`. The
    bounds are the two roots, the lower one first. They stay in [0, 1], and are not one
    point at 0 or 1. Raises ValueError unless 0 <= right <= count and count >= 1.
    """
    if not 0 <= right <= count or count < 1:
        raise ValueError(f"{right} right of {count}")
    z, share = NormalDist().inv_cdf(0.5 + confidence / 2), right / count
    middle = share + z * z / (2 * count)
    half = z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    whole = 1 + z * z / count
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def shirt_colours(clips: Sequence[Clip]) -> NDArray[np.float64]:
    """The six shirts in each clip's own light, (N, 6, 3) in 0..1, in order of SHIRTS.

    Brightness and warmth of a scene change all its colours, as its drawing does.
    """
    plain = np.array([SHIRT[name] for name in SHIRTS])
    bright = np.array([clip.scene.brightness for clip in clips])
    warm = np.array([clip.scene.warmth * 0.10 for clip in clips])
    light = np.stack([bright * (1 + warm), bright, bright * (1 - warm)], axis=1)
    colours: NDArray[np.float64] = np.minimum(plain * light[:, None], 1)
    return colours


def shirt_shares(frames: Clips, clips: Sequence[Clip]) -> NDArray[np.float64]:
    """How much of a shirt is seen of each colour, in each frame: (N, T, 6) in 0..1.

    He is looked for along his whole lane, the rows of the picture in which his shirt
    is: the best place for a window as large as a shirt. A pixel counts for the colour
    that it is nearest to, unless that is further than NEAR, or unless it is as it is in
    most frames of the clip: grass or a green hat are no shirt. Nor does it count where
    the bear moves: a waving arm may have a shirt's colour.

    frames: uint8 (N, T, H, W, 3), what was made; clips: what was to be made, for light
    and lane.
    """
    size = frames.shape[2]
    seen = frames / 255
    moved = np.abs(seen - np.median(seen, axis=1, keepdims=True)).max(-1) > MOVED
    off = np.abs(seen[..., None, :] - shirt_colours(clips)[:, None, None, None]).max(-1)
    near = (off.min(-1) < NEAR) & moved
    near &= ~restless(clips, seen.shape[1], size)[:, None]
    votes = near[..., None] & (off.argmin(-1)[..., None] == np.arange(len(SHIRTS)))
    wide = max(1, round(WIDE * size))
    shares = []
    for row, clip in zip(votes, clips, strict=True):
        feet = clip.scene.bears[0].y - BEHIND
        top = max(0, round((feet - SHOULDERS) * size))
        lane = row[:, top : round((feet - LEGS) * size)].mean(axis=1)  # (T, W, 6)
        shares.append(sliding_window_view(lane, wide, axis=1).mean(-1).max(1))
    return np.stack(shares)


def restless(clips: Sequence[Clip], frames: int, size: int) -> NDArray[np.bool_]:
    """Where something moves though nobody passes: the bear's arms, (N, H, W)."""
    alone = draw_clips([replace(clip, shirt="none") for clip in clips], frames, size)
    still = np.median(alone, axis=1, keepdims=True)
    moves: NDArray[np.bool_] = (np.abs(alone - still) > MOVED * 255).any(axis=(1, 4))
    return moves


def seen_shirts(shares: NDArray[np.float64], least: float = 0.5) -> Labels:
    """The shirt of each clip by vote of its frames, GONE where none shows it: (N,).

    shares: `shirt_shares` of the frames in which he should be seen. A frame has a vote
    where `least` of a shirt is there in one colour; it weighs as much as is seen.
    """
    votes = np.where(shares >= least, shares, 0).sum(axis=1)
    return np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), GONE)


@dataclass(frozen=True)
class Recall:
    """How well shirts were remembered: shares, each with its Wilson interval of 95 %.

    `right` is the share of those who return, nan when nobody does; `chance` what it
    would be on average if the truths were dealt out anew.
    """

    count: int
    returned: float
    returned_between: tuple[float, float]
    right: float
    right_between: tuple[float, float]
    chance: float


def pedestrian_recall(seen: Labels, truth: Labels) -> Recall:
    """The shirts that are seen beside the true ones.

    Chance is the mean over all ways to shuffle the truths among those who return, which
    needs no dice: the sum over colours of how often it is seen times how often it is
    true, over the square of their number. So a favourite colour earns nothing.

    seen: (N,) indices of SHIRTS or GONE; truth: (N,) indices. Raises ValueError when
    the two have not one length, or when there are none.
    """
    if seen.shape != truth.shape or not len(seen):
        raise ValueError(f"seen {seen.shape} beside truths {truth.shape}")
    back = seen != GONE
    count, hits = int(back.sum()), int((seen[back] == truth[back]).sum())
    colours = range(len(SHIRTS))
    often = ((seen[back] == c).sum() * (truth[back] == c).sum() for c in colours)
    return Recall(
        count=len(seen),
        returned=count / len(seen),
        returned_between=wilson_interval(count, len(seen)),
        right=hits / count if count else float("nan"),
        right_between=wilson_interval(hits, count) if count else (0.0, 1.0),
        chance=float(sum(often)) / count**2 if count else float("nan"),
    )
