"""Lecture 4, attention: 04.7 attention."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    Array,
    array,
    generator,
    must_equal,
    tensor,
)
from coursekit.models.attention import attention

_QUERIES, _KEYS, _WIDTH, _VALUES = 5, 6, 9, 4
_BATCHES = ((), (7,), (3, 2))
_FORWARD = float("-inf")


def _inputs(seed: int) -> Inputs:
    rng, batch = generator(seed), _BATCHES[seed % 3]
    dtype = np.float32 if seed % 3 == 2 else np.float64
    found: Inputs = {
        name: rng.standard_normal((*batch, *size)).astype(dtype)
        for name, size in (
            ("q", (_QUERIES, _WIDTH)),
            ("k", (_KEYS, _WIDTH)),
            ("v", (_KEYS, _VALUES)),
        )
    }
    mask = rng.random((_QUERIES, _KEYS)) < 0.5
    mask[np.arange(_QUERIES), rng.integers(0, _KEYS, _QUERIES)] = True
    mask[0, :2] = True, False
    return found | {"mask": mask}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    q, k, v = (tensor(inputs[name]) for name in ("q", "k", "v"))
    return {
        "heard": array(fn(q, k, v)),
        "heard with a mask": array(fn(q, k, v, tensor(inputs["mask"]))),
        "heard when one key stands out": array(fn(300 * q, k, v)),
    }


def _by_hand(inputs: Inputs, q: Array, mask: Array) -> Array:
    """Query by query, in float64."""
    k, v = inputs["k"].astype(float), inputs["v"].astype(float)
    found = np.zeros((*q.shape[:-1], _VALUES))
    for place in np.ndindex(q.shape[:-1]):
        batch, query = place[:-1], place[-1]
        allowed = np.flatnonzero(mask[query])
        logits = k[batch][allowed] @ q[place].astype(float) / math.sqrt(_WIDTH)
        shares = np.exp(logits - logits.max())
        found[place] = shares @ v[batch][allowed] / shares.sum()
    return found


def _formula(inputs: Inputs, outputs: Outputs) -> str | None:
    everything = np.ones_like(inputs["mask"])
    return must_equal(
        outputs["heard"],
        _by_hand(inputs, inputs["q"], everything),
        "not the values, weighted with the softmax of q k / sqrt(d) over the keys",
    )


def _masked(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["heard with a mask"],
        _by_hand(inputs, inputs["q"], inputs["mask"]),
        "a query must hear the keys where the mask is True, and no others",
    )


def _within(inputs: Inputs, outputs: Outputs) -> str | None:
    heard, v = outputs["heard when one key stands out"], inputs["v"]
    low, high = v.min(axis=-2, keepdims=True), v.max(axis=-2, keepdims=True)
    inside = (heard > low - 1e-4) & (heard < high + 1e-4)
    return None if inside.all() else "what is heard must lie among the values"


def _attend(
    scale: Function | None = None,
    weigh: Function | None = None,
    hide: Function | None = None,
) -> Function:
    """A version from the factor, the weights and the masking of the logits.

    scale: of q, k and v; weigh: of the logits; hide: of the logits and the mask.
    """

    def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        divisor = q.shape[-1] ** 0.5 if scale is None else scale(q, k, v)
        logits = q @ k.transpose(-1, -2) / divisor
        if mask is not None:
            away = logits.masked_fill(~mask, _FORWARD)
            logits = away if hide is None else hide(logits, mask)
        shares = logits.softmax(-1) if weigh is None else weigh(logits)
        found: Tensor = shares @ v
        return found

    return attend


def _afterwards(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    logits: Tensor = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    shares = logits.softmax(-1)
    return (shares if mask is None else shares * mask) @ v


def _only_weights(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> Tensor:
    return attention(q, k, torch.eye(k.shape[-2], dtype=k.dtype), mask)


def _einsum(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    logits = torch.einsum("...td,...sd->...ts", q, k) / math.sqrt(k.size(-1))
    if mask is not None:
        logits = torch.where(mask, logits, torch.finfo(logits.dtype).min)
    shares = torch.exp(logits - logits.amax(-1, keepdim=True))
    heard = torch.einsum("...ts,...se->...te", shares, v)
    return heard / shares.sum(-1, keepdim=True)


def _fused(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    return scaled_dot_product_attention(q, k, v, attn_mask=mask)


ATTENTION = Probe(
    inputs=_inputs,
    call=_call,
    cases=("one sequence", "a batch (B, T, d)", "heads (B, h, T, d)"),
    oracles=(
        Oracle("query by query", _formula),
        Oracle("with a mask", _masked),
        Oracle("among the values", _within),
    ),
    mutants=(
        Mutant(
            "no scale",
            _attend(lambda q, k, v: 1),
            "the logits are not divided by sqrt(d): the wider the heads, the harder "
            "the softmax would be",
        ),
        Mutant(
            "divided by d",
            _attend(lambda q, k, v: q.shape[-1]),
            "the logits are divided by d: the spread of q k is sqrt(d)",
        ),
        Mutant(
            "sqrt of the keys",
            _attend(lambda q, k, v: k.shape[-2] ** 0.5),
            "divided by the root of the number of keys: d is the width of a query",
        ),
        Mutant(
            "width of the values",
            _attend(lambda q, k, v: v.shape[-1] ** 0.5),
            "divided by the root of the values' width: d is the width of a query",
        ),
        Mutant(
            "over the queries",
            _attend(weigh=lambda logits: logits.softmax(-2)),
            "the softmax runs over the queries: the weights of one query must add up "
            "to 1 over the keys",
        ),
        Mutant(
            "no softmax",
            _attend(weigh=lambda logits: logits),
            "the logits themselves are the weights: take their softmax",
        ),
        Mutant(
            "exp, then divided",
            _attend(weigh=lambda z: z.exp() / z.exp().sum(-1, keepdim=True)),
            "exp of a large logit overflows: softmax takes the largest away first",
        ),
        Mutant(
            "mask ignored",
            _attend(hide=lambda logits, mask: logits),
            "the mask is not used",
        ),
        Mutant(
            "mask inverted",
            _attend(hide=lambda logits, mask: logits.masked_fill(mask, _FORWARD)),
            "the mask is turned round: True is where a query may look",
        ),
        Mutant(
            "logit 0",
            _attend(hide=lambda logits, mask: logits * mask),
            "a forbidden key gets the logit 0, which is still weight: give it minus "
            "infinity",
        ),
        Mutant(
            "after the softmax",
            _afterwards,
            "the mask comes after the softmax, so the weights no longer add up to 1: "
            "hide the logits",
        ),
        Mutant(
            "weights only",
            _only_weights,
            "these are the weights: multiply them with the values",
        ),
    ),
    variants=(
        Variant("einsum", _einsum),
        Variant("torch's fused kernel", _fused),
    ),
)
