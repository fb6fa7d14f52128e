"""Clips to pixels: the background once a clip, then who stands and who passes.

A walker is mixed in by how much of him the bear lets through, so a frame in which
nothing of his shirt is seen is the same, byte for byte, as without him. Frames of many
clips are drawn at once; a clip's bytes do not depend on the others of the call.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.backdrop import PAINTERS
from coursekit.datasets.teddy.clip_bears import draw_moving_bears
from coursekit.datasets.teddy.clip_props import draw_dust, draw_table, draw_walkers
from coursekit.datasets.teddy.clip_scene import Clip, stance
from coursekit.datasets.teddy.shapes import F32, Patch

SEEN = 0.02  # a shirt is seen where this share of a pixel is of it: >= 1 step of 255
CHUNK_PIXELS = 128 * 32 * 32  # of frames drawn at once: what stays in a core's cache


def draw_clips(
    clips: Sequence[Clip], frames: int = 17, size: int = 32
) -> NDArray[np.uint8]:
    """Draw clips as uint8 (N, frames, size, size, 3), `size` from 24 to 128 pixels."""
    return drawn_and_hidden(clips, frames, size)[0]


def hidden_frames(clip: Clip, frames: int = 17, size: int = 32) -> NDArray[np.bool_]:
    """In which frames nothing is seen of the walker's shirt, (frames,).

    He is behind the bear or outside the picture: such a frame has the same bytes
    whatever the shirt, and whether there is a walker or not. In every other frame two
    shirts differ. All are True without a walker.
    """
    hidden: NDArray[np.bool_] = drawn_and_hidden([clip], frames, size)[1][0]
    return hidden


def drawn_and_hidden(
    clips: Sequence[Clip], frames: int = 17, size: int = 32
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """What `draw_clips` and, for each clip, `hidden_frames` give (N, frames), at once.

    Raises ValueError for no frames and for sizes at which nothing can be told.
    """
    if frames < 1 or not 24 <= size <= 128:
        raise ValueError(f"{frames} frames of {size} pixels: at least 1 of 24 to 128")
    pictures = np.empty((len(clips), frames, size, size, 3), dtype=np.uint8)
    hidden = np.ones((len(clips), frames), dtype=bool)
    # A chunk is of one place, with walkers or without.
    keys = [(c.scene.place, c.shirt == "none") for c in clips]
    order = sorted(range(len(clips)), key=keys.__getitem__)
    most = max(1, CHUNK_PIXELS // (size * size * frames))
    for _, same in groupby(order, key=keys.__getitem__):
        members = list(same)
        for first in range(0, len(members), most):
            some = members[first : first + most]
            pictures[some], hidden[some] = _chunk(
                [clips[i] for i in some], frames, size
            )
    return pictures, hidden


def _chunk(
    clips: list[Clip], frames: int, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Frames and hidden frames of clips of one place, all with a walker or none."""
    scenes = [clip.scene for clip in clips]
    place = _canvas(size, len(clips))
    PAINTERS[scenes[0].place](place, np.array([s.drift for s in scenes], np.float32))
    behind = _canvas(size, len(clips) * frames)
    behind.rgb[...] = np.repeat(place.rgb, frames, axis=-1)
    draw_table(behind, clips, frames)
    stances = [stance(clip, frames) for clip in clips]
    hidden = np.ones(len(clips) * frames, dtype=bool)
    if clips[0].shirt == "none":
        draw_moving_bears(behind, clips, stances, size)
    else:
        walked = _canvas(size, 0, behind.rgb.copy())
        shirt = draw_walkers(walked, clips, frames)
        walked.rgb -= behind.rgb
        clear = draw_moving_bears(behind, clips, stances, size)
        shirt *= clear
        hidden = shirt.max((0, 1)) < SEEN
        clear *= ~hidden
        walked.rgb *= clear
        behind.rgb += walked.rgb
    draw_dust(behind, clips, frames)
    drawn = _developed(behind.rgb, clips, frames)
    return (
        drawn.reshape(len(clips), frames, size, size, 3),
        hidden.reshape(len(clips), frames),
    )


def _canvas(size: int, count: int, rgb: F32 | None = None) -> Patch:
    """`count` black pictures, or those of rgb, in coordinates from 0 to 1."""
    centre = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size))[
        :, None
    ]
    rgb = np.zeros((3, size, size, count), dtype=np.float32) if rgb is None else rgb
    pixel = np.array([1 / size], dtype=np.float32)
    return Patch(rgb, centre, centre, pixel, 1 / size, 1 / size, 0, 0)


def _developed(rgb: F32, clips: list[Clip], frames: int) -> NDArray[np.uint8]:
    """Apply each scene's light and round to bytes, as for still pictures."""
    bright, warm = (
        np.repeat(np.array(values, dtype=np.float32), frames)
        for values in (
            [c.scene.brightness for c in clips],
            [c.scene.warmth * 0.10 for c in clips],
        )
    )
    gains = (bright * (1 + warm), bright, bright * (1 - warm))
    for plane, gain in zip(rgb, gains, strict=True):
        plane *= gain * np.float32(255)
    rgb += np.float32(0.5)
    np.minimum(rgb, np.float32(255), out=rgb)
    return np.ascontiguousarray(rgb.astype(np.uint8).transpose(3, 1, 2, 0))
