"""ViT (Dosovitskiy et al. 2021): a transformer that reads pictures.

Patches become tokens; one more token, [CLS], stands for nothing and collects everything
that the rest knows.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.patches import PatchEmbedding
from coursekit.models.transformer import Block


@dataclass(frozen=True)
class ViTConfig:
    """The shape of a ViT."""

    channels: int = 3
    size: int = 32
    patch: int = 4
    width: int = 128
    depth: int = 4
    heads: int = 4

    @property
    def tokens(self) -> int:
        """How many patches a picture has."""
        return (self.size // self.patch) ** 2


class ViT(nn.Module):
    """Pictures (B, C, H, W) to one vector each, (B, width): that of [CLS]."""

    def __init__(self, config: ViTConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config = config
        self.embed = PatchEmbedding(config.channels, config.patch, config.width)
        self.cls = nn.Parameter(torch.zeros(config.width))
        self.position = nn.Parameter(torch.empty(1 + config.tokens, config.width))
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width)
        nn.init.normal_(self.position, std=0.02)

    def tokens(self, x: Tensor) -> Tensor:
        """All tokens after the last block, normalised: (B, 1 + T, width), [CLS] first.

        x: (B, C, H, W). `self.embed` makes T patch tokens; `self.cls` goes in front of
        them, the same for every picture; `self.position` is added to all 1 + T; then
        come the `self.blocks`, one after the other, and `self.norm` (Dosovitskiy et al.
        2021, eqs. 1 to 4).
        """
        patches = self.embed(x)
        cls = self.cls.expand(len(x), 1, -1)
        z = torch.cat([cls, patches], dim=1) + self.position
        for block in self.blocks:
            z = block(z)
        return cast(Tensor, self.norm(z))

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, C, H, W) in [-1, 1]. Returns (B, width)."""
        return self.tokens(x)[:, 0]
