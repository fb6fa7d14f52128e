"""A payload in the lowest bit of every value: nobody sees it, and little keeps it."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Bits = NDArray[np.bool_]


def write_bits(pixels: Pixels, bits: Bits) -> Pixels:
    """A copy of a picture whose lowest bits say `bits`, again and again.

    pixels: (H, W, 3); bits: (n,). The values are taken row by row, pixel by pixel, red
    before green before blue; value i carries bit i mod n, so no value moves by more
    than 1.
    """
    payload = np.resize(bits, pixels.shape).astype(np.uint8)
    return (pixels & np.uint8(254)) | payload


def read_bits(pixels: Pixels, count: int) -> Bits:
    """The payload of `write_bits`: what most of the values that carry a bit say.

    pixels: (H, W, 3) with at least `count` values; count: n, the length of the payload.
    Returns (n,); where both answers are equally many the bit is False.
    """
    lowest = (pixels & 1).ravel()
    said = np.array([lowest[i::count].mean() for i in range(count)])
    return said > 0.5
