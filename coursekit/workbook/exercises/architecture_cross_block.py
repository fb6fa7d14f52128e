"""Lecture 5, listening to the prompt: 05.7 CrossBlock.forward."""

import numpy as np

from coursekit.checks.spec import (
    Function,
    Inputs,
    Oracle,
    Outputs,
    Probe,
)
from coursekit.checks.tensors import (
    array,
    generator,
    must_equal,
    tensor,
)
from coursekit.models.dit_blocks import CrossBlock
from coursekit.workbook.exercises.architecture_batch import built
from coursekit.workbook.exercises.architecture_cross_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.architecture_numpy import (
    Weights,
    cross_attention,
    normed,
    self_attention,
)
from coursekit.workbook.exercises.latent_batch import weights

_SHAPE = {
    "width": 12,
    "cond_width": 10,
    "context_width": 12,
    "heads": 3,
    "ratio": 2.0,
}
_NAMES = ("x", "c", "context", "angles")


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    count = 1 if seed % 2 else 7
    return weights(CrossBlock(**_SHAPE), rng) | {  # type: ignore[arg-type]
        "x": rng.standard_normal((count, 5, 12)),
        "c": rng.standard_normal((count, 10)),
        "context": rng.standard_normal((count, 4, 12)),
        "angles": rng.uniform(-3, 3, (5, 2)),
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    block, new = built(fn, _SHAPE, inputs), fn(**_SHAPE).double()
    x, c, context, angles = (tensor(inputs[name]) for name in _NAMES)
    return {
        "tokens": array(block(x, c, context, angles)),
        "tokens of a new block": array(new(x, c, context, angles)),
    }


def _formula(inputs: Inputs, outputs: Outputs) -> str | None:
    found, own = [], Weights(inputs)
    rows = (inputs[name] for name in ("x", "c", "context"))
    for x, c, context in zip(*rows, strict=True):
        shift1, scale1, gate1, shift2, scale2, gate2 = own.knobs(c, 6)
        h = normed(x) * (1 + scale1) + shift1
        attention = self_attention(own.part("attention"), h, 3, inputs["angles"])
        z = x + gate1 * attention
        gain, lift = own.get("norm_cross.weight"), own.get("norm_cross.bias")
        h = normed(z, 1e-5) * gain + lift
        z = z + cross_attention(own.part("cross"), h, context, 3)
        h = normed(z) * (1 + scale2) + shift2
        found.append(z + gate2 * own.mlp("mlp", h))
    return must_equal(
        outputs["tokens"],
        np.stack(found),
        "not the attention, then x + cross(norm_cross(x), context), then the MLP",
    )


def _identity(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["tokens of a new block"],
        inputs["x"],
        "a new block must give its tokens back as they are",
    )


CROSS_BLOCK = Probe(
    inputs=_inputs,
    call=_call,
    cases=("a batch", "one sample"),
    oracles=(Oracle("in numpy", _formula), Oracle("identity", _identity)),
    mutants=MUTANTS,
    variants=VARIANTS,
)
