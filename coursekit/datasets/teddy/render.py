"""Scenes to pixels: many scenes at once, the same bytes on every machine.

The picture is continuous geometry; each resolution samples the pixel coverage of the
same shapes, so 16, 32, 48 and 64 pixels show one and the same scene. A scene's bytes
do not depend on the other scenes of the call, on the chunk size or on `threads`.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from math import ceil

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.backdrop import PAINTERS, bar
from coursekit.datasets.teddy.bear import REACH, draw_bears
from coursekit.datasets.teddy.painter import looks
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.datasets.teddy.shapes import F32, Patch, span

SIZES = (16, 32, 48, 64)
FINE_BELOW = 24  # smaller pictures are drawn twice as large and averaged
GLASS_TOP, GLASS_LOW, GLASS_HALF = 0.24, 0.965, 0.21
# Pictures per chunk, by the amount of pixels: what stays in a core's cache.
CHUNK_PIXELS = 128 * 32 * 32

# A bear to draw: the picture it belongs to, itself, and whether it is a reflection.
Placed = tuple[int, Bear, bool]


def render(
    scenes: Sequence[Scene], size: int = 32, threads: int = 1
) -> NDArray[np.uint8]:
    """Draw scenes as uint8 images (N, size, size, 3).

    `size` may be any number of pixels from 8 to 256. `threads` only changes the speed.
    """
    if not 8 <= size <= 256:
        raise ValueError(f"size={size}: use 8 to 256 pixels (usual: {SIZES})")
    images = np.empty((len(scenes), size, size, 3), dtype=np.uint8)
    # Where a pixel is as large as an eye, coverage alone is too coarse.
    fine = 2 if size < FINE_BELOW else 1
    # A chunk is of one place (one background to draw) and of similar sizes (tight
    # windows around each shape).
    keys = [(s.place, s.bears[0].scale if s.bears else 0.0) for s in scenes]
    order = sorted(range(len(scenes)), key=keys.__getitem__)
    chunk = max(8, CHUNK_PIXELS // (size * size * fine * fine))
    jobs = []
    for _, same in groupby(order, key=lambda i: scenes[i].place):
        members = list(same)
        jobs += [members[i : i + chunk] for i in range(0, len(members), chunk)]

    def work(members: list[int]) -> None:
        images[members] = _draw_chunk([scenes[i] for i in members], size * fine, fine)

    if threads > 1 and len(jobs) > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, jobs))
    else:
        for members in jobs:
            work(members)
    return images


def _draw_chunk(scenes: list[Scene], size: int, fine: int) -> NDArray[np.uint8]:
    """Draw scenes of one place, then average blocks of fine x fine pixels."""
    count = len(scenes)
    centre = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size))[
        :, None
    ]
    pixel = np.array([1 / size], dtype=np.float32)
    canvas = Patch(
        np.zeros((3, size, size, count), dtype=np.float32),
        x=centre,
        y=centre,
        px=pixel,
        px_low=1 / size,
        px_high=1 / size,
        origin_x=0,
        origin_y=0,
    )
    drift = np.array([s.drift for s in scenes], dtype=np.float32)
    PAINTERS[scenes[0].place](canvas, drift)
    _mirrors(canvas, scenes)
    layers: dict[int, list[Placed]] = {}
    for index, scene in enumerate(scenes):
        # Far bears first: the lower its feet, the nearer it is.
        for depth, bear in enumerate(sorted(scene.bears, key=lambda b: b.y)):
            layers.setdefault(depth, []).append((index, bear, False))
    for depth in sorted(layers):
        _draw_layer(canvas, layers[depth], size)
    rgb = canvas.rgb
    if fine == 2:
        rgb = (rgb[:, ::2] + rgb[:, 1::2]) * np.float32(0.5)
        rgb = (rgb[:, :, ::2] + rgb[:, :, 1::2]) * np.float32(0.5)
    return _develop(rgb, scenes)


def _draw_layer(canvas: Patch, placed: list[Placed], size: int) -> None:
    """Draw at most one bear into each picture, each in a patch of its own."""
    bears = [bear for _, bear, _ in placed]
    unit = np.array([b.scale for b in bears], dtype=np.float32) * np.float32(size)
    px = np.float32(1) / unit
    feet_x = np.array([b.x for b in bears], dtype=np.float32) * np.float32(size)
    feet_y = np.array([b.y for b in bears], dtype=np.float32) * np.float32(size)
    low, high = 1 / float(unit.max()), 1 / float(unit.min())
    left, right, top, bottom = REACH
    origin_x, origin_y = ceil(-left / low) + 2, ceil(-top / low) + 2
    width = origin_x + ceil(right / low) + 3
    height = origin_y + ceil(bottom / low) + 3
    first_x = np.floor(feet_x).astype(np.int64) - origin_x
    first_y = np.floor(feet_y).astype(np.int64) - origin_y

    def pixels(length: int, first: NDArray[np.int64], feet: F32) -> F32:
        index = (np.arange(length)[:, None] + first[None]).astype(np.float32)
        return (index + np.float32(0.5) - feet) * px

    patch = Patch(
        np.zeros((3, height, width, len(bears)), dtype=np.float32),
        x=pixels(width, first_x, feet_x),
        y=pixels(height, first_y, feet_y),
        px=px,
        px_low=low,
        px_high=high,
        origin_x=origin_x,
        origin_y=origin_y,
    )
    inside = []
    for j, (i, _, _) in enumerate(placed):
        x, y = int(first_x[j]), int(first_y[j])
        ys = slice(max(0, -y), max(0, min(height, size - y)))
        xs = slice(max(0, -x), max(0, min(width, size - x)))
        yd = slice(ys.start + y, max(ys.stop, ys.start) + y)
        xd = slice(xs.start + x, max(xs.stop, xs.start) + x)
        inside.append((ys, xs, yd, xd))
        patch.rgb[:, ys, xs, j] = canvas.rgb[:, yd, xd, i]
    draw_bears(patch, looks(bears, [flipped for _, _, flipped in placed]))
    for j, (i, bear, flipped) in enumerate(placed):
        ys, xs, yd, xd = inside[j]
        if flipped:  # only what shows inside the glass
            old = canvas.rgb[:, yd, xd, i]
            across = span(canvas.x[xd, 0], *_glass(bear.x), canvas.px)
            down = span(canvas.y[yd, 0], GLASS_TOP, GLASS_LOW, canvas.px)
            glass = (down[:, None] * across[None]) * np.float32(0.9)
            old += glass * (patch.rgb[:, ys, xs, j] - old)
        else:
            canvas.rgb[:, yd, xd, i] = patch.rgb[:, ys, xs, j]


def _glass(centre: float) -> tuple[float, float]:
    return centre - GLASS_HALF, centre + GLASS_HALF


def _reflection(scene: Scene) -> Bear:
    """The bear in the mirror: on the other side of the picture, a little smaller."""
    bear = scene.bears[0]
    side = 1 if bear.x < 0.5 else -1
    x = bear.x + side * scene.distance
    return replace(bear, x=x, y=bear.y - 0.03, scale=bear.scale * 0.9)


def _mirrors(canvas: Patch, scenes: list[Scene]) -> None:
    """Draw mirrors and what they show."""
    placed = [(i, _reflection(s), True) for i, s in enumerate(scenes) if s.mirror]
    if not placed:
        return
    flag = np.array([s.mirror for s in scenes], dtype=np.float32)
    centre = np.full(len(scenes), 0.5, dtype=np.float32)
    for i, bear, _ in placed:
        centre[i] = bear.x
    for grow, colour in (
        (0.035, (0.45, 0.27, 0.13)),
        (0.020, (0.80, 0.58, 0.28)),
        (0.0, (0.72, 0.84, 0.90)),
    ):
        half = np.float32(GLASS_HALF + grow)
        width = half * flag  # no mirror: a rectangle of width zero
        left, right = centre - width, centre + width
        bar(canvas, left, right, GLASS_TOP - grow, GLASS_LOW + grow, colour)
    _draw_layer(canvas, placed, canvas.rgb.shape[1])


def _develop(rgb: F32, scenes: list[Scene]) -> NDArray[np.uint8]:
    """Apply the light and round to bytes (N, size, size, 3)."""
    bright = np.array([s.brightness for s in scenes], dtype=np.float32)
    warm = np.array([s.warmth for s in scenes], dtype=np.float32) * np.float32(0.10)
    gains = (bright * (1 + warm), bright, bright * (1 - warm))
    for plane, gain in zip(rgb, gains, strict=True):
        plane *= gain * np.float32(255)
    rgb += np.float32(0.5)
    np.minimum(rgb, np.float32(255), out=rgb)
    return np.ascontiguousarray(rgb.astype(np.uint8).transpose(3, 1, 2, 0))
