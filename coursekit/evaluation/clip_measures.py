"""What can be counted in a clip without any truth: flicker and motion; and with it.

A clip of one frame shown again and again never flickers, so flicker is no measure
alone: `motion` belongs beside it.
"""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.reader import UNREADABLE

Clips = NDArray[np.uint8]  # (N, T, H, W, 3)
Numbers = NDArray[np.float64]


def flicker_rate(words: NDArray[np.str_]) -> float:
    """How often a word that should not change does, between one frame and the next.

    words: (N, T), what a reader sees in each frame of each clip, of one attribute. Of
    all pairs of neighbouring frames that are both readable, the share with two
    different words; nan without such a pair.
    """
    known = words != UNREADABLE
    pairs = known[:, 1:] & known[:, :-1]
    if not pairs.any():
        return float("nan")
    return float((words[:, 1:] != words[:, :-1])[pairs].mean())


def flicker_rates(
    words: Mapping[str, NDArray[np.str_]], told: Collection[str]
) -> dict[str, float]:
    """`flicker_rate` of each attribute, as "told NAME" or "untold NAME".

    A prompt that says "red hat" repeats it for every frame: what was told flickers less
    than what the frames must agree on by themselves, so the two are never mixed.

    words: attribute -> (N, T); told: the attributes that the prompts named. Raises
    ValueError for a told attribute without words.
    """
    if strange := sorted(set(told) - set(words)):
        raise ValueError(f"told {strange[0]!r}, of which there are no words")
    return {
        f"{'told' if name in told else 'untold'} {name}": flicker_rate(seen)
        for name, seen in words.items()
    }


def motion(clips: Clips) -> float:
    """How much neighbouring frames differ: the mean absolute difference, in 0..1.

    clips: uint8 (N, T, H, W, 3), T >= 2. A frozen clip has 0; 1 is black after white.
    """
    # Bytes below others would wrap around.
    moved = np.abs(np.diff(clips.astype(np.int16), axis=1))
    return float(moved.mean() / 255)


def frame_error(clips: Clips, truth: Clips) -> Numbers:
    """The mean absolute error of each frame, by its number: (T,) in 0..1.

    clips, truth: uint8 (N, T, H, W, 3), clip i beside truth i. Raises ValueError for
    two different shapes.
    """
    if clips.shape != truth.shape:
        raise ValueError(f"clips {clips.shape} beside truths {truth.shape}")
    off = np.abs(clips.astype(np.int16) - truth.astype(np.int16))
    error: Numbers = off.mean(axis=(0, 2, 3, 4)) / 255
    return error
