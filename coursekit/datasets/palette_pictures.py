"""Pictures of few colours as rows of tokens: each pixel is the number of a colour."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def palette_of(images: NDArray[np.uint8], colours: int) -> Tensor:
    """So many colours for the pixels of pictures (N, H, W, 3), uint8, with Pillow.

    First those that span the most of all colours, then 20 rounds of k-means. Returns
    (colours, 3) uint8, from dark to bright.
    """
    from PIL import Image

    pixels = Image.fromarray(images.reshape(1, -1, 3))
    few = pixels.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=20).getpalette()
    found = torch.tensor(few)[: 3 * colours].view(-1, 3)
    return found[found.sum(1).argsort()].to(torch.uint8)


def to_tokens(images: Tensor, palette: Tensor) -> Tensor:
    """Each pixel's nearest colour, row by row from the top left.

    The nearest is that of the smallest squared distance in red, green and blue.
    images: (N, H, W, 3) uint8; palette: (C, 3) uint8. Returns (N, H * W) int64.
    """
    pixels = images.flatten(1, 2).long().unsqueeze(2)  # (N, H * W, 1, 3)
    far = (pixels - palette.long()).square().sum(-1)
    return far.argmin(-1)


def to_pictures(tokens: Tensor, palette: Tensor) -> NDArray[np.uint8]:
    """Square pictures (N, side, side, 3) of tokens (N, side * side).

    A token beyond the palette, such as a mask, is grey.
    """
    side = round(tokens.shape[1] ** 0.5)
    colours = torch.cat([palette, torch.full((1, 3), 128, dtype=torch.uint8)])
    found = colours[tokens.clamp(max=len(palette))].view(-1, side, side, 3)
    return np.ascontiguousarray(found.numpy())
