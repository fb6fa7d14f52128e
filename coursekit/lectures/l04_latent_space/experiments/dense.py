"""Small autoencoders with one global latent: the whole picture in a few numbers.

A latent *grid*, as diffusion models use it, has no say on what stands where: its cells
are drawn independently. To see what the KL term does to a space, take a latent that is
one vector. The networks are plain MLPs, which a CPU trains in seconds.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from coursekit.experiments.train_toy import descend
from coursekit.models.autoencoder import Bells
from coursekit.theory.vae import reparameterize, vae_loss

RATE = 2e-3


@dataclass(frozen=True)
class DenseConfig:
    """The shape of a dense autoencoder."""

    shape: tuple[int, int, int] = (3, 32, 32)
    width: int = 256
    latent: int = 32
    variational: bool = True


class Dense(nn.Module):
    """Pictures (B, C, H, W) to one bell each, (B, latent), and back."""

    def __init__(self, config: DenseConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config = config
        numbers, width, latent = math.prod(config.shape), config.width, config.latent

        def body(first: int, last: int) -> list[nn.Module]:
            return [
                *(nn.Linear(first, width), nn.SiLU()),
                *(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, last)),
            ]

        told = 2 * latent if config.variational else latent
        self.down = nn.Sequential(nn.Flatten(), *body(numbers, told))
        unflatten = nn.Unflatten(1, config.shape)
        self.up = nn.Sequential(*body(latent, numbers), unflatten)

    def bells(self, x: Tensor) -> Bells:
        """N(mean, exp(log_var)) of each picture; a plain autoencoder is sure."""
        h = self.down(x)
        if not self.config.variational:
            return Bells(h, torch.full_like(h, -30.0))
        mean, log_var = h.chunk(2, dim=1)
        return Bells(mean, log_var.clamp(-30.0, 20.0))

    def rebuild(self, z: Tensor) -> Tensor:
        """The decoder: (B, latent) to pictures."""
        picture: Tensor = self.up(z)
        return picture


def lesson(
    net: Dense,
    pictures: Tensor,
    steps: int,
    beta: float = 1.0,
    noise: float = 0.1,
    batch: int = 128,
    seed: int = 0,
) -> Iterator[float]:
    """Train `net` in place on pictures (N, C, H, W); yield the loss of every step.

    The loss is `vae_loss`; without bells (`variational=False`) there is no KL. The rate
    rises for a tenth of the way.
    """
    shaped = net.config.variational

    def loss(generator: torch.Generator) -> Tensor:
        x = pictures[torch.randint(len(pictures), (batch,), generator=generator)]
        mean, log_var = net.bells(x)
        eps = torch.randn(mean.shape, generator=generator)
        z = reparameterize(mean, log_var, eps) if shaped else mean
        weight = beta if shaped else 0.0
        return vae_loss(x, net.rebuild(z), mean, log_var, weight, noise)

    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE)
    warmup = max(1, steps // 10)
    return descend(net, loss, steps, RATE, seed, warmup, optimiser)
