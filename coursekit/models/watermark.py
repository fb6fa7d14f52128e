"""A watermark that two networks learn: one hides bits in a picture, one hears them.

An encoder and a decoder trained together, with attacks between them, are HiDDeN (Zhu et
al. 2018). What differs here: no picture loss (Stable Signature's
`hidden/` gives it a weight of 0 by default) and no critic; instead the change is
bounded, which bounds the PSNR.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, gelu, interpolate, pixel_shuffle

SIDE, CELL, PLACES = 64, 4, 8  # of a picture, of what becomes one place, of the bits


@dataclass(frozen=True)
class WatermarkConfig:
    """The shape of a watermark."""

    bits: int = 32
    width: int = 64
    planes: int = 16  # on which the bits are spread, PLACES x PLACES each
    quiet: float = 0.034  # the largest change of a value, in a range of 2


def bounded(x: Tensor, raw: Tensor, scale: Tensor) -> Tensor:
    """Pictures with a change that is nowhere larger than `scale`.

    x: (B, 3, H, W) in [-1, 1]; raw: like x, any numbers; scale: (B,), the largest
    change of each picture. The change is scale * tanh(raw), and what leaves [-1, 1] is
    cut off. Without rounding the PSNR is at least 20 log10(2 / scale) dB, since pixels
    lie in a range of 2.
    """
    change = scale[:, None, None, None] * torch.tanh(raw)
    return (x + change).clamp(-1, 1)


class Watermark(nn.Module):
    """Encoder and decoder for pictures of SIDE x SIDE."""

    def __init__(self, config: WatermarkConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config, width, values = config, config.width, 3 * CELL**2
        self.spread = nn.Linear(config.bits, config.planes * PLACES**2, bias=False)
        self.look = nn.Conv2d(values + config.planes, width, 3, padding=1)
        self.mix = nn.Conv2d(width, width, 3, padding=1)
        self.paint = nn.Conv2d(width + config.planes, values, 1)
        self.hear = nn.Sequential(
            nn.Conv2d(3, width // 2, 4, 2, 1),
            nn.GELU(),
            nn.Conv2d(width // 2, width, 4, 2, 1),
            nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.GELU(),
        )
        self.tell = nn.Linear(width * 16, config.bits)

    def hide(self, x: Tensor, bits: Tensor, scale: Tensor | None = None) -> Tensor:
        """Pictures (B, 3, SIDE, SIDE) in [-1, 1] that carry bits (B, n), 0 or 1.

        scale: (B,), see `bounded`; None: as quiet as the config says.
        """
        scale = torch.full((len(x),), self.config.quiet) if scale is None else scale
        planes = self.spread(2 * bits - 1).unflatten(1, (-1, PLACES, PLACES))
        planes = interpolate(planes, x.shape[-1] // CELL, mode="nearest")
        cells = nn.functional.pixel_unshuffle(x, CELL)
        seen = gelu(self.look(torch.cat([cells, planes], dim=1)))
        seen = gelu(self.mix(seen))
        raw = self.paint(torch.cat([seen, planes], dim=1))
        return bounded(x, pixel_shuffle(raw, CELL), scale)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, n) of the bits that pictures (B, 3, SIDE, SIDE) carry."""
        heard = adaptive_avg_pool2d(self.hear(x), 4)
        return cast(Tensor, self.tell(heard.flatten(1)))


def straight_through(x: Tensor, changed: Tensor) -> Tensor:
    """`changed` on the way forward, `x` on the way back.

    x: any floats; changed: like x, made from it by something that has no useful
    derivative, such as rounding or a JPEG file. The gradient of the result with respect
    to x is 1, and `changed` gets none. Stable Signature's `hidden/` trains with JPEG
    files that way.
    """
    return x + (changed - x).detach()


def bit_accuracy(logits: Tensor, bits: Tensor) -> Tensor:
    """The share of right bits of each picture, (B,).

    logits: (B, n), above 0 where the decoder says 1; bits: (B, n), 0 or 1.
    """
    return ((logits > 0) == (bits > 0.5)).float().mean(dim=1)
