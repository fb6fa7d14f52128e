"""Layers that several networks share: the time embedding and zero initialisation."""

import math
from typing import TypeVar

import torch
from torch import Tensor, nn

Layer = TypeVar("Layer", bound=nn.Module)


def timestep_embedding(t: Tensor, dim: int) -> Tensor:
    """Sinusoids of the time t at dim/2 frequencies, the cosines first (Vaswani 2017).

    Angles are 1000 t f_i with f_i = 10000^(-i / (dim/2)), i = 0..dim/2-1: t in [0, 1]
    is stretched to the range of the integer steps k of DDPM, where the formula comes
    from, so that neighbouring times differ visibly in the fast frequencies.

    t: (B,) float. Returns (B, dim) in t's dtype: cos of all angles, then sin.
    Raises ValueError when dim is odd.
    """
    if dim % 2:
        raise ValueError(f"dim must be even (one cosine and one sine each), not {dim}")
    half = dim // 2
    exponent = torch.arange(half, dtype=t.dtype, device=t.device) / half  # (dim/2,)
    frequency = torch.exp(-math.log(10_000.0) * exponent)
    angle = 1000.0 * t[:, None] * frequency[None, :]  # (B, dim/2)
    return torch.cat([angle.cos(), angle.sin()], dim=1)


class TimeEmbedding(nn.Module):
    """t: (B,) -> (B, width): sinusoids, then a two-layer MLP (Ho et al. 2020)."""

    def __init__(self, dim: int, width: int) -> None:
        """Take `dim` sinusoids to `width` features."""
        super().__init__()
        self.dim = dim
        self.mlp = nn.Sequential(
            nn.Linear(dim, width), nn.SiLU(), nn.Linear(width, width)
        )

    def forward(self, t: Tensor) -> Tensor:
        """t: (B,) in [0, 1]. Returns (B, width)."""
        embedded: Tensor = self.mlp(timestep_embedding(t, self.dim))
        return embedded


def zero_init(layer: Layer) -> Layer:
    """Set every parameter of `layer` to zero and return it.

    The last layer of a residual branch starts at zero, so the branch starts as the
    identity and the network as a shallow one; depth is switched on by training.
    """
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
