"""A small vision-language model that writes plans: one stream, three kinds of tokens.

The picture is four tokens, the wish one for each word, and both are seen by all; the
plan is written from left to right behind them (a prefix language model).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from coursekit.models.attention import causal_mask
from coursekit.models.token_transformer import TokenBlock, TokenConfig

SEEN = 4  # tokens of a picture


@dataclass(frozen=True)
class PlannerConfig:
    """The shape of a planner."""

    tokens: int  # different tokens of a plan
    length: int  # of a plan
    buckets: int  # of pieces of words; 0 is no piece
    words: int  # of a wish
    width: int = 80
    depth: int = 3
    heads: int = 4
    blind: bool = False  # the picture is not looked at


class EditPlanner(nn.Module):
    """Pictures, wishes and the plans so far to the logits of the next tokens."""

    def __init__(self, config: PlannerConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config, width = config, config.width
        self.look = nn.Sequential(
            nn.Conv2d(3, 16, 4, 4), nn.GELU(), nn.Conv2d(16, width, 4, 4)
        )
        self.piece = nn.Embedding(config.buckets, width, padding_idx=0)
        self.token = nn.Embedding(config.tokens, width)
        places = SEEN + config.words + config.length
        self.place = nn.Parameter(torch.empty(places, width))
        shape = TokenConfig(config.tokens, places, width, config.depth, config.heads)
        self.blocks = nn.ModuleList(TokenBlock(shape) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.place, std=0.02)
        nn.init.normal_(self.token.weight, std=0.02)
        with torch.no_grad():
            self.piece.weight.mul_(0.1)

    def forward(self, x: Tensor, pieces: Tensor, ids: Tensor) -> Tensor:
        """Logits (B, T, tokens); those in place i speak of the token in place i + 1.

        x: (B, 3, 32, 32) in [-1, 1]; pieces: (B, words, P) long, the buckets of each
        word's pieces, 0 where none is; ids: (B, T) long, the plan so far.
        """
        seen = self.look(x).flatten(2).mT * (not self.config.blind)
        wish = self.piece(pieces).sum(dim=2)
        stream = torch.cat([seen, wish, self.token(ids)], dim=1)
        stream = stream + self.place[: stream.shape[1]]
        prompt = SEEN + self.config.words
        mask = causal_mask(stream.shape[1]).to(x.device)
        mask[:, :prompt] = True
        for layer, block in enumerate(self.blocks):
            stream = block(stream, mask, False, None, layer)
        return linear(self.norm(stream[:, prompt:]), self.token.weight)
