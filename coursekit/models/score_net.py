"""A small network that answers with a score, at every noise level."""

import math

import torch
from torch import Tensor, nn

from coursekit.models.mlp import EpsMLP
from coursekit.theory.paths import expand_as


class ScoreNet(nn.Module):
    """Points and a noise level in, an estimate of the score out.

    A score grows like 1 / sigma as the noise gets small. The network is spared that:
    its output is divided by sigma, as Song & Ermon (2020, improved techniques) propose,
    so that the part it has to learn stays of size one. Its input is scaled likewise.
    """

    def __init__(
        self,
        dim: int = 2,
        width: int = 128,
        depth: int = 3,
        sigma_min: float = 0.01,
        sigma_max: float = 10.0,
    ) -> None:
        """sigma_min, sigma_max: the range of noise levels it will be asked about."""
        super().__init__()
        self.lowest, self.highest = math.log(sigma_min), math.log(sigma_max)
        self.net = EpsMLP(dim, width, depth)

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        """x: (B, dim), data plus noise; sigma: (B,) or (), its level. -> (B, dim)."""
        sigma = sigma.to(x.dtype).expand(len(x))
        t = (sigma.log() - self.lowest) / (self.highest - self.lowest)
        scaled = x / expand_as((1 + sigma**2).sqrt(), x)
        out: Tensor = self.net(scaled, t.clamp(0, 1)) / expand_as(sigma, x)
        return out


def sigma_ladder(sigma_max: float, sigma_min: float, levels: int) -> Tensor:
    """Noise levels from large to small in equal ratios, (levels,), float64.

    The levels of noise-conditional score networks (Song & Ermon 2019).
    """
    ends = math.log(sigma_max), math.log(sigma_min)
    return torch.linspace(*ends, levels, dtype=torch.float64).exp()
