"""A small MLP for points in the plane: the network of every toy experiment."""

import torch
from torch import Tensor, nn

from coursekit.models.layers import timestep_embedding


class EpsMLP(nn.Module):
    """Points and a time in, one vector per point out, through `depth` hidden layers.

    The name says its first use, estimating the noise; nothing in it depends on that.
    `time=False` drops the time input (the ablation of lecture 1): `forward` still
    takes t, so that samplers need not know, and ignores it.
    """

    def __init__(
        self,
        dim: int = 2,
        width: int = 128,
        depth: int = 3,
        time: bool = True,
        time_dim: int = 64,
        num_classes: int = 0,
    ) -> None:
        """`num_classes` > 0 adds class labels; label `num_classes` is the null one."""
        super().__init__()
        self.time_dim = time_dim if time else 0
        self.num_classes = num_classes
        self.label = nn.Embedding(num_classes + 1, width) if num_classes else None
        self.first = nn.Linear(dim + self.time_dim, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.last = nn.Linear(width, dim)

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """xt: (B, dim); t: (B,) or () in [0, 1]; cond: (B,) long or None (null).

        Returns (B, dim).
        """
        inputs = xt
        if self.time_dim:
            embedded = timestep_embedding(t.expand(len(xt)).to(xt.dtype), self.time_dim)
            inputs = torch.cat([xt, embedded], dim=1)
        h = self.first(inputs)
        if self.label is not None:
            if cond is None:
                cond = torch.full((len(xt),), self.num_classes, device=xt.device)
            h = h + self.label(cond)
        for layer in self.hidden:
            h = layer(nn.functional.silu(h))
        out: Tensor = self.last(nn.functional.silu(h))
        return out
