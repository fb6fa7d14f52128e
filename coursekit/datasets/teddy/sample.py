"""Data sets of teddy pictures: `teddies(n, size, seed, split)`."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene, random_scene
from coursekit.datasets.teddy.splits import SPLITS, split_of

Wanted = Callable[[Scene], bool]


def scenes(
    seed: int, split: str = "train", kind: str = "solo", only: Wanted | None = None
) -> Iterator[Scene]:
    """An endless stream of scenes of one split, fixed by its arguments.

    only: which of them to keep (None: all).
    """
    if split not in SPLITS:
        raise ValueError(f"split={split!r}: use one of {SPLITS}")
    rng = np.random.Generator(np.random.PCG64(seed))
    while True:
        scene = random_scene(rng, kind)
        if split_of(scene) == split and (only is None or only(scene)):
            yield scene


def teddies(
    n: int,
    size: int = 32,
    seed: int = 0,
    split: str = "train",
    kind: str = "solo",
    threads: int = 1,
    only: Wanted | None = None,
) -> tuple[NDArray[np.uint8], list[Scene]]:
    """n pictures (n, size, size, 3) and their scenes, fixed by seed, split and kind.

    The scenes are those of the first n of any longer call, whatever the size, so the
    same arguments with size=16 and size=64 show the same scenes. `kind` is "solo"
    (one bear), "group" (one to three), "mirror", "hall" or "pair": see `random_scene`.
    only: which of those scenes to take (None: all).
    """
    stream = scenes(seed, split, kind, only)
    chosen = [next(stream) for _ in range(n)]
    return render(chosen, size, threads), chosen


def special_teddies(
    n: int, size: int = 32, seed: int = 0
) -> tuple[NDArray[np.uint8], list[Scene]]:
    """Pictures of the [V] bear: brown and cream stripes, a star patch on its belly.

    It wears hats and glasses and goes to all places, but no split contains it: it is
    the new subject that personalisation has to learn from a few pictures.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    chosen = [specialise(random_scene(rng)) for _ in range(n)]
    return render(chosen, size), chosen


def specialise(scene: Scene) -> Scene:
    """The same scene with the [V] bear in the place of each bear."""
    bears = tuple(replace(b, fur="brown", special=True) for b in scene.bears)
    return replace(scene, bears=bears)


def contact_sheet(images: NDArray[np.uint8], columns: int = 8) -> NDArray[np.uint8]:
    """Tile images (N, H, W, 3) row by row into one picture; missing ones are white."""
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height, width, channels), 255, dtype=np.uint8)
    sheet[:count] = images
    grid = sheet.reshape(rows, columns, height, width, channels)
    return grid.swapaxes(1, 2).reshape(rows * height, columns * width, channels)
