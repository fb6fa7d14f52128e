"""Lecture 5, telling a U-Net: 05.2 scale_shift."""

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
from coursekit.checks.tensors import array, generator, must_equal, tensor

_SIZES = ((7, 3, 4, 6), (5, 4, 2, 3))


def _inputs(seed: int) -> Inputs:
    rng, size = generator(seed), _SIZES[seed % 2]
    dtype = np.float32 if seed % 2 else np.float64
    return {
        "h": rng.standard_normal(size).astype(dtype),
        "knobs": rng.standard_normal((size[0], 2 * size[1])).astype(dtype),
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    h, knobs = tensor(inputs["h"]), tensor(inputs["knobs"])
    return {
        "features": array(fn(h, knobs)),
        "features with knobs at 0": array(fn(h, torch.zeros_like(knobs))),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    h, knobs = inputs["h"], inputs["knobs"]
    want = np.empty_like(h)
    for b, c in np.ndindex(h.shape[:2]):
        scale, shift = knobs[b, c], knobs[b, h.shape[1] + c]
        want[b, c] = h[b, c] * (1 + scale) + shift
    return must_equal(
        outputs["features"],
        want,
        "channel c must be h (1 + scale) + shift with the scale knobs[:, c] and the "
        "shift knobs[:, C + c]",
    )


def _neutral(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["features with knobs at 0"],
        inputs["h"],
        "knobs at 0 must leave the features as they are",
    )


def _parts(knobs: Tensor) -> tuple[Tensor, Tensor]:
    scale, shift = knobs[:, :, None, None].chunk(2, dim=1)
    return scale, shift


def _bare(h: Tensor, knobs: Tensor) -> Tensor:
    scale, shift = _parts(knobs)
    return h * scale + shift


def _swapped(h: Tensor, knobs: Tensor) -> Tensor:
    shift, scale = _parts(knobs)
    return h * (1 + scale) + shift


def _pairs(h: Tensor, knobs: Tensor) -> Tensor:
    knobs = knobs[:, :, None, None]
    return h * (1 + knobs[:, 0::2]) + knobs[:, 1::2]


def _shift_first(h: Tensor, knobs: Tensor) -> Tensor:
    scale, shift = _parts(knobs)
    return (h + shift) * (1 + scale)


def _one_sample(h: Tensor, knobs: Tensor) -> Tensor:
    scale, shift = _parts(knobs[:1])
    return h * (1 + scale) + shift


def _only_scale(h: Tensor, knobs: Tensor) -> Tensor:
    scale, _ = _parts(knobs)
    return h * (1 + scale)


def _exponent(h: Tensor, knobs: Tensor) -> Tensor:
    scale, shift = _parts(knobs)
    return h * scale.exp() + shift


def _averaged(h: Tensor, knobs: Tensor) -> Tensor:
    scale, shift = _parts(knobs)
    return h * (1 + scale.mean(1, keepdim=True)) + shift.mean(1, keepdim=True)


def _flat(h: Tensor, knobs: Tensor) -> Tensor:
    scale, shift = knobs.chunk(2, dim=1)
    return h * (1 + scale) + shift


def _in_place(h: Tensor, knobs: Tensor) -> Tensor:
    scale, shift = _parts(knobs)
    h *= 1 + scale
    h += shift
    return h


def _einsum(h: Tensor, knobs: Tensor) -> Tensor:
    c = h.shape[1]
    scaled = torch.einsum("bchw,bc->bchw", h, 1 + knobs[:, :c])
    return scaled + knobs[:, c:].reshape(len(h), c, 1, 1)


def _channels_last(h: Tensor, knobs: Tensor) -> Tensor:
    x = h.permute(2, 3, 0, 1)
    scale, shift = torch.split(knobs, h.shape[1], dim=-1)
    return (x + x * scale + shift).permute(2, 3, 0, 1)


SCALE_SHIFT = Probe(
    inputs=_inputs,
    call=_call,
    cases=("a feature map (B, C, H, W)", "another shape, float32"),
    oracles=(Oracle("channel by channel", _by_hand), Oracle("neutral", _neutral)),
    mutants=(
        Mutant(
            "without the 1",
            _bare,
            "scaled by `scale` alone: with 1 + scale, a knob at 0 changes nothing",
        ),
        Mutant(
            "exchanged",
            _swapped,
            "scales and shifts are exchanged: the first C knobs are the scales",
        ),
        Mutant(
            "in pairs",
            _pairs,
            "scale and shift are taken by turns: all scales come first, then all "
            "shifts",
        ),
        Mutant(
            "shifted first",
            _shift_first,
            "it shifts first, so the shift is scaled as well: scale, then shift",
        ),
        Mutant(
            "the first sample's knobs",
            _one_sample,
            "all samples get the knobs of the first one",
        ),
        Mutant("no shift", _only_scale, "the shifts are not used"),
        Mutant(
            "exponent", _exponent, "the factor is exp(scale): it should be 1 + scale"
        ),
        Mutant(
            "one knob for all channels",
            _averaged,
            "all channels get the same knobs: each has its own",
        ),
        Mutant(
            "not spread over places",
            _flat,
            "knobs of shape (B, C) do not fit (B, C, H, W): add two axes, "
            "knobs[:, :, None, None]",
        ),
        Mutant(
            "in place",
            _in_place,
            "it changes h in place: compute a new tensor instead (no *=, no +=)",
        ),
    ),
    variants=(
        Variant("einsum", _einsum),
        Variant("channels last", _channels_last),
    ),
)
