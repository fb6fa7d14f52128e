"""Smaller pictures: the filter has to reach over all pixels that become one.

Filters made for enlarging look at two to four pixels, however many there are. What lies
between is lost, and fine patterns come out as coarse ones that were never there
(aliasing). Features of such pictures differ by more than those of two models may
(Parmar et al. 2022).
"""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

FILTERS = ("average", "bilinear", "bicubic", "sampled")


def resize(images: Tensor, side: int, how: str = "bilinear") -> Tensor:
    """Pictures (B, C, H, W), floats, resized to (B, C, side, side).

    how: "bilinear" or "bicubic", both widened by the factor of shrinking (antialiased);
    "average" of all that becomes one pixel; or, as a warning, "sampled": bilinear
    between the two nearest pixels whatever the factor. Values do not leave the range of
    the pictures. Raises ValueError for another word or for integers.
    """
    if how not in FILTERS:
        raise ValueError(f"how={how!r}: use one of {', '.join(FILTERS)}")
    if not torch.is_floating_point(images):
        raise ValueError(f"resize floats, not {images.dtype}: to_model(images) first")
    size = (side, side)
    if how == "average":
        return interpolate(images, size, mode="area")
    mode = "bilinear" if how == "sampled" else how
    small = interpolate(
        images, size, mode=mode, align_corners=False, antialias=how != "sampled"
    )
    return small.clamp(float(images.min()), float(images.max()))
