"""Attention (Vaswani et al. 2017): every token asks all tokens, and listens to some.

`attention` is the formula. The layers below compute the same thing with torch's fused
kernel, which never stores the table of weights, where that is the faster way; a test
holds the two together.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from coursekit.models.rope import rotate


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """What each query hears: softmax(q k^T / sqrt(d)) v (Vaswani et al. 2017, eq. 1).

    Each of T queries weighs S keys; its weights add up to 1. q: (..., T, d);
    k: (..., S, d); v: (..., S, e); mask: bool, broadcasts to (..., T, S), True where a
    query may look, and every query may look somewhere. What is hidden has no weight,
    up to rounding. Returns (..., T, e).
    """
    logits: Tensor = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if mask is not None:
        logits = logits.masked_fill(~mask, float("-inf"))
    return logits.softmax(dim=-1) @ v


def fast_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    causal: bool = False,
) -> Tensor:
    """`attention`, by the faster of two ways. causal: look back only, without a mask.

    torch's fused kernel is slow backwards in bf16 on a CPU: there, under autocast and
    with gradients, the formula is written out.
    """
    training = torch.is_autocast_enabled("cpu") and torch.is_grad_enabled()
    if q.device.type == "cpu" and training:
        mask = causal_mask(q.shape[-2]) if causal else mask
        return attention(q, k, v, mask)
    return scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)


def attention_weights(q: Tensor, k: Tensor, mask: Tensor | None = None) -> Tensor:
    """How much each query listens to each key, (..., T, S): the last axis sums to 1.

    It is what `attention` hears when each key says its own name, a row of the identity.
    """
    names = torch.eye(k.shape[-2], dtype=k.dtype, device=k.device)
    return attention(q, k, names, mask)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, T, D) to (B, heads, T, D / heads): head h gets features h D/heads onwards.

    Raises ValueError when D is not a multiple of heads.
    """
    if x.shape[-1] % heads:
        raise ValueError(f"width {x.shape[-1]} is not a multiple of {heads} heads")
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(B, heads, T, d) to (B, T, heads d): the way back from `split_heads`."""
    return x.transpose(1, 2).flatten(2)


class Projection(nn.Module):
    """Tokens to queries, keys and values, split into heads.

    With `qk_norm`, queries and keys are normalised (RMSNorm, one gain for each feature
    of a head), so that no logit can grow without bound (Esser et al. 2024).
    """

    def __init__(self, width: int, heads: int, qk_norm: bool = False) -> None:
        """`width` must be a multiple of `heads`."""
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        head = width // heads
        self.norm_q = nn.RMSNorm(head, eps=1e-6) if qk_norm else nn.Identity()
        self.norm_k = nn.RMSNorm(head, eps=1e-6) if qk_norm else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x: (B, T, width). Returns q, k, v, each (B, heads, T, width / heads)."""
        q, k, v = (split_heads(y, self.heads) for y in self.qkv(x).chunk(3, dim=-1))
        return self.norm_q(q), self.norm_k(k), v


class SelfAttention(nn.Module):
    """All tokens of one sequence listen to each other."""

    def __init__(self, width: int, heads: int, qk_norm: bool = False) -> None:
        """`width` must be a multiple of `heads`."""
        super().__init__()
        self.project = Projection(width, heads, qk_norm)
        self.out = nn.Linear(width, width)

    def forward(
        self, x: Tensor, angles: Tensor | None = None, causal: bool = False
    ) -> Tensor:
        """x: (B, T, width); angles: (T, d / 2) of RoPE; causal: look back only."""
        q, k, v = self.project(x)
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        h = fast_attention(q, k, v, causal=causal)
        return cast(Tensor, self.out(merge_heads(h)))

    def weights(self, x: Tensor, angles: Tensor | None = None) -> Tensor:
        """The table of weights (B, heads, T, T), to look at."""
        q, k, _ = self.project(x)
        if angles is not None:
            q, k = rotate(q, angles), rotate(k, angles)
        return attention_weights(q, k)


class CrossAttention(nn.Module):
    """The tokens of one sequence listen to those of another, such as a prompt."""

    def __init__(self, width: int, context_width: int, heads: int) -> None:
        """Queries from `width` features, keys and values from `context_width`."""
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(context_width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """x: (B, T, width); context: (B, S, context_width). Returns (B, T, width)."""
        k, v = (split_heads(y, self.heads) for y in self.kv(context).chunk(2, dim=-1))
        h = fast_attention(split_heads(self.q(x), self.heads), k, v)
        return cast(Tensor, self.out(merge_heads(h)))


def causal_mask(count: int) -> Tensor:
    """(count, count) bool: token i may look at tokens 0..i."""
    return torch.ones(count, count, dtype=torch.bool).tril()
