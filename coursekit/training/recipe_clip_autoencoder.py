"""Recipes that learn a latent space of clips, grown on one of pictures."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.evaluation.rebuilt_clips import (
    clip_figures,
    held_out_clips,
    rebuilt,
    to_clip,
)
from coursekit.evaluation.sampling import image_grid
from coursekit.models.video_autoencoder import VideoAutoencoder
from coursekit.theory.vae import kl_to_normal
from coursekit.training.data import batch_indices, seed_of
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Recipe
from coursekit.training.warm_start import start_from, start_line

MOVED = 0.2  # a pixel in [-1, 1] that is further than this from its clip's median moves


@dataclass(frozen=True)
class ClipAutoencoderRecipe(Recipe):
    """Rebuild clips: the latents of their pictures, and what is seen.

    Both at once: latents alone would not say which of them are seen. moving: how much
    more a moving pixel counts than one that stands. Without it the loss does not see
    who walks past: he covers few pixels.
    """

    mantissa = 4

    size: int = 32
    frames: int = 17
    beta: float = 0.01
    moving: float = 8.0
    start: str = ""  # the recipe of the pictures' autoencoder; "" for none
    seed: int = 0

    def load(self, limit: int) -> Data:
        """Train clips, uint8 (N, T, H, W, 3), half of them with a pedestrian."""
        clips = sample_clips(limit, self.seed, self.frames, walkers=0.5)
        text = f"{limit} clips of {self.frames} frames, {self.size} px"
        x = torch.from_numpy(draw_clips(clips, self.frames, self.size))
        return Data(x, text + start_line(self.start))

    def build(self, config: Any) -> nn.Module:
        """The autoencoder of clips, with that of pictures inside."""
        return build(config)

    def begin(self, model: nn.Module) -> nn.Module:
        """The pictures' part is `start`, whose encoder stays as it is."""
        picture = cast(VideoAutoencoder, model).picture
        start_from(picture, self.start)
        if self.start:
            picture.down.requires_grad_(False)
        return model

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Clips (B, 3, T, H, W), and noise for the latents."""
        x0 = to_clip(data.x[batch_indices(len(data.x), size, self.seed, step)])
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        eps = torch.randn(size, x0[0].numel(), generator=generator)
        return x0, eps

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Squared errors of latents and of pixels, and a little KL."""
        x0, noise = batch
        net = cast(VideoAutoencoder, model)
        shape = net.latent_shape(*x0.shape[2:])
        eps = noise[:, : int(np.prod(shape))].reshape(-1, *shape)
        seen = net.see(x0)
        bells = net.squeeze(seen)
        grown = net.grow(bells.mean + (bells.log_var / 2).exp() * eps)
        kl = self.beta * kl_to_normal(*bells).mean() / eps[0].numel()
        weight = 1 + self.moving * is_moving(x0)
        off = (net.show(grown) - x0).square() * weight
        latents = (grown - seen.detach()).square().mean()
        return cast(Tensor, 10 * off.mean() / weight.mean() + latents + kl)

    def networks(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """The parts, since the loss looks between them."""
        net = cast(VideoAutoencoder, model)
        return net.see, net.shrink, net.grow, net.show

    @torch.no_grad()
    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """The whole, its latents scaled to unit spread on training clips."""
        net = cast(VideoAutoencoder, model).eval()
        net.fit_scale(to_clip(data.x[:128]).to(net.shift.device))
        return net

    @torch.no_grad()
    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Rows in pairs: held-out clips, every other frame, and what comes back."""
        clips, _ = held_out_clips(4 if large else 2, self.frames, self.size)
        back = rebuilt(cast(VideoAutoencoder, model), clips)
        rows = [part[i, ::2] for i in range(len(clips)) for part in (clips, back)]
        return image_grid(np.concatenate(rows), columns=len(rows[0]))

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """How well held-out clips come back, and who walks through them."""
        count = 16 if quick else 128
        return clip_figures(
            cast(VideoAutoencoder, model), count, self.frames, self.size
        )


def is_moving(x: Tensor) -> Tensor:
    """Which pixels of clips (B, 3, T, H, W) are away from their median over time.

    Bool (B, 1, T, H, W): one of the three colours or more is off by more than MOVED,
    which is 0.2, a tenth of the range [-1, 1]. The median is that of each pixel and
    each colour, over all frames: what stands there most of the time.
    """
    still = x.median(dim=2, keepdim=True).values
    return ((x - still).abs() > MOVED).any(dim=1, keepdim=True)
