"""What happens to marked pictures while a watermark is learnt: attacks with gradients.

Each takes pictures (B, 3, H, W) in [-1, 1] and gives pictures of the same size, as a
decoder sees them; `rng` says how strong the attack is.
"""

import io
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from coursekit.datasets.images import to_model, to_uint8
from coursekit.models.watermark import straight_through

Rng = np.random.Generator


def resized(x: Tensor, rng: Rng) -> Tensor:
    """To between half and one and a half of its size, and back; both with averaging."""
    side = int(rng.integers(x.shape[-1] // 2, x.shape[-1] * 3 // 2 + 1))
    return _to(_to(x, side), x.shape[-1])


def cropped(x: Tensor, rng: Rng) -> Tensor:
    """A square of 7/10 of the side or more, magnified to the old size."""
    side = x.shape[-1]
    part = int(rng.integers(side * 7 // 10, side + 1))
    top, left = rng.integers(0, side - part + 1, 2)
    return _to(x[..., top : top + part, left : left + part], side)


def blurred(x: Tensor, rng: Rng) -> Tensor:
    """Blurred by a Gaussian of half a pixel to 1.2 pixels."""
    places = torch.arange(-3, 4, device=x.device)
    bell = torch.exp(-(places**2) / (2 * rng.uniform(0.5, 1.2) ** 2))
    bell = (bell / bell.sum()).expand(3, 1, 1, 7)
    x = conv2d(pad(x, (3, 3, 0, 0), "replicate"), bell, groups=3)
    return conv2d(pad(x, (0, 0, 3, 3), "replicate"), bell.mT, groups=3)


def noisy(x: Tensor, rng: Rng) -> Tensor:
    """With normal noise, up to 6 of 255."""
    eps = torch.from_numpy(rng.standard_normal(x.shape, np.float32))
    return x + rng.uniform(0, 0.05) * eps.to(x.device)


def brighter(x: Tensor, rng: Rng) -> Tensor:
    """Brighter or darker, with more or less contrast, by up to a fifth."""
    return (x * rng.uniform(0.8, 1.2) + rng.uniform(-0.2, 0.2)).clamp(-1, 1)


def as_jpeg(x: Tensor, rng: Rng) -> Tensor:
    """Through a real JPEG file of quality 50 to 95; its gradient is that of nothing."""
    quality, seen = int(rng.integers(50, 96)), []
    for picture in to_uint8(x):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
        seen.append(np.asarray(Image.open(buffer)))
    return straight_through(x, to_model(np.stack(seen)).to(x.device))


def as_bytes(x: Tensor, rng: Rng) -> Tensor:
    """Rounded to bytes, as in any file; the gradient of the rounding is left out."""
    return straight_through(x, to_model(to_uint8(x)).to(x.device))


ON_THE_WAY: tuple[Callable[[Tensor, Rng], Tensor], ...] = (
    as_bytes, resized, cropped, blurred, noisy, brighter, as_jpeg, as_jpeg
)  # fmt: skip


def attacked(x: Tensor, seed: int) -> Tensor:
    """Rounded pictures, the b-th of them after attack number b mod 8."""
    rng = np.random.default_rng(seed)
    x = as_bytes(x, rng)
    found, count = torch.empty_like(x), len(ON_THE_WAY)
    for i, attack in enumerate(ON_THE_WAY[: len(x)]):
        found[i::count] = attack(x[i::count], rng)
    return found


def _to(x: Tensor, side: int) -> Tensor:
    return interpolate(
        x, (side, side), mode="bilinear", align_corners=False, antialias=True
    )
