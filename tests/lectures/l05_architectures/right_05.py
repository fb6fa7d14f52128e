"""Right versions of lecture 5's exercises in other styles: each must pass."""

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import fold, linear, pad, scaled_dot_product_attention

from coursekit.models.attention import attention, merge_heads, split_heads
from coursekit.models.dit_blocks import CrossBlock, DiTBlock
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.modulation import gated, modulate
from coursekit.models.positions import sincos
from coursekit.models.rope import rope_angles, rotate

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


def recursive(layers: Layers) -> int:
    def behind(n: int, rest: list[tuple[int, float]]) -> int:
        if not rest:
            return n
        kernel, stride = rest.pop()
        if stride == 0.5:
            return behind(math.floor((n + kernel - 1) / 2) + 1, rest)
        return behind(n * int(stride) + (kernel - int(stride)), rest)

    return behind(1, list(layers))


def scaled_by_einsum(h: Tensor, knobs: Tensor) -> Tensor:
    c = h.shape[1]
    scaled = torch.einsum("bchw,bc->bchw", h, 1 + knobs[:, :c])
    return scaled + knobs[:, c:].reshape(len(h), c, 1, 1)


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


def waves_filled_in(positions: Tensor, dim: int) -> Tensor:
    if dim % 4:
        raise ValueError(dim)
    found = positions.new_empty(len(positions), dim)
    found[:, : dim // 2] = sincos(positions[:, 1], dim // 2)
    found[:, dim // 2 :] = sincos(positions[:, 0], dim // 2)
    return found


def tokens_first(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    y = x.transpose(0, 1)
    return torch.addcmul(y + shift, y, scale).transpose(0, 1)


def sample_by_sample(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    rows = [one * (1 + a) + b for one, a, b in zip(x, scale, shift, strict=True)]
    return torch.stack(rows)


class WrittenOut(DiTBlock):
    """One table of knobs, formulas written out."""

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        table = torch.stack(self.knobs(c), dim=1).unsqueeze(2)  # (B, 6, 1, D)
        h = self.norm1(x) * (table[:, 1] + 1) + table[:, 0]
        x = x + table[:, 2] * self.attention(h, angles=angles)
        h = self.norm2(x) * (table[:, 4] + 1) + table[:, 3]
        return torch.addcmul(x, table[:, 5], self.mlp(h))


class Loop(DiTBlock):
    """Both branches in one loop."""

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        knobs = list(self.knobs(c))
        for norm in (self.norm1, self.norm2):
            shift, scale, gate = knobs.pop(0), knobs.pop(0), knobs.pop(0)
            h = modulate(norm(x), scale, shift)
            first = norm is self.norm1
            x = gated(x, gate, self.attention(h, angles) if first else self.mlp(h))
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


class Summed(CrossBlock):
    """What is added is collected in a list."""

    def forward(
        self, x: Tensor, c: Tensor, context: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        one, two = torch.stack(self.knobs(c)).chunk(2)
        added = [x]
        h = modulate(self.norm1(x), one[1], one[0])
        added.append(one[2][:, None] * self.attention(h, angles))
        added.append(self.cross(self.norm_cross(added[0] + added[1]), context))
        h = modulate(self.norm2(added[0] + added[1] + added[2]), two[1], two[0])
        added.append(two[2][:, None] * self.mlp(h))
        return torch.stack(added).sum(0)


def padded(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> tuple[Tensor, Tensor | None, int]:
    front = vector.unsqueeze(1)
    if tokens is not None:
        front = torch.cat((front, tokens), dim=1)
    before = front.size(1)
    if angles is not None:
        angles = pad(angles, (0, 0, before, 0))
    return torch.cat((front, x), dim=1), angles, before


def sequence_filled_in(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> tuple[Tensor, Tensor | None, int]:
    words = 0 if tokens is None else tokens.shape[1]
    sequence = x.new_empty(len(x), 1 + words + x.shape[1], x.shape[2])
    sequence[:, 0] = vector
    if tokens is not None:
        sequence[:, 1 : 1 + words] = tokens
    sequence[:, 1 + words :] = x
    if angles is None:
        return sequence, None, 1 + words
    turned = angles.new_zeros(sequence.shape[1], angles.shape[1])
    turned[1 + words :] = angles
    return sequence, turned, 1 + words


def outer(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    if dim % 2 == 1:
        raise ValueError(dim)
    slow = torch.tensor([base ** (-2 * i / dim) for i in range(dim // 2)])
    return torch.outer(positions, slow.to(positions.dtype))


def logs(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    half, rest = divmod(dim, 2)
    if rest:
        raise ValueError("odd")
    i = torch.arange(half, dtype=torch.float64)
    speed = torch.exp(-math.log(base) * i / half)
    return torch.einsum("t,d->td", positions.double(), speed).to(positions.dtype)


def flipped(x: Tensor, angles: Tensor) -> Tensor:
    """x cos plus x across, sin."""
    cos = angles.cos().repeat_interleave(2, dim=-1).to(x.dtype)
    sin = angles.sin().repeat_interleave(2, dim=-1).to(x.dtype)
    across = torch.stack([-x[..., 1::2], x[..., ::2]], dim=-1).reshape(x.shape)
    return x * cos + across * sin


def matrices(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin = angles.cos(), angles.sin()
    rows = [torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)]
    turn = torch.stack(rows, dim=-2).to(x.dtype)  # (T, d / 2, 2, 2)
    pairs = x.reshape(*x.shape[:-1], -1, 2)
    return torch.einsum("tdij,...tdj->...tdi", turn, pairs).flatten(-2)


def speeds(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    """One table of speeds, each with its axis."""
    if len(dims) != positions.size(1):
        raise ValueError(f"{len(dims)} shares")
    axis = [a for a, d in enumerate(dims) for _ in range(d // 2)]
    speed = [base ** (-2 * i / d) for d in dims for i in range(d // 2)]
    return positions[:, axis] * torch.tensor(speed, dtype=positions.dtype)


def filled_axes(
    positions: Tensor, dims: Sequence[int], base: float = 10_000.0
) -> Tensor:
    if len(dims) != positions.size(1):
        raise ValueError("wrong number of shares")
    found, done = positions.new_empty(len(positions), sum(dims) // 2), 0
    for i, dim in enumerate(dims):
        found[:, done : done + dim // 2] = rope_angles(positions[:, i], dim, base)
        done += dim // 2
    return found


def meshgrid(text: int, height: int, width: int) -> Tensor:
    rows = torch.arange(height).double() - (height - 1) / 2
    columns = torch.arange(width).double() - (width - 1) / 2
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)
    start = max(rows.max().item(), columns.max().item()) + 1
    words = torch.linspace(start, start + text - 1, text, dtype=torch.float64)
    return torch.vstack([torch.stack([words, words], 1), grid.flatten(0, 1)])


def listed(text: int, height: int, width: int) -> Tensor:
    places = [[(max(height, width) + 1) / 2 + i] * 2 for i in range(text)]
    for row in range(height):
        for column in range(width):
            places.append([row - (height - 1) / 2, column - (width - 1) / 2])
    return torch.tensor(places, dtype=torch.float64)


class ByFormula(DoubleBlock):
    """With the formula of attention, one list for both streams."""

    def forward(
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        streams, xs = [self.text, self.image], [text, image]
        made = [stream.before(x, c) for stream, x in zip(streams, xs, strict=True)]
        q, k, v = (torch.cat([m[0][i] for m in made], dim=-2) for i in range(3))
        if angles is not None:
            q, k = (rotate(h, angles) for h in (q, k))
        listened = merge_heads(attention(q, k, v))
        heard = torch.split(listened, [x.shape[1] for x in xs], dim=1)
        for i, stream in enumerate(streams):
            if not stream.last:
                xs[i] = stream.after(xs[i], heard[i], made[i][1])
        return xs[0], xs[1]


class TurnedFirst(DoubleBlock):
    """Each stream turns its own queries and keys, then they are joined."""

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
        patches = merge_heads(scaled_dot_product_attention(q2, k, v))
        image = self.image.after(image, patches, yours)
        if self.text.last:
            return text, image
        heard = merge_heads(scaled_dot_product_attention(q1, k, v))
        return self.text.after(text, heard, mine), image


class TwoMaps(SingleBlock):
    """`narrow` cut in two: one part for each branch, and no joined tensor."""

    def forward(self, x: Tensor, c: Tensor, angles: Tensor | None = None) -> Tensor:
        shift, scale, gate = (knob.unsqueeze(1) for knob in self.knobs(c))
        wide = self.wide(self.norm(x) * (1 + scale) + shift)
        width = x.shape[-1]
        q, k, v = wide[..., : 3 * width].reshape(
            len(x), -1, 3, self.heads, width // self.heads
        ).permute(2, 0, 3, 1, 4)  # fmt: skip
        q, k = self.norm_q(q), self.norm_k(k)
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        listened = attention(q, k, v).transpose(1, 2).reshape(x.shape)
        bent = self.act(wide[..., 3 * width :])
        first, second = self.narrow.weight[:, :width], self.narrow.weight[:, width:]
        branch = linear(listened, first) + linear(bent, second, self.narrow.bias)
        return cast(Tensor, x + gate * branch)


class Masked(SingleBlock):
    """The formula of attention, with a mask that hides nothing."""

    def forward(self, x: Tensor, c: Tensor, angles: Tensor | None = None) -> Tensor:
        shift, scale, gate = self.knobs(c)
        wide = self.wide(modulate(self.norm(x), scale, shift))
        parts = torch.split(wide, self.parts, dim=-1)
        q, k, v = (split_heads(y, self.heads) for y in parts[:3])
        q, k = self.norm_q(q), self.norm_k(k)
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        everybody = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
        listened = merge_heads(attention(q, k, v, everybody))
        both = torch.cat([listened, self.act(parts[3])], dim=-1)
        return gated(x, gate, self.narrow(both))


def product_by_product(
    side: int, patch: int, width: int, depth: int
) -> tuple[int, int]:
    """Every matrix product of a block for one sample: (n, k) times (k, m)."""
    tokens = side * side // patch // patch
    products = [
        *[(tokens, width, width)] * 4,  # queries, keys, values, out
        (tokens, width, tokens),  # q k^T
        (tokens, tokens, width),  # the table times v
        (tokens, width, 4 * width),
        (tokens, 4 * width, width),
        (1, width, 6 * width),  # knobs
    ]
    return tokens, depth * sum(2 * n * k * m for n, k, m in products)


def closed_form(side: int, patch: int, width: int, depth: int) -> tuple[float, float]:
    tokens = (side / patch) ** 2
    per_token = width * (24 * width + 4 * tokens)
    return tokens, np.float64(depth * (tokens * per_token + 12 * width * width))


RIGHT = {
    "05.1": (intervals, recursive),
    "05.2": (scaled_by_einsum, channels_last),
    "05.3": (folded, glued),
    "05.4": (waves_by_formula, waves_filled_in),
    "05.5": (tokens_first, sample_by_sample),
    "05.6": (WrittenOut, Loop),
    "05.7": (CrossWrittenOut, Summed),
    "05.8": (padded, sequence_filled_in),
    "05.9": (outer, logs),
    "05.10": (flipped, matrices),
    "05.11": (speeds, filled_axes),
    "05.12": (meshgrid, listed),
    "05.13": (ByFormula, TurnedFirst),
    "05.14": (TwoMaps, Masked),
    "05.15": (product_by_product, closed_form),
}
