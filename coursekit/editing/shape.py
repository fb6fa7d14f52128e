"""Operations that move or drop pixels, or mix neighbours: harmless they are not."""

import math

import numpy as np
from PIL import Image, ImageFilter

from coursekit.editing.colour import Pixels


def crop_box(
    size: tuple[int, int], left: float, top: float, right: float, bottom: float
) -> tuple[int, int, int, int]:
    """The pixels (x0, y0, x1, y1) that a box of fractions touches, ends excluded.

    size: (width, height); fractions in [0, 1], of the upright picture. The rule is
    outward: the start is rounded down and the end up, so a box is never empty, never
    outside, and (0, 0, 1, 1) is the whole. Raises ValueError, in one line, unless
    0 <= left < right <= 1 and 0 <= top < bottom <= 1.
    """
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError("a crop needs 0 <= left < right <= 1, and so top and bottom")
    width, height = size
    x0, y0 = math.floor(left * width), math.floor(top * height)
    return x0, y0, math.ceil(right * width), math.ceil(bottom * height)


def crop(image: Pixels, left: float, top: float, right: float, bottom: float) -> Pixels:
    """What lies in a box of fractions: see `crop_box`."""
    size = (image.shape[1], image.shape[0])
    x0, y0, x1, y1 = crop_box(size, left, top, right, bottom)
    return image[y0:y1, x0:x1].copy()


def mirror(image: Pixels) -> Pixels:
    """Left and right change places."""
    return image[:, ::-1].copy()


def rotate(image: Pixels, turns: float) -> Pixels:
    """Quarter turns against the clock. turns: a whole number from 0 to 3."""
    return np.rot90(image, int(turns)).copy()


def blur(image: Pixels, radius: float) -> Pixels:
    """Pillow's Gaussian blur. radius: 0 to 20 pixels."""
    soft = Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(soft if radius else image).copy()


def sharpen(image: Pixels, amount: float) -> Pixels:
    """Pillow's unsharp mask of radius 2. amount: 0 to 300 percent."""
    mask = ImageFilter.UnsharpMask(radius=2, percent=int(amount), threshold=0)
    return np.asarray(Image.fromarray(image).filter(mask)).copy()
