"""Lecture 5, the condition turns the knobs: 05.5 modulate."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import array, generator, must_equal, tensor


def _inputs(seed: int) -> Inputs:
    rng, dtype = generator(seed), np.float32 if seed % 2 else np.float64
    found = {
        "x": rng.standard_normal((7, 5, 6)),
        "scale": rng.standard_normal((7, 6)),
        "shift": rng.standard_normal((7, 6)),
    }
    return {name: values.astype(dtype) for name, values in found.items()}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, scale, shift = (tensor(inputs[name]) for name in ("x", "scale", "shift"))
    zero = torch.zeros_like(scale)
    return {
        "tokens": array(fn(x, scale, shift)),
        "tokens with knobs at 0": array(fn(x, zero, zero)),
        "tokens of two samples": array(fn(x[:2], scale[:2], shift[:2])),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    x, scale, shift = inputs["x"], inputs["scale"], inputs["shift"]
    want = np.empty_like(x)
    for b, t in np.ndindex(x.shape[:2]):
        want[b, t] = x[b, t] * (1 + scale[b]) + shift[b]
    return must_equal(
        outputs["tokens"],
        want,
        "every token of a sample must be x (1 + scale) + shift with that sample's "
        "knobs",
    )


def _neutral(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["tokens with knobs at 0"],
        inputs["x"],
        "knobs at 0 must leave the tokens as they are",
    )


def _exchanged(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * (1 + shift[:, None]) + scale[:, None]


def _bare(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * scale[:, None] + shift[:, None]


def _shift_first(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return (x + shift[:, None]) * (1 + scale[:, None])


def _flat(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * (1 + scale) + shift


def _normed(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return layer_norm(x, x.shape[-1:]) * (1 + scale[:, None]) + shift[:, None]


def _first(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * (1 + scale[0]) + shift[0]


def _exponent(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * scale[:, None].exp() + shift[:, None]


def _gated(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x + scale[:, None] * (x + shift[:, None])


def _one_token(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    y = x.clone()
    y[:, 0] = x[:, 0] * (1 + scale) + shift
    return y


def _in_place(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x.mul_(1 + scale[:, None]).add_(shift[:, None])


def _transposed(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    y = x.transpose(0, 1)
    return torch.addcmul(y + shift, y, scale).transpose(0, 1)


def _stacked(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    rows = [one * (1 + a) + b for one, a, b in zip(x, scale, shift, strict=True)]
    return torch.stack(rows)


MODULATE = Probe(
    inputs=_inputs,
    call=_call,
    cases=("tokens (B, T, D)", "float32"),
    oracles=(Oracle("token by token", _by_hand), Oracle("neutral", _neutral)),
    mutants=(
        Mutant(
            "exchanged", _exchanged, "scale and shift are exchanged: multiply by scale"
        ),
        Mutant(
            "without the 1",
            _bare,
            "scaled by `scale` alone: with 1 + scale, a knob at 0 changes nothing",
        ),
        Mutant(
            "shifted first",
            _shift_first,
            "it shifts first, so the shift is scaled as well: scale, then shift",
        ),
        Mutant(
            "no axis for the tokens",
            _flat,
            "knobs (B, D) do not fit tokens (B, T, D): give them an axis for the "
            "tokens, scale[:, None]",
        ),
        Mutant(
            "normalised here",
            _normed,
            "it normalises the tokens: the block does that before it modulates",
        ),
        Mutant(
            "the first sample's knobs",
            _first,
            "all samples get the knobs of the first one",
        ),
        Mutant(
            "exponent", _exponent, "the factor is exp(scale): it should be 1 + scale"
        ),
        Mutant(
            "shift scaled",
            _gated,
            "the shift is multiplied by scale: it is added as it is",
        ),
        Mutant(
            "one token",
            _one_token,
            "only the first token is modulated: all tokens of a sample get the same "
            "knobs",
        ),
        Mutant(
            "in place",
            _in_place,
            "it changes x in place: compute a new tensor instead (no method that ends "
            "in _)",
        ),
    ),
    variants=(
        Variant("tokens first", _transposed),
        Variant("sample by sample", _stacked),
    ),
)
