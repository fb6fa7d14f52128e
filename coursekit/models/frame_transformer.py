"""A transformer over frames that looks back: each has a noise level of its own."""

from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.layers import TimeEmbedding, zero_init
from coursekit.models.token_transformer import TokenBlock, TokenConfig


class FrameTransformer(nn.Module):
    """Noisy frames (B, S, size) and their levels to velocities: one token a frame."""

    def __init__(
        self, size: int = 2, length: int = 20, width: int = 64, depth: int = 3
    ) -> None:
        """size: numbers of a frame; length: places. Fresh weights, velocity 0."""
        super().__init__()
        config = TokenConfig(vocabulary=0, length=length, width=width, depth=depth)
        self.enter = nn.Linear(size, width)
        self.place = nn.Embedding(length, width)
        self.level = TimeEmbedding(width, width)
        self.blocks = nn.ModuleList(TokenBlock(config) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.leave = zero_init(nn.Linear(width, size))

    def forward(
        self,
        x: Tensor,
        levels: Tensor,
        places: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """The velocity of every column, like `x`.

        x: (B, S, size); levels: (B, S), 0 for a clean frame and 1 for noise; places:
        (S,) long, 0, 1, 2, ... without them. mask: (S, S) bool, True where a column may
        look; without it a column sees itself and those before it.
        """
        if places is None:
            places = torch.arange(x.shape[1], device=x.device)
        told = self.level(levels.flatten()).unflatten(0, levels.shape)
        h = self.enter(x) + self.place(places) + told
        for layer, block in enumerate(self.blocks):
            h = block(h, mask, mask is None, None, layer)
        return cast(Tensor, self.leave(self.norm(h)))
