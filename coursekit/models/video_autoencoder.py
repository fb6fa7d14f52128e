"""A causal autoencoder of clips: 1 + 4 k frames to 1 + k latents, and back.

The first frame is a picture of its own, and so a picture is a clip of one frame; every
four frames that follow share one latent. No latent has seen a later frame, so a clip
can be encoded and decoded while it comes (Wan team 2025, section 4.1).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from coursekit.models.autoencoder import Autoencoder as PictureAutoencoder
from coursekit.models.autoencoder import AutoencoderConfig, Bells
from coursekit.models.causal_video import (
    CausalBlock,
    CausalConv3d,
    Chain,
    Double,
    Frames,
    Halve,
    Memory,
)
from coursekit.theory.vae import reparameterize

STRIDE = 4  # frames that share a latent, the first frame apart


@dataclass(frozen=True)
class VideoAutoencoderConfig:
    """The shape: an autoencoder of pictures, and what goes on in time behind it."""

    picture: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    latent: int = 16  # channels of the latents of a clip
    width: int = 64  # of the layers that look through time
    norm: str = "none"  # see causal_video.NORMS

    @property
    def factor(self) -> int:
        """How many times smaller each side of a latent is."""
        return self.picture.factor


def latent_count(frames: int) -> int:
    """1 + T frames have 1 + T / 4 latents: 1, 2, 3, 5, 21 for T = 0, 4, 8, 16, 80.

    frames: 1 + T. Raises ValueError when T is no multiple of 4.
    """
    if frames < 1 or (frames - 1) % STRIDE:
        near = 1 + max(0, frames - 1) // STRIDE * STRIDE
        raise ValueError(
            f"{frames} frames: use 1 + {STRIDE} k of them, such as {near} or "
            f"{near + STRIDE} (fit_length repeats the last one)"
        )
    return 1 + (frames - 1) // STRIDE


def fit_length(x: Tensor) -> tuple[Tensor, int]:
    """A clip (B, C, T, H, W) of 1 + STRIDE k frames, and how many were added.

    The last frame is repeated, 0 to STRIDE - 1 times (STRIDE = 4), so that the clip
    has a length that `latent_count` accepts.
    """
    added = -(x.shape[2] - 1) % STRIDE
    return torch.cat([x, x[:, :, -1:].expand(-1, -1, added, -1, -1)], dim=2), added


class VideoAutoencoder(nn.Module):
    """Pictures shrink frame by frame, then a causal net shrinks time; and back."""

    shift: Tensor
    scale: Tensor

    def __init__(self, config: VideoAutoencoderConfig) -> None:
        """Fresh weights from torch's global generator; latents not yet scaled."""
        super().__init__()
        self.config = config
        self.picture = PictureAutoencoder(config.picture)
        width, latent, inner = config.width, config.latent, config.picture.latent
        block = CausalBlock
        self.shrink = Chain(
            [
                CausalConv3d(inner, width),
                Halve(width, width),
                block(width, config.norm),
                Halve(width, width),
                block(width, config.norm),
                CausalConv3d(width, 2 * latent),
            ]
        )
        self.grow = Chain(
            [
                CausalConv3d(latent, width),
                block(width, config.norm),
                Double(width, width),
                block(width, config.norm),
                Double(width, width),
                CausalConv3d(width, inner),
            ]
        )
        self.register_buffer("shift", torch.zeros(latent, 1, 1, 1))
        self.register_buffer("scale", torch.ones(latent, 1, 1, 1))
        self.see, self.show = Frames(Seen(self.picture)), Frames(Shown(self.picture))

    def to(self, *args: Any, **options: Any) -> "VideoAutoencoder":
        """As for any module; "channels last" is for weights with four axes only."""
        options.pop("memory_format", None)
        return super().to(*args, **options) if args or options else self

    def bells(self, x: Tensor, memory: Memory | None = None) -> Bells:
        """x: (B, 3, T, H, W) in [-1, 1], with a memory a chunk. log_var in [-30, 20].

        Raises ValueError when T is not 1 + 4 k (a later chunk: 4 k).
        """
        latent_count(x.shape[2] + (memory is not None and bool(memory.frames)))
        return self.squeeze(self.see(x), memory)

    def squeeze(self, seen: Tensor, memory: Memory | None = None) -> Bells:
        """The latents of pictures (B, l, T, h, w) to what is said of the clip's."""
        mean, log_var = self.shrink(seen, memory).chunk(2, dim=1)
        return Bells(mean, log_var.clamp(-30.0, 20.0))

    def rebuild(self, z: Tensor, memory: Memory | None = None) -> Tensor:
        """Unscaled draws (B, L, 1 + k, h, w) to a clip (B, 3, 1 + 4 k, H, W)."""
        return cast(Tensor, self.show(self.grow(z, memory)))

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        """Through the bottleneck and back; eps: standard normal like the means."""
        bells = self.bells(x)
        z = bells.mean if eps is None else reparameterize(*bells, eps)
        return self.rebuild(z), bells

    def encode(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """Latents: the means, shifted and scaled to unit spread."""
        return (self.bells(x, memory).mean - self.shift) / self.scale

    def decode(self, z0: Tensor, memory: Memory | None = None) -> Tensor:
        """Clips of latents: `encode` backwards, as far as the bottleneck allows."""
        return self.rebuild(z0 * self.scale + self.shift, memory)

    def latent_shape(self, frames: int, height: int, width: int) -> tuple[int, ...]:
        """(L, 1 + k, h, w) of a clip's latents."""
        f = self.config.factor
        return self.config.latent, latent_count(frames), height // f, width // f

    @torch.no_grad()
    def fit_scale(self, x: Tensor) -> None:
        """Measure shift and scale of each latent channel on clips (N, 3, T, H, W)."""
        parts = [self.bells(x[i : i + 16]).mean for i in range(0, len(x), 16)]
        mean = torch.cat(parts)
        self.shift.copy_(mean.mean((0, 2, 3, 4))[:, None, None, None])
        spread = mean.std((0, 2, 3, 4)).clamp(min=1e-4)
        self.scale.copy_(spread[:, None, None, None])


class Seen(nn.Module):
    """The latents of pictures, by an autoencoder whose weights count elsewhere."""

    def __init__(self, picture: PictureAutoencoder) -> None:
        """picture: whose encoder it is."""
        super().__init__()
        self.__dict__["picture"] = picture

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, l, h, w)."""
        return cast(PictureAutoencoder, self.__dict__["picture"]).encode(x)


class Shown(Seen):
    """The way back."""

    def forward(self, z: Tensor) -> Tensor:
        """(N, l, h, w) to (N, 3, H, W)."""
        return cast(PictureAutoencoder, self.__dict__["picture"]).decode(z)


def in_chunks(x: Tensor, sizes: Iterable[int]) -> Iterator[Tensor]:
    """A clip (B, C, T, H, W) in pieces of so many frames, until it is used up."""
    begin = 0
    for size in sizes:
        if begin < x.shape[2]:
            yield x[:, :, begin : begin + size]
        begin += size


@torch.no_grad()
def encode_stream(
    model: VideoAutoencoder, chunks: Iterable[Tensor]
) -> Iterator[Tensor]:
    """Latents of a clip that comes in chunks, chunk by chunk (a generator).

    The first chunk has 1 + 4 k frames, such as 1, later ones multiples of 4. Each is
    answered before the next one is asked for. Nothing is kept of what has gone but a
    `Memory` of the last frames of each layer, and no gradients, so memory does not
    grow with the clip. Joined, the latents equal `encode` of the whole.
    """
    memory = Memory()
    for chunk in chunks:
        yield model.encode(chunk, memory)


@torch.no_grad()
def decode_stream(
    model: VideoAutoencoder, latents: Iterable[Tensor]
) -> Iterator[Tensor]:
    """The frames of latents that come in chunks: the first 1, any numbers later."""
    memory = Memory()
    for chunk in latents:
        yield model.decode(chunk, memory)
