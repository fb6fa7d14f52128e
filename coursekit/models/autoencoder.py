"""A convolutional autoencoder: pictures to a small grid of vectors, and back.

The same network is a plain autoencoder or a VAE (`variational`): only the loss and the
draw in between differ. `encode` and `decode` work on *latents*, which are scaled to
unit spread, because a diffusion model expects data about as wide as its noise.
"""

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle, pixel_unshuffle, silu

from coursekit.theory.vae import reparameterize


@dataclass(frozen=True)
class AutoencoderConfig:
    """The shape of an autoencoder. It shrinks each side patch * 2^(levels - 1) fold."""

    channels: int = 3
    widths: tuple[int, ...] = (32, 64)  # one level each, at half the size of the last
    latent: int = 4  # channels of the latent grid
    blocks: int = 1  # residual blocks in each level, down and up
    groups: int = 8  # of the group normalisations; divides every width
    patch: int = 2  # fold pixels into channels first, a cheap start
    variational: bool = True

    @property
    def factor(self) -> int:
        """f: how many times smaller each side of the latent grid is."""
        return int(self.patch * 2 ** (len(self.widths) - 1))

    @property
    def folded(self) -> int:
        """Channels of a picture once its patches are folded into channels."""
        return self.channels * self.patch**2


class Bells(NamedTuple):
    """What the encoder says of each picture: N(mean, exp(log_var)), (B, L, h, w)."""

    mean: Tensor
    log_var: Tensor


class PlainBlock(nn.Module):
    """Two 3x3 convolutions beside a skip: the U-Net's block without a time."""

    def __init__(self, width: int, groups: int) -> None:
        """`width` channels, a multiple of `groups`."""
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) to the same shape."""
        h = self.conv1(silu(self.norm1(x)))
        return cast(Tensor, x + self.conv2(silu(self.norm2(h))))


class Grow(nn.Module):
    """Twice the size: repeat every pixel, then smooth with a convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """`inputs` channels to `outputs`."""
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, 2 H, 2 W)."""
        return cast(Tensor, self.conv(interpolate(x, scale_factor=2.0)))


def encoder(config: AutoencoderConfig) -> nn.Sequential:
    """Folded pictures (B, C patch^2, h0, w0) down to one number for each latent.

    (Two numbers with a VAE: a mean and the logarithm of a variance.)
    """
    widths, groups = config.widths, config.groups
    layers: list[nn.Module] = [nn.Conv2d(config.folded, widths[0], 3, padding=1)]
    for level, width in enumerate(widths):
        if level > 0:
            layers += [nn.Conv2d(widths[level - 1], width, 3, stride=2, padding=1)]
        layers += [PlainBlock(width, groups) for _ in range(config.blocks)]
    layers += [nn.GroupNorm(groups, widths[-1]), nn.SiLU()]
    numbers = 2 * config.latent if config.variational else config.latent
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], numbers, 3, padding=1))


def decoder(config: AutoencoderConfig) -> nn.Sequential:
    """Latents up to folded pictures: the encoder's levels in reverse."""
    widths, groups = config.widths[::-1], config.groups
    layers: list[nn.Module] = [nn.Conv2d(config.latent, widths[0], 3, padding=1)]
    for level, width in enumerate(widths):
        if level > 0:
            layers += [Grow(widths[level - 1], width)]
        layers += [PlainBlock(width, groups) for _ in range(config.blocks)]
    layers += [nn.GroupNorm(groups, widths[-1]), nn.SiLU()]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], config.folded, 3, padding=1))


class Autoencoder(nn.Module):
    """Encoder, bottleneck and decoder."""

    shift: Tensor
    scale: Tensor

    def __init__(self, config: AutoencoderConfig) -> None:
        """Fresh weights from torch's global generator; latents not yet scaled."""
        super().__init__()
        self.config = config
        self.down, self.up = encoder(config), decoder(config)
        self.register_buffer("shift", torch.zeros(config.latent, 1, 1))
        self.register_buffer("scale", torch.ones(config.latent, 1, 1))

    def bells(self, x: Tensor) -> Bells:
        """x: (B, C, H, W) in [-1, 1], sides multiples of f. log_var is in [-30, 20].

        A plain autoencoder is sure: its log_var is -30.
        """
        h = self.down(pixel_unshuffle(x, self.config.patch))
        if not self.config.variational:
            return Bells(h, torch.full_like(h, -30.0))
        mean, log_var = h.chunk(2, dim=1)
        return Bells(mean, log_var.clamp(-30.0, 20.0))

    def rebuild(self, z: Tensor) -> Tensor:
        """The decoder, on unscaled draws z: (B, L, h, w) to (B, C, H, W)."""
        return pixel_shuffle(self.up(z), self.config.patch)

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        """Through the bottleneck and back: `bells`, one draw from them, `rebuild`.

        x: (B, C, H, W); eps: standard normal, shaped like the means, (B, L, h, w), and
        handed to `reparameterize`; with None the draw is the mean itself. Returns the
        rebuilt pictures, like x, and the bells: mean and log_var, as any pair.
        """
        bells = self.bells(x)
        z = bells.mean if eps is None else reparameterize(*bells, eps)
        return self.rebuild(z), bells

    def encode(self, x: Tensor) -> Tensor:
        """Latents of pictures: the means, shifted and scaled to unit spread."""
        return (self.bells(x).mean - self.shift) / self.scale

    def decode(self, z0: Tensor) -> Tensor:
        """Pictures of latents: `encode` backwards, as far as the bottleneck allows."""
        return self.rebuild(z0 * self.scale + self.shift)

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """(L, h, w) of a picture's latent."""
        f = self.config.factor
        return self.config.latent, height // f, width // f

    @torch.no_grad()
    def fit_scale(self, x: Tensor) -> None:
        """Measure shift and scale of each latent channel on pictures (N, C, H, W)."""
        parts = [self.bells(x[i : i + 256]).mean for i in range(0, len(x), 256)]
        mean = torch.cat(parts)
        self.shift.copy_(mean.mean((0, 2, 3))[:, None, None])
        # a channel that the KL term has silenced has no spread: leave it that small
        self.scale.copy_(mean.std((0, 2, 3)).clamp(min=1e-4)[:, None, None])
