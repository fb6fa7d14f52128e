"""Lecture 5, adaLN-Zero: 05.6 DiTBlock.forward."""

import numpy as np

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    Array,
    array,
    generator,
    must_equal,
    tensor,
)
from coursekit.models.dit_blocks import DiTBlock
from coursekit.workbook.exercises.architecture_batch import built
from coursekit.workbook.exercises.architecture_dit_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.architecture_numpy import (
    Weights,
    normed,
    self_attention,
)
from coursekit.workbook.exercises.latent_batch import weights

_SHAPE = {"width": 12, "cond_width": 10, "heads": 3, "ratio": 2.0}


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    count = 1 if seed % 2 else 7
    return weights(DiTBlock(**_SHAPE), rng) | {  # type: ignore[arg-type]
        "x": rng.standard_normal((count, 5, 12)),
        "c": rng.standard_normal((count, 10)),
        "angles": rng.uniform(-3, 3, (5, 2)),
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    block = built(fn, _SHAPE, inputs)
    x, c, angles = (tensor(inputs[name]) for name in ("x", "c", "angles"))
    new = fn(**_SHAPE).double()
    return {
        "tokens": array(block(x, c)),
        "tokens with angles": array(block(x, c, None, angles)),
        "tokens of a new block": array(new(x, c)),
    }


def _by_hand(inputs: Inputs, angles: Array | None) -> Array:
    found, own = [], Weights(inputs)
    for x, c in zip(inputs["x"], inputs["c"], strict=True):
        shift1, scale1, gate1, shift2, scale2, gate2 = own.knobs(c, 6)
        h = normed(x) * (1 + scale1) + shift1
        z = x + gate1 * self_attention(own.part("attention"), h, 3, angles)
        h = normed(z) * (1 + scale2) + shift2
        found.append(z + gate2 * own.mlp("mlp", h))
    return np.stack(found)


def _formula(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["tokens"],
        _by_hand(inputs, None),
        "not x + gate1 attention(norm1(x)), then x + gate2 mlp(norm2(x)), with both "
        "norms modulated",
    )


def _turned(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["tokens with angles"],
        _by_hand(inputs, inputs["angles"]),
        "the angles must reach the attention",
    )


def _identity(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["tokens of a new block"],
        inputs["x"],
        "a new block, all knobs at 0, must give its tokens back as they are",
    )


DIT_BLOCK = Probe(
    inputs=_inputs,
    call=_call,
    cases=("a batch", "one sample"),
    oracles=(
        Oracle("in numpy", _formula),
        Oracle("with angles", _turned),
        Oracle("identity", _identity),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
