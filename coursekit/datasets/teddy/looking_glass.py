"""Halls whose mirror is blank: what does the bear see in it?

Everything is given but the inside of the glass. Who fills it in must look at the bear,
which stands at a distance.
"""

from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.render import GLASS_HALF, GLASS_LOW, GLASS_TOP, render
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import Scene


def glass(scenes: list[Scene], size: int = 24) -> NDArray[np.bool_]:
    """Where each picture shows the inside of the mirror: (N, size, size).

    Pixels that the glass covers at least in part, in the reflection's half only, so
    that a bear close to its mirror stays in the picture. Raises ValueError for a scene
    without a mirror.
    """
    edges = np.arange(size + 1) / size
    low, high = edges[:-1], edges[1:]
    rows = (high > GLASS_TOP) & (low < GLASS_LOW)
    masks = np.zeros((len(scenes), size, size), dtype=np.bool_)
    for mask, scene in zip(masks, scenes, strict=True):
        centre = reflection_at(scene)
        half = low >= 0.5 if centre > 0.5 else high <= 0.5
        columns = (high > centre - GLASS_HALF) & (low < centre + GLASS_HALF) & half
        mask[:] = rows[:, None] & columns[None]
    return masks


def reflection_at(scene: Scene) -> float:
    """Where the reflection stands, as x of its feet.

    Raises ValueError for a scene without a mirror.
    """
    if not scene.mirror:
        raise ValueError("there is no mirror in this scene: use kind='hall'")
    bear = scene.bears[0]
    return bear.x + (scene.distance if bear.x < 0.5 else -scene.distance)


def halls(
    n: int, size: int = 24, seed: int = 0, split: str = "train"
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], list[Scene]]:
    """n halls: pictures (n, size, size, 3), the inside of each mirror, and scenes.

    All stand in one room under one light, so that bear and distance are all that
    differs and a small network can learn them in minutes.
    """
    drawn = islice(scenes(seed, split, "hall"), n)
    chosen = [
        replace(scene, place="room", brightness=1.0, warmth=0.0, drift=0.5)
        for scene in drawn
    ]
    return render(chosen, size), glass(chosen, size), chosen
