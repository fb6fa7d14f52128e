"""Lecture 5, one stream, side by side: 05.14 SingleBlock.forward."""

import numpy as np
from scipy.special import ndtr

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    Array,
    array,
    generator,
    must_equal,
    tensor,
)
from coursekit.models.mmdit_blocks import SingleBlock
from coursekit.workbook.exercises.architecture_batch import built
from coursekit.workbook.exercises.architecture_numpy import (
    Weights,
    heads_of,
    heard,
    normed,
    rms_normed,
    turned,
)
from coursekit.workbook.exercises.architecture_single_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.latent_batch import weights

_SHAPE = {"width": 12, "heads": 3, "ratio": 2.0}

_FORMULA = (
    "not x + gate narrow([what was heard, act(hidden)]), both from the same modulated "
    "tokens"
)


def _inputs(seed: int) -> Inputs:
    rng, plain = generator(seed), seed % 2
    return weights(SingleBlock(**_SHAPE, qk_norm=not plain), rng) | {  # type: ignore[arg-type]
        "x": rng.standard_normal((7, 5, 12)),
        "c": rng.standard_normal((7, 12)),
        "angles": rng.uniform(-3, 3, (5, 2)),
        "plain": plain,
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    block = built(fn, _SHAPE | {"qk_norm": not inputs["plain"]}, inputs)
    x, c, angles = (tensor(inputs[name]) for name in ("x", "c", "angles"))
    new = fn(**_SHAPE).double()
    return {
        "tokens": array(block(x, c)),
        "tokens with angles": array(block(x, c, angles)),
        "tokens of a new block": array(new(x, c, angles)),
    }


def _by_hand(inputs: Inputs, angles: Array | None) -> Array:
    found, own = [], Weights(inputs)
    for x, c in zip(inputs["x"], inputs["c"], strict=True):
        shift, scale, gate = own.knobs(c, 3)
        wide = own.linear("wide", normed(x) * (1 + scale) + shift)
        q, k, v = (heads_of(part, 3) for part in np.split(wide[:, :36], 3, axis=1))
        if not inputs["plain"]:
            q = [rms_normed(one, own.get("norm_q.weight")) for one in q]
            k = [rms_normed(one, own.get("norm_k.weight")) for one in k]
        heads = [
            heard(turned(q[i], angles), turned(k[i], angles), v[i]) for i in (0, 1, 2)
        ]
        bent = wide[:, 36:] * ndtr(wide[:, 36:])  # GELU
        found.append(x + gate * own.linear("narrow", np.hstack([*heads, bent])))
    return np.stack(found)


def _formula(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(outputs["tokens"], _by_hand(inputs, None), _FORMULA)


def _turned(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["tokens with angles"],
        _by_hand(inputs, inputs["angles"]),
        "queries and keys must be turned by the angles",
    )


def _identity(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["tokens of a new block"],
        inputs["x"],
        "a new block must give its tokens back as they are",
    )


SINGLE_BLOCK = Probe(
    inputs=_inputs,
    call=_call,
    cases=("with normalised queries and keys", "without"),
    oracles=(
        Oracle("in numpy", _formula),
        Oracle("with angles", _turned),
        Oracle("identity", _identity),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
