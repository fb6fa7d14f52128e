"""A small text encoder: token ids in, one vector for each token and one for all.

A causal transformer, as CLIP's (Radford et al. 2021): what stands at the end token has
seen the whole prompt and nothing of the padding behind it, so it speaks for all.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from coursekit.models.transformer import Block


@dataclass(frozen=True)
class TextConfig:
    """The shape of a text encoder."""

    vocabulary: int  # how many different tokens
    length: int  # tokens of a prompt, start, end and padding included
    width: int = 128
    depth: int = 2
    heads: int = 4
    end: int = 2  # id of the token that ends every prompt


class TextFeatures(NamedTuple):
    """What a prompt became."""

    tokens: Tensor  # (B, L, width), one vector for each token
    pooled: Tensor  # (B, width), the one at the end token


class TextEncoder(nn.Module):
    """Token ids (B, L) to `TextFeatures`."""

    def __init__(self, config: TextConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocabulary, config.width)
        self.position = nn.Parameter(torch.empty(config.length, config.width))
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width)
        nn.init.normal_(self.token.weight, std=0.02)
        nn.init.normal_(self.position, std=0.01)

    def forward(self, ids: Tensor) -> TextFeatures:
        """ids: (B, L) long, each row with one end token."""
        x = self.token(ids) + self.position[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, causal=True)
        x = self.norm(x)
        return TextFeatures(x, at_end(x, ids, self.config.end))


def at_end(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    """The vector at each prompt's end token, wherever it stands.

    tokens: (B, L, D), one vector for each id; ids: (B, L) long, each row with one id
    `end`, and padding of any id behind it. Returns (B, D).
    """
    place = (ids == end).int().argmax(dim=1)
    return tokens[torch.arange(len(ids), device=ids.device), place]
