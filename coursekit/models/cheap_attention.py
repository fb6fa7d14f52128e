"""Attention with less exact arithmetic: few bits, or an analog product that is noisy.

Queries, keys, weights and values are rounded to integers with a scale for each row or
column, as in SageAttention (Zhang et al. 2024), which multiplies integers of eight
bits; or each of the two products of matrices is off by a little, as where charges and
currents multiply (Leroux et al. 2025). Both are simulated: nothing here is faster.
`Attending` puts such a rule into every network of the course.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

from coursekit.models.attention import causal_mask

Rule = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]  # of q, k, v, mask


def on_levels(x: Tensor, bits: int, dim: int = -1) -> Tensor:
    """x rounded to integers times a scale, with one scale for all numbers along `dim`.

    The integers reach from -top to top, top = 2^(bits - 1) - 1: as many on both sides
    of 0 (symmetric). The scale is the largest absolute value along `dim`, divided by
    top, so that no number is cut off. Halves go to the even integer, as `round` does.
    Where all numbers are 0 the result is 0: no scale is divided by.

    x: real, any shape; bits: 2 or more. Returns x's shape.
    """
    top = 2 ** (bits - 1) - 1
    scale = x.abs().amax(dim, keepdim=True) / top
    levels: Tensor = (x / torch.where(scale > 0, scale, 1)).round() * scale
    return levels


def few_bits(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bits: int,
    centred: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    """`attention` whose two products see rounded numbers only (`on_levels`).

    Each query and each key has a scale of its own; each query's weights after the
    softmax have one; each feature of the values has one over all tokens. The softmax
    itself is exact. centred: the mean of all keys is subtracted before they are
    rounded, for each feature over the tokens; that changes no weight, since all logits
    of a query fall by one number (Zhang et al. 2024, "smoothing" of K).

    q: (..., T, d); k: (..., S, d); v: (..., S, e); mask as in `attention`.
    Returns (..., T, e).
    """
    if centred:
        k = k - k.mean(dim=-2, keepdim=True)
    logits = on_levels(q, bits) @ on_levels(k, bits).transpose(-1, -2)
    logits = logits / q.shape[-1] ** 0.5
    if mask is not None:
        logits = logits.masked_fill(~mask, float("-inf"))
    return on_levels(logits.softmax(dim=-1), bits) @ on_levels(v, bits, dim=-2)


class Heard(NamedTuple):
    """What queries heard from some keys, and how loud these were all together."""

    out: Tensor  # (..., T, e)
    lse: Tensor  # (..., T): log of the sum of exp(logit) over these keys


def heard(q: Tensor, k: Tensor, v: Tensor, centred: bool = False) -> Heard:
    """`attention`, and the log-sum-exp of its logits over the keys.

    centred: with the mean key m (over these keys) subtracted. Then every logit of a
    query is too small by q.m / sqrt(d), and so is the log-sum-exp: it is put back, as
    `lse_correction` does in SageAttention (`sageattention/core.py`). The output needs
    no correction. Shapes as in `attention`.
    """
    root = q.shape[-1] ** 0.5
    mean = k.mean(dim=-2, keepdim=True) if centred else torch.zeros_like(k[..., :1, :])
    logits: Tensor = q @ (k - mean).transpose(-1, -2) / root
    back = (q @ mean.transpose(-1, -2)).squeeze(-1) / root
    return Heard(logits.softmax(-1) @ v, logits.logsumexp(-1) + back)


def joined(parts: Sequence[Heard]) -> Heard:
    """What the queries hear from all keys, when each part has heard some of them.

    A part's share is the sum of its exp(logit) over the sum of all, and the outputs are
    averaged with these shares. Logits may be large, so exp(lse) itself may overflow:
    only differences of log-sum-exps are exponentiated. This is how attention is
    computed block by block. parts: at least one, shapes as in `Heard`, all for the same
    queries.
    """
    lses = torch.stack([part.lse for part in parts])
    shares = lses.softmax(dim=0)[..., None]
    outs = torch.stack([part.out for part in parts])
    return Heard((shares * outs).sum(dim=0), lses.logsumexp(dim=0))


def analog_product(a: Tensor, b: Tensor, noise: float, eps: Tensor) -> Tensor:
    """a b, off by `noise` times the root mean square of its row.

    a: (..., T, d); b: (..., d, S); eps: (..., T, S), standard normal.
    """
    exact: Tensor = a @ b
    rms = exact.square().mean(dim=-1, keepdim=True).sqrt()
    return exact + noise * rms * eps


@dataclass
class Analog:
    """A rule: both products of attention are `analog_product`s; the softmax is exact.

    Each call draws fresh noise. With a `period`, call n has that of call n - period: an
    error that stays, as of parts that are not all alike. `calls`: how many there were.
    """

    noise: float
    seed: int = 0
    period: int = 0  # attentions in one pass of the network; 0: all noise is fresh
    calls: int = 0

    def __call__(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """What is heard, (..., T, e); arguments as in `attention`."""
        call = self.calls % self.period if self.period else self.calls
        self.calls += 1
        source = torch.Generator().manual_seed(1_000_003 * self.seed + call)

        def product(a: Tensor, b: Tensor) -> Tensor:
            shape = (*a.shape[:-1], b.shape[-1])
            eps = torch.randn(shape, generator=source).to(a)
            return analog_product(a, b, self.noise, eps)

        logits = product(q, k.transpose(-1, -2)) / q.shape[-1] ** 0.5
        if mask is not None:
            logits = logits.masked_fill(~mask, float("-inf"))
        return product(logits.softmax(dim=-1), v)


class Attending(TorchFunctionMode):  # type: ignore[misc, unused-ignore]
    """`with Attending(rule):` lets every attention be computed by the rule.

    Inside it, whoever calls torch's `scaled_dot_product_attention` gets
    `rule(q, k, v, mask)`. All networks of the course do, through `fast_attention`,
    while nothing is trained in bf16.
    """

    def __init__(self, rule: Rule) -> None:
        """rule: gets a mask of bool, or None."""
        super().__init__()
        self.rule = rule

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Every other function stays as it is."""
        if func is not scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        return self._attend(*args, **(kwargs or {}))

    def _attend(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        attn_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        mask = causal_mask(q.shape[-2]).to(q.device) if is_causal else attn_mask
        return self.rule(q, k, v, mask)
