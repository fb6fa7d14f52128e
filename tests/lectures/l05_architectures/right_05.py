"""Right versions of lecture 5's exercises in other styles: each must pass."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import fold, linear, pad

from coursekit.models.attention import attention, merge_heads, split_heads
from coursekit.models.dit_blocks import CrossBlock, DiTBlock
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.rope import rotate

Layers = Sequence[tuple[int, float]]


def intervals(layers: Layers) -> int:
    """The first and last place, for every place of the output that could differ."""
    widths = []
    for place in range(2 ** sum(stride < 1 for _, stride in layers)):
        low = high = place
        for kernel, stride in layers[::-1]:
            if stride < 1:
                low, high = low - kernel // 2, high + kernel - 1 - kernel // 2
                low, high = low // 2, high // 2
            else:
                low, high = low * int(stride), high * int(stride) + kernel - 1
        widths.append(high - low + 1)
    return max(widths)


def channels_last(h: Tensor, knobs: Tensor) -> Tensor:
    x = h.permute(2, 3, 0, 1)
    scale, shift = torch.split(knobs, h.shape[1], dim=-1)
    return (x + x * scale + shift).permute(2, 3, 0, 1)


def folded(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    columns = tokens.transpose(1, 2)
    return fold(columns, (height, width), patch, stride=patch)


def glued(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    tiles = tokens.reshape(*tokens.shape[:2], -1, patch, patch).unbind(1)
    count = width // patch
    rows = [
        torch.cat(tiles[i * count : (i + 1) * count], dim=3)
        for i in range(height // patch)
    ]
    return torch.cat(rows, dim=2)


def waves_by_formula(positions: Tensor, dim: int) -> Tensor:
    if dim % 4 != 0:
        raise ValueError("sine and cosine of two axes: dim must divide by 4")
    i = torch.arange(dim // 4, dtype=positions.dtype)
    angle = positions.flip(1)[..., None] / 10_000.0 ** (4 * i / dim)  # (T, 2, dim/4)
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


def token_by_token(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    tokens = x.transpose(0, 1)
    return torch.stack([torch.addcmul(y + shift, y, scale) for y in tokens], dim=1)


class WrittenOut(DiTBlock):
    """One table of knobs, formulas written out, both branches in one loop."""

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        table = torch.stack(self.knobs(c)).reshape(2, 3, len(x), 1, -1)
        norms = (self.norm1, self.norm2)
        for norm, (shift, scale, gate) in zip(norms, table, strict=True):
            h = norm(x) * (scale + 1) + shift
            first = norm is self.norm1
            h = self.attention(h, angles=angles) if first else self.mlp(h)
            x = torch.addcmul(x, gate, h)
        return x


class CrossWrittenOut(CrossBlock):
    """Formulas written out."""

    def forward(
        self, x: Tensor, c: Tensor, context: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        a, b, g, d, e, f = (knob.unsqueeze(1) for knob in self.knobs(c))
        y = x + g * self.attention(self.norm1(x) * (1 + b) + a, angles)
        z = y + self.cross(self.norm_cross(y), context)
        return cast(Tensor, z + f * self.mlp(self.norm2(z) * (1 + e) + d))


def padded(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> tuple[Tensor, Tensor | None, int]:
    before = 1 if tokens is None else 1 + tokens.size(1)
    sequence = pad(x, (0, 0, before, 0))
    sequence[:, 0] = vector
    if tokens is not None:
        sequence[:, 1:before] = tokens
    return sequence, None if angles is None else pad(angles, (0, 0, before, 0)), before


def outer(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    if dim % 2 == 1:
        raise ValueError(dim)
    slow = torch.tensor([base ** (-2 * i / dim) for i in range(dim // 2)])
    return torch.outer(positions, slow.to(positions.dtype))


def flipped(x: Tensor, angles: Tensor) -> Tensor:
    """x cos plus x across, sin."""
    cos = angles.cos().repeat_interleave(2, dim=-1).to(x.dtype)
    sin = angles.sin().repeat_interleave(2, dim=-1).to(x.dtype)
    across = torch.stack([-x[..., 1::2], x[..., ::2]], dim=-1).reshape(x.shape)
    return x * cos + across * sin


def speeds(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    """One table of speeds, each with its axis."""
    if len(dims) != positions.size(1):
        raise ValueError(f"{len(dims)} shares")
    axis = [a for a, d in enumerate(dims) for _ in range(d // 2)]
    speed = [base ** (-2 * i / d) for d in dims for i in range(d // 2)]
    return positions[:, axis] * torch.tensor(speed, dtype=positions.dtype)


def listed(text: int, height: int, width: int) -> Tensor:
    places = [[(max(height, width) + 1) / 2 + i] * 2 for i in range(text)]
    for row in range(height):
        for column in range(width):
            places.append([row - (height - 1) / 2, column - (width - 1) / 2])
    return torch.tensor(places, dtype=torch.float64)


class TurnedFirst(DoubleBlock):
    """Each stream turns its own queries and keys; the formula of attention."""

    def forward(
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        words = text.size(1)
        (q1, k1, v1), mine = self.text.before(text, c)
        (q2, k2, v2), yours = self.image.before(image, c)
        if angles is not None:
            q1, k1 = rotate(q1, angles[:words]), rotate(k1, angles[:words])
            q2, k2 = rotate(q2, angles[words:]), rotate(k2, angles[words:])
        k, v = torch.cat([k1, k2], 2), torch.cat([v1, v2], 2)
        image = self.image.after(image, merge_heads(attention(q2, k, v)), yours)
        if self.text.last:
            return text, image
        return self.text.after(text, merge_heads(attention(q1, k, v)), mine), image


class TwoMaps(SingleBlock):
    """`narrow` cut in two, one part for each branch; a mask that hides nothing."""

    def forward(self, x: Tensor, c: Tensor, angles: Tensor | None = None) -> Tensor:
        shift, scale, gate = (knob.unsqueeze(1) for knob in self.knobs(c))
        wide, width = self.wide(self.norm(x) * (1 + scale) + shift), x.shape[-1]
        q, k, v = (
            split_heads(y, self.heads) for y in wide[..., : 3 * width].chunk(3, -1)
        )
        q, k = self.norm_q(q), self.norm_k(k)
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        everybody = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
        listened = merge_heads(attention(q, k, v, everybody))
        bent = self.act(wide[..., 3 * width :])
        first, second = self.narrow.weight[:, :width], self.narrow.weight[:, width:]
        branch = linear(listened, first) + linear(bent, second, self.narrow.bias)
        return cast(Tensor, x + gate * branch)


def closed_form(side: int, patch: int, width: int, depth: int) -> tuple[float, float]:
    tokens = (side / patch) ** 2
    per_token = width * (24 * width + 4 * tokens)
    return tokens, np.float64(depth * (tokens * per_token + 12 * width * width))


RIGHT = {
    "05.1": (intervals,),
    "05.2": (channels_last,),
    "05.3": (folded, glued),
    "05.4": (waves_by_formula,),
    "05.5": (token_by_token,),
    "05.6": (WrittenOut,),
    "05.10": (CrossWrittenOut,),
    "05.11": (padded,),
    "05.7": (outer,),
    "05.8": (flipped,),
    "05.9": (speeds,),
    "05.12": (listed,),
    "05.13": (TurnedFirst,),
    "05.14": (TwoMaps,),
    "05.15": (closed_form,),
}
