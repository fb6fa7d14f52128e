"""Lecture 5, queries and keys are turned: 05.10 rotate."""

import numpy as np
import torch
from torch import Tensor

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

_BATCHES = ((), (7,), (4, 3))


def _inputs(seed: int) -> Inputs:
    rng, batch = generator(seed), _BATCHES[seed % 3]
    dtype = np.float32 if seed % 3 == 2 else np.float64
    return {
        "x": rng.standard_normal((*batch, 5, 8)).astype(dtype),
        "k": rng.standard_normal((*batch, 5, 8)).astype(dtype),
        "angles": rng.uniform(0.3, 2.8, (5, 4)),
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, k, angles = (tensor(inputs[name]) for name in ("x", "k", "angles"))
    moved = angles + 1.5
    q = fn(x, angles)
    return {
        "turned": array(q),
        "turned, times a turned key": array((q * fn(k, 2 * angles)).sum(-1)),
        "the same, all moved": array((fn(x, moved) * fn(k, 2 * angles + 1.5)).sum(-1)),
    }


def _complex(x: Array, angles: Array) -> Array:
    y = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)
    return np.stack([y.real, y.imag], axis=-1).reshape(x.shape)


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["turned"],
        _complex(inputs["x"].astype(float), inputs["angles"]).astype(inputs["x"].dtype),
        "the pair (a, b) of neighbours must become (a cos - b sin, a sin + b cos)",
    )


def _relative(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["the same, all moved"],
        outputs["turned, times a turned key"],
        "q k must depend on the difference of the angles only",
    )


def _pairs(x: Tensor, angles: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """cos, sin, and the first and second of each pair."""
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    return cos, sin, x[..., 0::2], x[..., 1::2]


def _woven(first: Tensor, second: Tensor) -> Tensor:
    return torch.stack([first, second], dim=-1).flatten(-2)


def _backwards(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles)
    return _woven(a * cos + b * sin, b * cos - a * sin)


def _halves(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, *_ = _pairs(x, angles)
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


def _not_woven(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


def _exchanged(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles)
    return _woven(a * sin - b * cos, a * cos + b * sin)


def _mirrored(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles)
    return _woven(a * cos + b * sin, a * sin - b * cos)


def _both_plus(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles)
    return _woven(a * cos + b * sin, a * sin + b * cos)


def _overwritten(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles)
    a = a * cos - b * sin
    return _woven(a, a * sin + b * cos)


def _scaled_only(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles)
    return _woven(a * cos, b * sin)


def _added(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles)
    return _woven(a + cos, b + sin)


def _wide(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin = angles.cos(), angles.sin()
    a, b = x[..., 0::2].double(), x[..., 1::2].double()
    return _woven(a * cos - b * sin, a * sin + b * cos)


def _first_angle(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin, a, b = _pairs(x, angles[:1])
    return _woven(a * cos - b * sin, a * sin + b * cos)


def _flipped(x: Tensor, angles: Tensor) -> Tensor:
    cos = angles.cos().repeat_interleave(2, dim=-1).to(x.dtype)
    sin = angles.sin().repeat_interleave(2, dim=-1).to(x.dtype)
    across = torch.stack([-x[..., 1::2], x[..., ::2]], dim=-1).reshape(x.shape)
    return x * cos + across * sin


def _matrices(x: Tensor, angles: Tensor) -> Tensor:
    cos, sin = angles.cos(), angles.sin()
    rows = [torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)]
    turn = torch.stack(rows, dim=-2).to(x.dtype)  # (T, d / 2, 2, 2)
    pairs = x.reshape(*x.shape[:-1], -1, 2)
    return torch.einsum("tdij,...tdj->...tdi", turn, pairs).flatten(-2)


ROTATE = Probe(
    inputs=_inputs,
    call=_call,
    cases=("one sequence", "a batch (B, T, d)", "heads (B, h, T, d), float32"),
    oracles=(Oracle("complex numbers", _by_hand), Oracle("differences", _relative)),
    mutants=(
        Mutant(
            "the other way",
            _backwards,
            "it turns the other way round: (a cos - b sin, a sin + b cos)",
        ),
        Mutant(
            "halves",
            _halves,
            "the first half of the features is paired with the second: the pairs are "
            "neighbours, (0, 1), (2, 3) and so on",
        ),
        Mutant(
            "not woven again",
            _not_woven,
            "all first features of the pairs come before all second ones: put each "
            "pair side by side again",
        ),
        Mutant(
            "sine and cosine exchanged",
            _exchanged,
            "sine and cosine are exchanged: at angle 0 nothing must turn",
        ),
        Mutant(
            "a mirror",
            _mirrored,
            "this mirrors the pair: the minus belongs to b sin in the first feature",
        ),
        Mutant(
            "no minus",
            _both_plus,
            "the minus is missing: lengths would change",
        ),
        Mutant(
            "a overwritten",
            _overwritten,
            "the second feature is made of the new a: keep the old one until both are "
            "done",
        ),
        Mutant(
            "scaled",
            _scaled_only,
            "each feature is only scaled: a turn mixes the two of a pair",
        ),
        Mutant(
            "added",
            _added,
            "cosines and sines are added, as for sinusoidal addresses: RoPE multiplies",
        ),
        Mutant(
            "dtype",
            _wide,
            "the angles' dtype wins: return that of x",
        ),
        Mutant(
            "all by one angle",
            _first_angle,
            "all tokens are turned by the first one's angles",
        ),
    ),
    variants=(
        Variant("x cos plus x across, sin", _flipped),
        Variant("2 x 2 matrices", _matrices),
    ),
)
