"""Many pictures from a trained network, fixed by a seed."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.theory.noise import pixel_noise

# walk(model, starting noise, network evaluations, source of fresh noise) -> pictures
Walk = Callable[[nn.Module, Tensor, int, torch.Generator], Tensor]
BATCH = 100  # pictures sampled at once; part of what a seed means


def sample_images(
    model: nn.Module,
    walk: Walk,
    shape: tuple[int, int, int],
    count: int,
    num_evals: int = 50,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """`count` pictures, uint8 (count, H, W, C), by a recipe's `walk`.

    model: on any device; shape: (C, H, W). The starting noise is drawn on the CPU, so
    every device starts from the same.
    """
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    fresh = torch.Generator(device).manual_seed(seed)
    done: list[Tensor] = []
    while sum(len(part) for part in done) < count:
        start = pixel_noise((BATCH, *shape), generator)
        missing = count - sum(len(part) for part in done)
        done.append(walk(model, start[:missing].to(device), num_evals, fresh).cpu())
    return to_uint8(torch.cat(done))


def image_grid(
    images: NDArray[np.uint8], columns: int = 8, zoom: int = 2, gap: int = 1
) -> NDArray[np.uint8]:
    """Tile uint8 (N, H, W, C) into one picture, each pixel repeated `zoom`-fold.

    Missing tiles and the gaps between tiles are white.
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    tall, wide = height + gap, width + gap
    tiles = np.full((rows * columns, tall, wide, channels), 255, np.uint8)
    tiles[:count, :height, :width] = images
    grid = tiles.reshape(rows, columns, tall, wide, channels).swapaxes(1, 2)
    sheet = grid.reshape(rows * tall, columns * wide, channels)
    return np.asarray(sheet[:-gap, :-gap].repeat(zoom, 0).repeat(zoom, 1))


def webp_bytes(image: NDArray[np.uint8]) -> bytes:
    """One picture (H, W, 1 or 3) as a WebP file, less than half as large as a PNG."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    grey = image.shape[-1] == 1
    picture = Image.fromarray(image[..., 0] if grey else image)
    picture.save(buffer, "WEBP", quality=70, method=6)
    return buffer.getvalue()
