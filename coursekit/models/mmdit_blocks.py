"""Blocks in which prompt and picture are equals.

`DoubleBlock` (MM-DiT, Esser et al. 2024): two streams with weights of their own, and
one attention over both. `SingleBlock` (as in FLUX.1): one stream of all tokens, one set
of weights, attention and MLP side by side.
"""

from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.attention import (
    Projection,
    fast_attention,
    merge_heads,
    split_heads,
)
from coursekit.models.modulation import Knobs, bare_norm, gated, modulate
from coursekit.models.rope import rotate
from coursekit.models.transformer import MLP


class Stream(nn.Module):
    """One stream's own weights: norms, knobs, queries, keys, values and MLP.

    A `last` stream gives its keys and values to the attention and is then done: nobody
    reads it afterwards.
    """

    def __init__(
        self, width: int, heads: int, ratio: float, qk_norm: bool, last: bool = False
    ) -> None:
        """`width` must be a multiple of `heads`."""
        super().__init__()
        self.last = last
        self.norm1 = bare_norm(width)
        self.project = Projection(width, heads, qk_norm)
        self.knobs = Knobs(width, width, 2 if last else 6, zero=True)
        if not last:
            self.out = nn.Linear(width, width)
            self.norm2 = bare_norm(width)
            self.mlp = MLP(width, ratio)

    def before(
        self, x: Tensor, c: Tensor
    ) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, ...]]:
        """Queries, keys and values of the modulated tokens, and the knobs not yet used.

        x: (B, T, width); c: (B, width). The knobs: shift, scale, then gate of the
        attention, then shift, scale and gate of the MLP.
        """
        shift, scale, *rest = self.knobs(c)
        return self.project(modulate(self.norm1(x), scale, shift)), tuple(rest)

    def after(self, x: Tensor, heard: Tensor, knobs: tuple[Tensor, ...]) -> Tensor:
        """Add what the attention heard, (B, T, width), then the MLP."""
        gate1, shift2, scale2, gate2 = knobs
        x = gated(x, gate1, self.out(heard))
        h = self.mlp(modulate(self.norm2(x), scale2, shift2))
        return gated(x, gate2, h)


class DoubleBlock(nn.Module):
    """Prompt and picture: separate weights, joint attention (Esser et al. 2024)."""

    def __init__(
        self,
        width: int,
        heads: int,
        ratio: float = 4.0,
        qk_norm: bool = True,
        last: bool = False,
    ) -> None:
        """last: the prompt is not needed after this block."""
        super().__init__()
        self.text = Stream(width, heads, ratio, qk_norm, last)
        self.image = Stream(width, heads, ratio, qk_norm)

    def forward(
        self, text: Tensor, image: Tensor, c: Tensor, angles: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """One attention over all tokens, the prompt's first; each stream keeps its own.

        Each stream makes its queries, keys and values (`before`), each (B, heads, its
        tokens, d), normalised already. They are joined along the tokens, turned by
        `angles` (S + T, d / 2; None: not turned), attend, and are split again;
        each stream finishes with its share (`after`), a `last` prompt stays as it is.
        text: (B, S, width); image: (B, T, width); c: (B, width). Returns both.
        """
        (q1, k1, v1), text_knobs = self.text.before(text, c)
        (q2, k2, v2), image_knobs = self.image.before(image, c)
        q, k, v = (torch.cat(p, dim=2) for p in ((q1, q2), (k1, k2), (v1, v2)))
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        heard = merge_heads(fast_attention(q, k, v))
        mine, yours = torch.split(heard, [text.shape[1], image.shape[1]], dim=1)
        if not self.text.last:
            text = self.text.after(text, mine, text_knobs)
        return text, self.image.after(image, yours, image_knobs)


class SingleBlock(nn.Module):
    """All tokens in one stream; attention and MLP in parallel (as in FLUX.1).

    One linear map makes queries, keys, values and the MLP's hidden layer; another takes
    what was heard and the bent hidden layer back. Three knobs instead of six.
    """

    def __init__(
        self, width: int, heads: int, ratio: float = 4.0, qk_norm: bool = True
    ) -> None:
        """`width` must be a multiple of `heads`."""
        super().__init__()
        self.heads, hidden = heads, int(width * ratio)
        self.parts = [width, width, width, hidden]  # queries, keys, values, MLP
        self.norm = bare_norm(width)
        self.knobs = Knobs(width, width, 3, zero=True)
        self.wide = nn.Linear(width, sum(self.parts))
        self.act = nn.GELU()
        self.narrow = nn.Linear(width + hidden, width)
        head = width // heads
        self.norm_q = nn.RMSNorm(head, eps=1e-6) if qk_norm else nn.Identity()
        self.norm_k = nn.RMSNorm(head, eps=1e-6) if qk_norm else nn.Identity()

    def forward(self, x: Tensor, c: Tensor, angles: Tensor | None = None) -> Tensor:
        """x + gate narrow([attention, act(hidden)]) of the modulated tokens.

        `wide` gives q, k, v and hidden, in this order; `knobs` gives shift, scale and
        gate. `norm_q` and `norm_k` act on split heads, before `angles` turn them.
        x: (B, S + T, width), prompt and picture; c: (B, width); angles: (S + T, d / 2)
        or None. Returns x's shape.
        """
        shift, scale, gate = self.knobs(c)
        wide = self.wide(modulate(self.norm(x), scale, shift))
        *qkv, hidden = wide.split(self.parts, dim=-1)
        q, k, v = (split_heads(y, self.heads) for y in qkv)
        q, k = self.norm_q(q), self.norm_k(k)
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        heard = merge_heads(fast_attention(q, k, v))
        branch = self.narrow(torch.cat([heard, self.act(hidden)], dim=-1))
        return gated(x, gate, cast(Tensor, branch))
