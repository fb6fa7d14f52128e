"""The parts of a transformer block in numpy, for oracles: one sample at a time."""

import numpy as np
from scipy.special import ndtr

from coursekit.checks.spec import Inputs
from coursekit.checks.tensors import Array


class Weights:
    """The `weight NAME` arrays of inputs, and the layers that use them."""

    def __init__(self, inputs: Inputs, prefix: str = "") -> None:
        """prefix: the name of a part, such as "text."."""
        self.inputs, self.prefix = inputs, prefix

    def part(self, name: str) -> "Weights":
        """The weights below a name."""
        return Weights(self.inputs, f"{self.prefix}{name}.")

    def get(self, name: str) -> Array:
        """One array."""
        found: Array = self.inputs[f"weight {self.prefix}{name}"]
        return found

    def linear(self, name: str, x: Array) -> Array:
        """x: (..., inputs)."""
        found: Array = x @ self.get(f"{name}.weight").T + self.get(f"{name}.bias")
        return found

    def knobs(self, c: Array, count: int) -> list[Array]:
        """SiLU of one condition (D,), one linear map, cut in `count` pieces."""
        return np.split(self.linear("knobs.linear", c / (1 + np.exp(-c))), count)

    def mlp(self, name: str, x: Array) -> Array:
        """Widen, GELU, narrow."""
        h = self.linear(f"{name}.wide", x)
        return self.linear(f"{name}.narrow", h * ndtr(h))


def normed(x: Array, eps: float = 1e-6) -> Array:
    """A layer norm over the last axis, without gains."""
    away = x - x.mean(axis=-1, keepdims=True)
    found: Array = away / np.sqrt((away**2).mean(axis=-1, keepdims=True) + eps)
    return found


def rms_normed(x: Array, gain: Array) -> Array:
    """An RMS norm over the last axis."""
    found: Array = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6) * gain
    return found


def turned(x: Array, angles: Array | None) -> Array:
    """Pairs of features (0, 1), (2, 3), ... turned. x: (T, d); angles: (T, d / 2)."""
    if angles is None:
        return x
    y = (x[:, 0::2] + 1j * x[:, 1::2]) * np.exp(1j * angles)
    return np.stack([y.real, y.imag], axis=-1).reshape(x.shape)


def heads_of(x: Array, heads: int) -> list[Array]:
    """(T, D) to one (T, D / heads) for each head."""
    return np.split(x, heads, axis=1)


def heard(q: Array, k: Array, v: Array) -> Array:
    """Attention of one head: (T, d), (S, d), (S, e) to (T, e)."""
    logits = q @ k.T / np.sqrt(q.shape[1])
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Array = shares / shares.sum(axis=1, keepdims=True) @ v
    return found


def self_attention(
    weights: Weights, x: Array, heads: int, angles: Array | None
) -> Array:
    """`attention.SelfAttention` without normalised queries and keys."""
    parts = np.split(weights.linear("project.qkv", x), 3, axis=1)
    q, k, v = (heads_of(part, heads) for part in parts)
    rows = [
        heard(turned(a, angles), turned(b, angles), c)
        for a, b, c in zip(q, k, v, strict=True)
    ]
    return weights.linear("out", np.hstack(rows))


def cross_attention(weights: Weights, x: Array, context: Array, heads: int) -> Array:
    """`attention.CrossAttention`."""
    k, v = np.split(weights.linear("kv", context), 2, axis=1)
    q = weights.linear("q", x)
    parts = (heads_of(part, heads) for part in (q, k, v))
    rows = [heard(*one) for one in zip(*parts, strict=True)]
    return weights.linear("out", np.hstack(rows))
