"""A plain transformer for words and pixels in one stream (a UiT, as HiDream-O1).

No autoencoder, no text encoder, no adaLN: the words' table, the time and the patches
are learnt together, and all of them are tokens of one sequence. Words look back only,
so what they become depends on nothing but words; time and patches look at everything.
The network guesses the data, in large patches (Li & He 2025), and answers with the
velocity that leads there, as every sampler wants it.

The class of HiDream-O1's network is that of a language model; this one starts from
nothing.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.attention import (
    Projection,
    causal_mask,
    fast_attention,
    merge_heads,
)
from coursekit.models.conditioning import empty_prompt
from coursekit.models.dit import Places
from coursekit.models.layers import TimeEmbedding, zero_init
from coursekit.models.patches import BottleneckEmbedding, unpatchify
from coursekit.models.positions import joint_positions
from coursekit.models.rope import axial_angles, rotate
from coursekit.models.transformer import MLP
from coursekit.theory.clean_prediction import LEAST, clamped_velocity

PREDICTS = ("x0", "velocity")


@dataclass(frozen=True)
class UiTConfig:
    """The shape of a UiT."""

    vocabulary: int  # how many different words
    length: int  # tokens of a prompt, start, end and padding included
    channels: int = 3
    size: int = 32  # side of the pictures it is made for
    patch: int = 8
    width: int = 160
    depth: int = 8
    heads: int = 5
    ratio: float = 4.0  # of the MLP's hidden width to `width`
    bottleneck: int = 64  # numbers between a patch and its token
    predicts: str = "x0"  # what its last layer says: see PREDICTS
    least: float = LEAST  # the smallest time that divides xt - x0
    sines: bool = True  # add the places to the patches, too


class StreamBlock(nn.Module):
    """Attention, then MLP, normalised first (pre-LN); nothing but a skip at first."""

    def __init__(self, width: int, heads: int, ratio: float) -> None:
        """`width` must be a multiple of `heads`."""
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project = Projection(width, heads, qk_norm=True)
        self.out = zero_init(nn.Linear(width, width))
        self.mlp = MLP(width, ratio)
        zero_init(self.mlp.narrow)

    def forward(self, x: Tensor, mask: Tensor, angles: Tensor) -> Tensor:
        """x: (B, T, width); mask: (T, T), see `stream_mask`; angles: (T, d / 2)."""
        q, k, v = self.project(self.norm1(x))
        h = fast_attention(rotate(q, angles), rotate(k, angles), v, mask)
        x = x + self.out(merge_heads(h))
        return cast(Tensor, x + self.mlp(self.norm2(x)))


def stream_mask(words: int, others: int) -> Tensor:
    """Who may look at whom, (T, T) bool with T = words + others.

    The words come first. Word i looks at words 0..i, everything else at all.
    """
    mask = torch.ones(words + others, words + others, dtype=torch.bool)
    mask[:words] = causal_mask(words + others)[:words]
    return mask


class UiT(nn.Module):
    """Pictures, a time and a prompt in, velocities out; it guesses grey at first."""

    def __init__(self, config: UiTConfig) -> None:
        """Fresh weights; ValueError for a prediction that PREDICTS does not hold."""
        super().__init__()
        c = config
        if c.predicts not in PREDICTS:
            raise ValueError(f"predicts={c.predicts!r}: use one of {PREDICTS}")
        self.config = config
        self.word = nn.Embedding(c.vocabulary, c.width)
        nn.init.normal_(self.word.weight, std=0.02)
        self.time = TimeEmbedding(128, c.width)
        self.embed = BottleneckEmbedding(c.channels, c.patch, c.bottleneck, c.width)
        self.places = Places("sincos", c.width, c.heads, c.patch)
        self.blocks = nn.ModuleList(
            StreamBlock(c.width, c.heads, c.ratio) for _ in range(c.depth)
        )
        self.norm = nn.LayerNorm(c.width)
        self.head = zero_init(nn.Linear(c.width, c.channels * c.patch**2))
        self._kept: dict[tuple[int, int, int, str], tuple[Tensor, Tensor]] = {}

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """xt: (B, C, H, W), sides multiples of patch; t: (B,) or () in [0, 1].

        cond: (B, L) token ids; None for the empty prompt. Returns (B, C, H, W): the
        velocity, from a guess of x0 by `clamped_velocity`.
        """
        y = self.said(xt, t, cond)
        if self.config.predicts == "velocity":
            return y
        return clamped_velocity(xt, y, t, self.config.least)

    def said(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """What the last layer says, x0 or the velocity; the rest as in `forward`."""
        c = self.config
        if cond is None:
            cond = empty_prompt(c.length, xt.device).expand(len(xt), -1)
        words, image = self.word(cond), self.embed(xt)
        if c.sines:
            image = image + cast(Tensor, self.places(xt)[0])
        now = self.time(t.expand(len(xt)).to(xt.dtype))[:, None]
        x = torch.cat([words, now, image], dim=1)
        mask, angles = self.layout(cond.shape[1], xt)
        for block in self.blocks:
            x = block(x, mask, angles)
        y = self.head(self.norm(x[:, -image.shape[1] :]))
        return unpatchify(y, c.patch, xt.shape[-2], xt.shape[-1])

    def layout(self, words: int, xt: Tensor) -> tuple[Tensor, Tensor]:
        """Mask and angles of words, time and patches, T tokens: (T, T), (T, d / 2).

        The time stands where the next word would.
        """
        patch, head = self.config.patch, self.config.width // self.config.heads
        rows, columns = xt.shape[-2] // patch, xt.shape[-1] // patch
        key = (words, rows, columns, str(xt.device))
        if key not in self._kept:
            half = head // 4 * 2  # an even number of features for the rows
            places = joint_positions(words + 1, rows, columns)
            angles = axial_angles(places, (half, head - half)).float()
            mask = stream_mask(words, 1 + rows * columns)
            self._kept[key] = mask.to(xt.device), angles.to(xt.device)
        return self._kept[key]
