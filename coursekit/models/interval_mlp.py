"""A small MLP for points in the plane that is told two times, not one."""

import torch
from torch import Tensor, nn

from coursekit.models.layers import timestep_embedding


class IntervalMLP(nn.Module):
    """Points and an interval in, one vector per point out: u(x, r, t).

    It is told t and the gap t - r, each as sinusoids, as MeanFlow's network is; the
    hidden layers are those of `EpsMLP`. The slope of a sinusoid is its frequency, and
    MeanFlow asks for slopes: the fastest turns `turns` times while a time goes from 0
    to 1.
    """

    def __init__(
        self,
        dim: int = 2,
        width: int = 128,
        depth: int = 3,
        time_dim: int = 64,
        turns: float = 0.5,
    ) -> None:
        """`depth` hidden layers of `width` numbers."""
        super().__init__()
        self.time_dim = time_dim
        self.scale = turns * 2 * torch.pi / 1000  # `timestep_embedding` takes 1000 t
        self.first = nn.Linear(dim + 2 * time_dim, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.last = nn.Linear(width, dim)

    def forward(self, xt: Tensor, r: Tensor, t: Tensor) -> Tensor:
        """xt: (B, dim); r, t: (B,) in [0, 1], r <= t. Returns (B, dim)."""
        told = [timestep_embedding(self.scale * s, self.time_dim) for s in (t, t - r)]
        h = self.first(torch.cat([xt, *told], dim=1))
        for layer in self.hidden:
            h = layer(nn.functional.silu(h))
        out: Tensor = self.last(nn.functional.silu(h))
        return out
