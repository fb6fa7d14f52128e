"""Authority: the pixels a box touches, by brute force; identities."""

import math
from fractions import Fraction

import numpy as np
import pytest

from coursekit.editing import shape

GENERATOR = np.random.default_rng(1)
NOISE = GENERATOR.integers(0, 256, (7, 11, 3), dtype=np.uint8)


def touched(side: int, low: float, high: float) -> list[int]:
    """Pixels [k, k + 1) that meet the open interval (low, high) * side."""
    return [
        k
        for k in range(side)
        if Fraction(low) * side < k + 1 and Fraction(high) * side > k
    ]


def test_a_box_is_what_it_touches_and_never_empty():
    for _ in range(2000):
        size = tuple(GENERATOR.integers(1, 40, 2).tolist())
        (left, right), (top, bottom) = np.sort(GENERATOR.random((2, 2)), axis=1)
        x0, y0, x1, y1 = shape.crop_box(size, left, top, right, bottom)
        assert list(range(x0, x1)) == touched(size[0], left, right)
        assert list(range(y0, y1)) == touched(size[1], top, bottom)
        assert 1 <= x1 - x0 <= size[0] and 1 <= y1 - y0 <= size[1]


def test_the_whole_box_changes_nothing():
    assert (shape.crop(NOISE, 0, 0, 1, 1) == NOISE).all()


@pytest.mark.parametrize("box", [(0.5, 0, 0.5, 1), (0.6, 0, 0.4, 1), (0, -0.1, 1, 1)])
def test_a_box_that_holds_nothing_or_lies_outside(box):
    with pytest.raises(ValueError, match="left < right"):
        shape.crop_box((10, 10), *box)
    with pytest.raises(ValueError):
        shape.crop_box((10, 10), math.nan, 0, 1, 1)


def test_mirrors_and_turns_undo():
    assert (shape.mirror(shape.mirror(NOISE)) == NOISE).all()
    image = NOISE
    for _ in range(4):
        image = shape.rotate(image, 1)
    assert (image == NOISE).all()
    assert (shape.rotate(NOISE, 0) == NOISE).all()


def test_no_blur_and_no_sharpening_change_no_byte():
    assert (shape.blur(NOISE, 0) == NOISE).all()
    assert (shape.sharpen(NOISE, 0) == NOISE).all()
