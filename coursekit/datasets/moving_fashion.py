"""Moving Fashion-MNIST: garments that bounce in a frame of 32 x 32 pixels.

The moving MNIST of Srivastava et al. 2015 with clothes in place of digits, and with
whole pixels a frame in place of any speed: every position is exact.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.fashion import load

SIDE, GARMENT = 32, 14  # of the frame and of a garment, in pixels
ROOM = SIDE - GARMENT  # the largest row and column of a garment's corner
FASTEST = 3  # pixels a frame, along each axis

Whole = NDArray[np.int64]


class MovingFashion(NamedTuple):
    """N clips of G garments.

    clips: uint8 (N, T, 32, 32, 3), grey; garments: uint8 (N, G, 14, 14); labels (N, G),
    as `fashion.CLASSES` names them; starts and velocities (N, G, 2): the row and column
    of a garment's upper left corner in frame 0, and pixels a frame.
    """

    clips: NDArray[np.uint8]
    garments: NDArray[np.uint8]
    labels: Whole
    starts: Whole
    velocities: Whole


def bounce(starts: Whole, velocities: Whole, frames: int) -> Whole:
    """Where corners (..., 2) are in each frame, (..., T, 2), from 0 to ROOM.

    They go straight on in a row of mirrored rooms; folding these into one makes a
    bounce: p(t) = ROOM - |ROOM - (p(0) + v t) mod 2 ROOM|.
    """
    time = np.arange(frames)[:, None]
    straight = starts[..., None, :] + velocities[..., None, :] * time
    corners: Whole = ROOM - np.abs(ROOM - straight % (2 * ROOM))
    return corners


def moving_fashion(
    count: int, seed: int, frames: int = 17, garments: int = 2, split: str = "train"
) -> MovingFashion:
    """`count` clips of bouncing garments; where two overlap, the brighter pixel shows.

    split: of the pictures, "train" or "test": no garment is in both. Velocities are
    whole numbers from -3 to 3 along each axis, never both 0. Raises ValueError for
    other splits, and for no frames or garments.
    """
    if frames < 1 or garments < 1:
        raise ValueError(f"{frames} frames, {garments} garments: at least 1 of each")
    images, classes = load(split)
    rng = np.random.Generator(np.random.PCG64(seed))
    shape = (count, garments)
    chosen = rng.integers(len(images), size=shape)
    starts = rng.integers(ROOM + 1, size=(*shape, 2))
    pace = np.arange(-FASTEST, FASTEST + 1)
    ways = np.stack(np.meshgrid(pace, pace), -1).reshape(-1, 2)
    ways = ways[ways.any(1)]
    velocities = ways[rng.integers(len(ways), size=shape)]
    # Squares of four pixels become one, rounded.
    squares = images[chosen].reshape(*shape, GARMENT, 2, GARMENT, 2).astype(np.uint16)
    small = ((squares.sum((3, 5)) + 2) // 4).astype(np.uint8)
    clips = np.zeros((count, frames, SIDE, SIDE), dtype=np.uint8)
    corners = bounce(starts, velocities, frames)
    for n, g, t in np.ndindex(count, garments, frames):
        row, column = corners[n, g, t]
        window = clips[n, t, row : row + GARMENT, column : column + GARMENT]
        np.maximum(window, small[n, g], out=window)
    grey = np.repeat(clips[..., None], 3, axis=-1)
    return MovingFashion(grey, small, classes[chosen].astype(int), starts, velocities)
