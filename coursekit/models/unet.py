"""A small U-Net (Ronneberger et al. 2015) in the variant of DDPM (Ho et al. 2020).

Going down, each level halves the picture and widens the channels; going up, each level
also reads the features that the level opposite wrote on the way down. Every block is
told the time and the condition, in one of three ways (`unet_conditions`). Attention
lets distant parts of the picture talk, where it is cheap: at the lowest resolution.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    interpolate,
    pixel_shuffle,
    pixel_unshuffle,
    silu,
)

from coursekit.models.attention import fast_attention
from coursekit.models.conditioning import Condition, Conditioner
from coursekit.models.layers import TimeEmbedding, zero_init
from coursekit.models.text_encoder import TextConfig
from coursekit.models.unet_conditions import Listen, add_vector, scale_shift

TOLD = ("film", "add", "cross")


@dataclass(frozen=True)
class UNetConfig:
    """The shape of a U-Net. Level i has `widths[i]` channels at size / 2**i."""

    channels: int = 1
    widths: tuple[int, ...] = (24, 48, 96)
    blocks: int = 1  # residual blocks in each level, down and up
    groups: int = 8  # of the group normalisations; divides every width
    time_dim: int = 64  # sinusoids of the time embedding
    time_width: int = 128  # features of the time embedding
    heads: int = 2  # of the attention at the lowest resolution; 0 leaves it out
    patch: int = 1  # 2: fold 2x2 pixels into channels first, a cheap half-size start
    num_classes: int = 0  # > 0: class labels 0..num_classes-1, num_classes is null
    told: str = "film"  # how blocks are told time and condition: see TOLD
    text: TextConfig | None = None  # prompts in place of labels; "cross" needs them
    skips: bool = True  # False: going up, a level reads nothing from its opposite


class ResBlock(nn.Module):
    """Two 3x3 convolutions beside a skip; in between the block is told the time.

    It scales and shifts after the norm, as adaptive group normalisation does (Dhariwal
    & Nichol 2021), or is added before it ("add").
    """

    def __init__(self, inputs: int, outputs: int, config: UNetConfig) -> None:
        """`inputs` and `outputs` are channels."""
        super().__init__()
        self.norm1 = nn.GroupNorm(config.groups, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.add = config.told == "add"
        if self.add:
            self.shift = nn.Linear(config.time_width, outputs)
        else:
            self.scale_shift = zero_init(nn.Linear(config.time_width, 2 * outputs))
        self.norm2 = nn.GroupNorm(config.groups, outputs)
        self.conv2 = zero_init(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.skip = (
            nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        )

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """x: (B, inputs, H, W); emb: (B, time_width). Returns (B, outputs, H, W)."""
        h = self.conv1(silu(self.norm1(x)))
        if self.add:
            h = self.norm2(add_vector(h, self.shift(emb)))
        else:
            h = scale_shift(self.norm2(h), self.scale_shift(emb))
        return cast(Tensor, self.skip(x) + self.conv2(silu(h)))


class Attention(nn.Module):
    """Self-attention between all positions of a feature map, beside a skip."""

    def __init__(self, channels: int, config: UNetConfig) -> None:
        """`channels` must be a multiple of the number of heads."""
        super().__init__()
        self.heads = config.heads
        self.norm = nn.GroupNorm(config.groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zero_init(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, C, H, W). Returns the same shape."""
        b, c, height, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(b, 3, self.heads, c // self.heads, -1)
        q, k, v = qkv.transpose(-1, -2).unbind(1)  # each (B, heads, H W, C / heads)
        h = fast_attention(q, k, v)
        h = h.transpose(-1, -2).reshape(b, c, height, width)
        return cast(Tensor, x + self.out(h))


class Level(nn.Module):
    """The residual blocks of one resolution, on the way down or up."""

    def __init__(self, inputs: int, width: int, config: UNetConfig) -> None:
        """`inputs` channels come in, `width` go out."""
        super().__init__()
        widths = [inputs] + [width] * config.blocks
        self.blocks = nn.ModuleList(ResBlock(a, b, config) for a, b in pairwise(widths))

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """x: (B, inputs, H, W); emb: (B, time_width). Returns (B, width, H, W)."""
        for block in self.blocks:
            x = block(x, emb)
        return x


class UNet(nn.Module):
    """Pictures and a time in, pictures of the same shape out; zero at the start."""

    def __init__(self, config: UNetConfig) -> None:
        """Sizes need not be known. ValueError for a way to tell that TOLD lacks."""
        super().__init__()
        if config.told not in TOLD:
            raise ValueError(f"told={config.told!r}: use one of {', '.join(TOLD)}")
        if config.told == "cross" and config.text is None:
            raise ValueError("told='cross' listens to a prompt: give the config a text")
        self.config = config
        widths, features = config.widths, config.time_width
        if config.text is not None:
            cross = config.told == "cross"
            self.conditioner = Conditioner(
                features, config.num_classes, config.text, tokens=cross
            )
        else:
            self.time = TimeEmbedding(config.time_dim, features)
            if config.num_classes:
                self.label = nn.Embedding(config.num_classes + 1, features)
        folded = config.channels * config.patch**2
        self.stem = nn.Conv2d(folded, widths[0], 3, padding=1)

        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for above, width in pairwise((widths[0], *widths)):
            self.down.append(Level(above, width, config))
            inputs = 2 * width if config.skips else width
            self.up.insert(0, Level(inputs, width, config))
        self.shrink = nn.ModuleList(
            nn.Conv2d(width, width, 3, stride=2, padding=1) for width in widths[:-1]
        )
        self.grow = nn.ModuleList(
            nn.Conv2d(width, above, 3, padding=1)
            for above, width in reversed(list(pairwise(widths)))
        )
        self.middle = ResBlock(widths[-1], widths[-1], config)
        self.attention = (
            Attention(widths[-1], config) if config.heads else nn.Identity()
        )
        self.listen = nn.ModuleList(  # after each level, going down, then going up
            Listen(width, features, config.heads or 1, config.groups)
            for width in (*widths, *reversed(widths))
            if config.told == "cross"
        )
        self.norm = nn.GroupNorm(config.groups, widths[0])
        self.out = zero_init(nn.Conv2d(widths[0], folded, 3, padding=1))

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """xt: (B, C, H, W); t: (B,) or () float in [0, 1].

        H and W must be multiples of patch * 2**(levels - 1).
        cond: (B,) long class labels or (B, L) token ids, None for null (or without
        either). Returns (B, C, H, W).
        """
        told = self.tell(t.expand(len(xt)).to(xt.dtype), cond, xt)
        emb = silu(told.vector)  # (B, time_width)
        h = self.stem(pixel_unshuffle(xt, self.config.patch))
        kept = []
        for i, level in enumerate(self.down):
            h = level(self.shrink[i - 1](h) if i else h, emb)
            h = self.hear(i, h, told)
            kept.append(h)
        h = self.attention(self.middle(h, emb))
        for i, level in enumerate(self.up):
            if i:
                h = self.grow[i - 1](interpolate(h, scale_factor=2.0, mode="nearest"))
            if self.config.skips:
                h = torch.cat([h, kept.pop()], dim=1)
            h = self.hear(len(self.down) + i, level(h, emb), told)
        return pixel_shuffle(self.out(silu(self.norm(h))), self.config.patch)

    def hear(self, i: int, h: Tensor, told: Condition) -> Tensor:
        """Let the features of one level listen to the prompt, if they are to."""
        return self.listen[i](h, told.tokens) if self.listen else h

    def tell(self, t: Tensor, cond: Tensor | None, like: Tensor) -> Condition:
        """What every block is told of time and condition: (B, time_width), tokens."""
        if self.config.text is not None:
            return cast(Condition, self.conditioner(t, cond, like))
        emb: Tensor = self.time(t)
        classes = self.config.num_classes
        if not classes:
            if cond is not None:
                raise ValueError("this U-Net has no classes: call it without cond")
            return Condition(emb, None)
        if cond is None:
            cond = torch.full((len(t),), classes, device=t.device)
        return Condition(emb + self.label(cond), None)


def count_parameters(model: nn.Module) -> int:
    """How many weights a network has, frozen ones too."""
    return sum(p.numel() for p in model.parameters())
