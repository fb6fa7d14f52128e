"""Does an edit know where a pixel is? A test that needs no look inside."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coursekit.editing.colour import Pixels


def knows_no_place(
    edit: Callable[[Pixels], Pixels], image: Pixels, order: NDArray[np.int64]
) -> bool:
    """Whether to shuffle and then edit is to edit and then shuffle, to the bit.

    edit: from pixels (H, W, 3) to pixels; it may write on what it is handed, so hand it
    a copy. order: (H * W,), a permutation: the shuffled picture's pixel n, row by row,
    is the old pixel order[n]. An edit that changes the size does know.
    """

    def shuffled(pixels: Pixels) -> Pixels:
        return pixels.reshape(-1, 3)[order].reshape(pixels.shape)

    edited = edit(image.copy())
    if edited.shape != image.shape:
        return False
    return bool((edit(shuffled(image)) == shuffled(edited)).all())
