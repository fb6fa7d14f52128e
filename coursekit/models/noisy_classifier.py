"""A classifier that knows noise: what is in this picture, at this noise level?"""

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from coursekit.models.layers import TimeEmbedding
from coursekit.models.unet import ResBlock, UNetConfig


@dataclass(frozen=True)
class ClassifierConfig:
    """The shape of a noisy classifier."""

    channels: int = 1
    num_classes: int = 10
    widths: tuple[int, ...] = (24, 48, 96)
    time_width: int = 64


class NoisyClassifier(nn.Module):
    """The way down of a U-Net, then a mean over places and one linear map."""

    def __init__(self, config: ClassifierConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config = config
        block = UNetConfig(
            config.channels, config.widths, time_width=config.time_width, heads=0
        )
        self.time = TimeEmbedding(64, config.time_width)
        widths = (config.channels, *config.widths)
        self.shrink = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(widths)
        )
        self.blocks = nn.ModuleList(ResBlock(w, w, block) for w in config.widths)
        self.out = nn.Linear(config.widths[-1], config.num_classes)

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        """xt: (B, C, H, W); t: (B,) in [0, 1]. Returns logits (B, num_classes)."""
        emb = silu(self.time(t.expand(len(xt)).to(xt.dtype)))
        h = xt
        for shrink, block in zip(self.shrink, self.blocks, strict=True):
            h = block(shrink(h), emb)
        return cast(Tensor, self.out(torch.relu(h).mean(dim=(2, 3))))
