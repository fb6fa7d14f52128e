"""Colour operations: each pixel is changed by a rule that sees that pixel alone.

So none of them can move, add or remove anything: to shuffle the pixels and then edit is
the same as to edit and then shuffle. All work on stored values (sRGB, 0 to 255), but
`exposure`, which works on light. Values are rounded to the nearest, halves up, and cut
to 0 .. 255.
"""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
LUMA = np.array([299, 587, 114])  # of red, green and blue, in thousandths: ITU-R BT.601
MIDDLE = 128  # the grey around which contrast turns
GAIN = 0.3  # of a channel, at the end of temperature's and tint's range


def rounded(values: NDArray[np.floating]) -> Pixels:
    """The nearest stored values, halves up, cut to 0 .. 255."""
    cut: Pixels = np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)
    return cut


def luma(image: Pixels) -> Pixels:
    """Grey (H, W) of pixels (H, W, 3): 0.299 red, 0.587 green, 0.114 blue, rounded.

    The weights of ITU-R BT.601, on stored values, nearly as Pillow's mode "L" has them;
    LUMA has them in thousandths. Count in whole numbers, so that they sum to 1 exactly
    and a grey pixel keeps its value. To the nearest, halves up. image, result: uint8.
    """
    mixed = image.astype(np.int64) @ LUMA
    grey: Pixels = ((mixed + 500) // 1000).astype(np.uint8)
    return grey


def grayscale(image: Pixels) -> Pixels:
    """Black and white: all three channels become the pixel's `luma`."""
    return np.repeat(luma(image)[..., None], 3, axis=-1)


def brightness(image: Pixels, amount: float) -> Pixels:
    """Stored values times 1 + amount / 100. amount: -100 (black) to 100."""
    return rounded(image * (1 + amount / 100))


def exposure(image: Pixels, stops: float) -> Pixels:
    """Light times 2 ** stops, as a camera that stays open longer.

    Stored values become light (`to_light`) and then stored values again (`to_stored`).
    image, result: (H, W, 3), uint8; stops: -3 to 3.
    """
    values = np.arange(256, dtype=np.uint8)  # a rule for one value is a table of 256
    table = to_stored(to_light(values) * 2.0**stops)
    return table[image]


def contrast(image: Pixels, amount: float) -> Pixels:
    """Differences from the middle grey, MIDDLE, times 1 + amount / 100.

    image, result: (H, W, 3), uint8, `rounded`; amount: -100 (all grey) to 100.
    """
    return rounded(MIDDLE + (image - float(MIDDLE)) * (1 + amount / 100))


def saturation(image: Pixels, amount: float) -> Pixels:
    """Differences from the pixel's `luma` times 1 + amount / 100.

    image, result: (H, W, 3), uint8, `rounded`; amount: -100 (as `grayscale`) to 100.
    A grey pixel keeps its value.
    """
    grey = luma(image)[..., None].astype(float)
    return rounded(grey + (image - grey) * (1 + amount / 100))


def temperature(image: Pixels, amount: float) -> Pixels:
    """Warmer or colder: red up and blue down by 0.3 * amount / 100 of themselves.

    amount: -100 (cold) to 100 (warm).
    """
    gain = GAIN * amount / 100
    return rounded(image * np.array([1 + gain, 1, 1 - gain]))


def tint(image: Pixels, amount: float) -> Pixels:
    """Towards green or magenta: green down by 0.3 * amount / 100 of itself.

    amount: -100 (green) to 100 (magenta).
    """
    return rounded(image * np.array([1, 1 - GAIN * amount / 100, 1]))


def invert(image: Pixels) -> Pixels:
    """A negative: 255 minus the stored value."""
    return 255 - image


def to_light(image: Pixels) -> NDArray[np.float64]:
    """Stored values as light in [0, 1]: the transfer function of IEC 61966-2-1, sRGB.

    Below 0.04045 a straight line of slope 1 / 12.92, then ((v + 0.055) / 1.055) ** 2.4.
    """
    v = image / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def to_stored(light: NDArray[np.float64]) -> Pixels:
    """Light as stored values: the inverse of `to_light`, rounded and cut."""
    light = np.clip(light, 0, 1)
    curve = 1.055 * light ** (1 / 2.4) - 0.055
    return rounded(255 * np.where(light <= 0.0031308, 12.92 * light, curve))
