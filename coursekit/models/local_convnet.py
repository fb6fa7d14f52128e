"""A convolutional network that sees exactly as far as its kernels reach.

The U-Net's group normalisation averages over the whole picture, so a little of
everything is known everywhere. Here every position is normalised by itself, nothing
shrinks the picture and nobody attends: the receptive field is what one counts.
"""

from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn
from torch.nn.functional import (
    layer_norm,
    pixel_shuffle,
    pixel_unshuffle,
    silu,
)

from coursekit.models.layers import TimeEmbedding, zero_init
from coursekit.models.unet import ResBlock, UNetConfig


@dataclass(frozen=True)
class LocalConfig:
    """The shape of a `LocalNet`: it sees patch (3 + 4 blocks) pixels on each axis."""

    channels: int = 3
    width: int = 64
    blocks: int = 2
    patch: int = 2  # fold patch x patch pixels into channels first
    time_dim: int = 64
    time_width: int = 64


class PositionNorm(nn.Module):
    """A layer norm over the channels of each position, with gains and shifts."""

    def __init__(self, channels: int) -> None:
        """Start with gains of 1."""
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, C, H, W). Returns the same shape."""
        n = self.norm
        y = layer_norm(x.movedim(1, -1), n.normalized_shape, n.weight, n.bias, n.eps)
        return y.movedim(-1, 1)


class LocalNet(nn.Module):
    """Pictures and a time in, pictures of the same shape out; zero at the start."""

    def __init__(self, config: LocalConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config = config
        width, folded = config.width, config.channels * config.patch**2
        self.time = TimeEmbedding(config.time_dim, config.time_width)
        self.stem = nn.Conv2d(folded, width, 3, padding=1)
        shape = UNetConfig(groups=1, time_width=config.time_width)
        self.blocks = nn.ModuleList(
            localised(ResBlock(width, width, shape)) for _ in range(config.blocks)
        )
        self.norm = PositionNorm(width)
        self.out = zero_init(nn.Conv2d(width, folded, 1))

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """xt: (B, C, H, W), sides multiples of patch; t: (B,) or () in [0, 1].

        Raises ValueError when it is given a condition: it takes none.
        """
        if cond is not None:
            raise ValueError("this network takes no condition: call it without cond")
        emb = silu(self.time(t.expand(len(xt)).to(xt.dtype)))
        h = self.stem(pixel_unshuffle(xt, self.config.patch))
        for block in self.blocks:
            h = block(h, emb)
        return pixel_shuffle(self.out(silu(self.norm(h))), self.config.patch)


def localised(block: ResBlock) -> ResBlock:
    """The block with norms that do not look beyond their own position."""
    for name in ("norm1", "norm2"):
        channels = cast(nn.GroupNorm, getattr(block, name)).num_channels
        setattr(block, name, PositionNorm(channels))
    return block
