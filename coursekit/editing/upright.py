"""A picture that is stored lying: turned upright before anybody looks at it."""

import numpy as np

from coursekit.editing.colour import Pixels

# Where the stored first row and first column are in the upright picture, in TIFF 6.0's
# words for tag 274, Orientation, which Exif took over.
FIRST_ROW_AND_COLUMN = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Stored pixels (H, W, ...) as they are to be seen (TIFF 6.0, tag 274).

    orientation: 1 to 8, as in FIRST_ROW_AND_COLUMN: where the stored first row and
    first column belong. Where rows are left or right, height and width change places.
    Any other number counts as 1. Returns a copy.
    """
    row, column = FIRST_ROW_AND_COLUMN.get(orientation, ("top", "left"))
    if row in ("left", "right"):
        pixels = pixels.swapaxes(0, 1)
    if "bottom" in (row, column):
        pixels = pixels[::-1]
    if "right" in (row, column):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels).copy()
