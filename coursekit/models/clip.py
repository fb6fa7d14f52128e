"""CLIP (Radford et al. 2021): pictures and texts in one space."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from coursekit.models.text_encoder import TextConfig, TextEncoder
from coursekit.models.vit import ViT, ViTConfig


@dataclass(frozen=True)
class CLIPConfig:
    """The two towers and the space where they meet."""

    image: ViTConfig
    text: TextConfig
    width: int = 64  # of the common space
    sigmoid: bool = False  # start where the sigmoid loss wants to start (SigLIP)


class CLIP(nn.Module):
    """A ViT and a text encoder, each with a linear map into the common space."""

    def __init__(self, config: CLIPConfig) -> None:
        """Fresh weights; the temperature starts at 0.07 (or 0.1 for the sigmoid)."""
        super().__init__()
        self.config = config
        self.image, self.text = ViT(config.image), TextEncoder(config.text)
        self.from_image = nn.Linear(config.image.width, config.width, bias=False)
        self.from_text = nn.Linear(config.text.width, config.width, bias=False)
        start = math.log(10.0) if config.sigmoid else math.log(1 / 0.07)
        self.log_scale = nn.Parameter(torch.tensor(start))
        self.bias = nn.Parameter(torch.tensor(-10.0), requires_grad=config.sigmoid)

    def encode_image(self, x: Tensor) -> Tensor:
        """Pictures (B, C, H, W) to unit vectors (B, width)."""
        return normalize(self.from_image(self.image(x)), dim=-1)

    def encode_text(self, ids: Tensor) -> Tensor:
        """Token ids (B, L) to unit vectors (B, width)."""
        return normalize(self.from_text(self.text(ids).pooled), dim=-1)

    def temperature(self) -> Tensor:
        """The log of the factor before the cosines, at most log 100 (section 2.5)."""
        return self.log_scale.clamp(max=math.log(100.0))

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        """The logits (B, N) of B pictures and N texts."""
        cosines = self.encode_image(x) @ self.encode_text(ids).T
        logits = self.temperature().exp() * cosines
        return logits + self.bias if self.config.sigmoid else logits
