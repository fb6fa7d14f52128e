"""Moving Fashion-MNIST. Authority: a simulation step by step, and the pictures."""

import numpy as np
import pytest

from coursekit.datasets.fashion import load
from coursekit.datasets.moving_fashion import (
    FASTEST,
    GARMENT,
    ROOM,
    bounce,
    moving_fashion,
)


def simulated(at: int, velocity: int, frames: int) -> list[int]:
    """Pixel by pixel, turning round at the walls."""
    places = []
    for _ in range(frames):
        places.append(at)
        for _ in range(abs(velocity)):
            step = int(np.sign(velocity))
            if not 0 <= at + step <= ROOM:
                velocity, step = -velocity, -step
            at += step
    return places


def test_a_bounce_is_what_small_steps_give():
    starts = np.array([[s, ROOM - s] for s in range(ROOM + 1)])
    for v in range(-FASTEST, FASTEST + 1):
        path = bounce(starts, np.full_like(starts, v), 40)
        for corner, way in zip(starts, path, strict=True):
            assert [simulated(int(c), v, 40) for c in corner] == way.T.tolist()


def test_a_lone_garment_is_where_it_is_said_to_be():
    made = moving_fashion(30, 1, garments=1)
    corners = bounce(made.starts, made.velocities, 17)
    for n, t in np.ndindex(30, 17):
        row, column = corners[n, 0, t]
        frame = made.clips[n, t, :, :, 0].copy()
        window = frame[row : row + GARMENT, column : column + GARMENT]
        np.testing.assert_array_equal(window, made.garments[n, 0])
        window[...] = 0
        assert not frame.any()
    assert (made.clips == made.clips[..., :1]).all()
    assert made.velocities.any(-1).all() and abs(made.velocities).max() == FASTEST


def test_two_garments_are_the_brighter_of_each():
    """Invariant: each alone is nowhere brighter, and one of them is the picture."""
    made = moving_fashion(20, 2)
    corners = bounce(made.starts, made.velocities, 17)
    for n, t in np.ndindex(20, 17):
        alone = np.zeros((2, 32, 32), dtype=np.uint8)
        for g, (row, column) in enumerate(corners[n, :, t]):
            alone[g, row : row + 14, column : column + 14] = made.garments[n, g]
        np.testing.assert_array_equal(made.clips[n, t, :, :, 0], alone.max(0))


@pytest.mark.parametrize("split", ["train", "test"])
def test_garments_are_those_of_the_split_halved(split):
    images, labels = load(split)
    halved = images.reshape(-1, 14, 2, 14, 2).mean((2, 4))
    made = moving_fashion(10, 3, split=split)
    for garment, label in zip(
        made.garments.reshape(-1, 14, 14), made.labels.flat, strict=True
    ):
        near = np.abs(halved - garment).max((1, 2)) <= 0.5
        assert near.any() and label in labels[near]


def test_the_same_seed_gives_the_same_clips_and_wrong_wishes_are_refused():
    one, two, other = (moving_fashion(4, seed, 5) for seed in (1, 1, 2))
    assert (one.clips == two.clips).all() and (one.clips != other.clips).any()
    with pytest.raises(ValueError, match="at least 1"):
        moving_fashion(1, 0, frames=0)
    with pytest.raises(ValueError, match="split"):
        moving_fashion(1, 0, split="all")
