"""A transformer over tokens: one class for every language model of lecture 10.

Left to right, masked or block by block differ in which tokens may look at which, and
in what is asked at each place. Weights and sizes are the same, so that comparisons are.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from coursekit.models.attention import Projection, fast_attention, merge_heads
from coursekit.models.rope import rope_angles, rotate
from coursekit.models.transformer import MLP


@dataclass(frozen=True)
class TokenConfig:
    """The shape of a token transformer."""

    vocabulary: int  # ids that can be predicted; one more, `mask_id`, can only be read
    length: int  # places, prompt included
    width: int = 128
    depth: int = 6
    heads: int = 4
    dropout: float = 0.0  # while training
    rotary: bool = False  # places as angles (models.rope), not as learnt vectors

    @property
    def mask_id(self) -> int:
        """The id that hides a token: the last row of the table of embeddings."""
        return self.vocabulary


class KVCache:
    """Keys and values of the tokens that are settled, for every layer.

    A pass with a cache sees what it holds and the new columns; `keep` says whether the
    new columns join it. Room for `length` columns is taken once.
    """

    def __init__(
        self, config: TokenConfig, batch: int, like: Tensor, length: int = 0
    ) -> None:
        """like: a tensor of the network's dtype and device; length: 0 for all."""
        room = length or config.length
        shape = (config.depth, 2, batch, config.heads, room)
        self.held = like.new_empty((*shape, config.width // config.heads))
        self.length = 0  # columns held
        self.keep = True

    def extended(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (B, heads, S, d): what is held, then the new ones."""
        end = self.length + k.shape[2]
        keys, values = self.held[layer, 0], self.held[layer, 1]
        if self.keep or not torch.is_grad_enabled():
            keys[:, :, self.length : end] = k.detach()
            values[:, :, self.length : end] = v.detach()
        if torch.is_grad_enabled():  # what is held has no gradient, the new ones have
            keys = torch.cat([keys[:, :, : self.length], k], dim=2)
            values = torch.cat([values[:, :, : self.length], v], dim=2)
        return keys[:, :, :end], values[:, :, :end]

    def rows(self, chosen: Tensor) -> "KVCache":
        """The cache of some rows (long or bool index) only, a copy."""
        other = object.__new__(KVCache)
        other.held, other.length = self.held[:, :, chosen], self.length
        other.keep = self.keep
        return other


class TokenBlock(nn.Module):
    """Attention, then MLP, normalised first (pre-LN), with a mask or a cache."""

    def __init__(self, config: TokenConfig) -> None:
        """Fresh weights; the layers that add to the stream start small."""
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(config.width) for _ in range(2))
        self.project = Projection(config.width, config.heads)
        self.out = nn.Linear(config.width, config.width)
        self.mlp = MLP(config.width)
        self.drop = nn.Dropout(config.dropout)
        for layer in (self.out, self.mlp.narrow):
            nn.init.normal_(layer.weight, std=0.02 / (2 * config.depth) ** 0.5)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        causal: bool,
        cache: KVCache | None,
        layer: int,
        angles: Tensor | None = None,
    ) -> Tensor:
        """x: (B, T, width); angles: (T, d / 2). Returns x's shape."""
        q, k, v = self.project(self.norm1(x))
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        if cache is not None:
            k, v = cache.extended(layer, k, v)
        h = fast_attention(q, k, v, mask, causal)
        x = x + self.drop(self.out(merge_heads(h)))
        return cast(Tensor, x + self.drop(self.mlp(self.norm2(x))))


class TokenTransformer(nn.Module):
    """Ids (B, T) to logits (B, T, vocabulary)."""

    def __init__(self, config: TokenConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocabulary + 1, config.width)
        if config.rotary:
            at = torch.arange(config.length).float()
            angles = rope_angles(at, config.width // config.heads)
            self.register_buffer("angles", angles, persistent=False)
        else:
            self.place = nn.Embedding(config.length, config.width)
            nn.init.normal_(self.place.weight, std=0.02)
        self.blocks = nn.ModuleList(TokenBlock(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        nn.init.normal_(self.token.weight, std=0.02)

    def forward(
        self,
        ids: Tensor,
        places: Tensor | None = None,
        mask: Tensor | None = None,
        causal: bool = False,
        cache: KVCache | None = None,
    ) -> Tensor:
        """Logits of every column.

        ids: (B, T) long, `mask_id` where a token is hidden. places: (T,) long, the
        place of each column; without them the columns follow what the cache holds, or
        start at 0. mask: (T, S) bool, True where a column may look; S counts the
        columns held by the cache, then the new ones. causal: look back only (new
        columns without a cache, or one column with it). Raises ValueError for more
        columns than places.
        """
        start = cache.length if cache is not None else 0
        end = start + ids.shape[1]
        if places is None:
            if end > self.config.length:
                raise ValueError(f"{end} places, the network has {self.config.length}")
        x, angles = self.token(ids), None
        at = slice(start, end) if places is None else places
        if self.config.rotary:
            angles = cast(Tensor, self.angles)[at]
        else:
            x = x + self.place.weight[at]
        # One new column may see all that is held: that is what looking back means.
        back = causal and ids.shape[1] > 1
        for layer, block in enumerate(self.blocks):
            x = block(x, mask, back, cache, layer, angles)
        if cache is not None and cache.keep:
            cache.length = end
        # The table of words is read both ways; the mask has no row here.
        return linear(self.norm(x), self.token.weight[:-1])

    def new_cache(self, batch: int, length: int = 0) -> KVCache:
        """An empty cache for `batch` rows, in the network's dtype."""
        return KVCache(self.config, batch, self.token.weight, length)


def prompt_mask(prompt: int, length: int) -> Tensor:
    """Who sees whom when a prompt is read once: (length, length) bool.

    The prompt sees itself only, so that its keys and values can be kept; the rest sees
    all. That makes the prompt the first, finished block of block diffusion.
    """
    mask = torch.ones(length, length, dtype=torch.bool)
    mask[:prompt, prompt:] = False
    return mask
