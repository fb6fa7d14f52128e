"""Lecture 2, does a field flow out of a point or into it: 02.2 divergence."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    equals,
    must_equal,
    tensor,
)
from coursekit.workbook.exercises.score_batch import (
    Net,
    bent_divergence,
    linear,
    score_batch,
    turn,
)
from coursekit.workbook.exercises.score_divergence_versions import MUTANTS, VARIANTS


def _inputs(seed: int) -> Inputs:
    return score_batch(seed, "x")[1]


def _inward(inputs: Inputs) -> Array:
    """A matrix of negative trace."""
    found: Array = inputs["matrix"] - 3 * np.eye(len(inputs["matrix"]), dtype="f4")
    return found


def _tried(fn: Function, field: Function, x: Tensor) -> Tensor:
    """What it returns, or NaN where it fails: the rest is worth a look all the same."""
    try:
        found: Tensor = fn(field, x)
    except (RuntimeError, TypeError, AttributeError):
        return torch.full((len(x),), torch.nan, dtype=x.dtype)
    return found


def _call(fn: Function, inputs: Inputs) -> Outputs:
    def x() -> Tensor:
        return tensor(inputs["x"])  # a fresh one, in case gradients are switched on

    net = Net(inputs)
    value = fn(net, x())
    found = {"divergence": array(value), "gradient": net.slope(value)}

    def constant(x: Tensor) -> Tensor:
        """A field that looks at nothing but its weight."""
        return net.weight * torch.ones_like(x)

    inward, turning = linear(_inward(inputs)), linear(turn(inputs["matrix"]))
    with torch.no_grad():
        quiet = _tried(fn, net, x())
    return found | {
        "divergence of a linear field": array(fn(inward, x())),
        "divergence of a field that turns": array(fn(turning, x())),
        "divergence of a field that ignores x": array(_tried(fn, constant, x())),
        "divergence under no_grad": array(quiet),
        "does it record under no_grad (1: yes)": np.array([float(quiet.requires_grad)]),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    want = bent_divergence(inputs, inputs["x"])
    sentence = "for the field weight * tanh(matrix x) it is not the known divergence"
    return must_equal(
        outputs["divergence"], inputs["weight"] * want, sentence
    ) or must_equal(
        outputs["gradient"],
        want.sum(),
        "the gradient that reaches the network's weight is wrong",
    )


def _quiet(inputs: Inputs, outputs: Outputs) -> str | None:
    said = must_equal(
        outputs["divergence under no_grad"],
        inputs["weight"] * bent_divergence(inputs, inputs["x"]),
        "under torch.no_grad() it must work, too, and give the same numbers",
    )
    records = outputs["does it record under no_grad (1: yes)"][0]
    return said or ("under torch.no_grad() it must record nothing" if records else None)


def _trace(inputs: Inputs) -> Array:
    return np.full(len(inputs["x"]), np.trace(_inward(inputs).astype(float)))


def _zeros(inputs: Inputs) -> Array:
    return np.zeros(len(inputs["x"]))


_SPECIAL = {"divergence of a field that ignores x", "divergence under no_grad"}
_ORACLES = (
    equals(
        "a linear field",
        "divergence of a linear field",
        _trace,
        "for a linear field x -> A x it must be the trace of A, at every x",
    ),
    equals(
        "a field that turns",
        "divergence of a field that turns",
        _zeros,
        "a field that only turns flows neither in nor out: it must be 0",
    ),
    equals(
        "a field that ignores x",
        "divergence of a field that ignores x",
        _zeros,
        "a field that ignores x has the divergence 0: it is no error",
    ),
    Oracle("a field that bends", _by_hand),
    Oracle("the same under no_grad", _quiet),
)


def _diagnose(inputs: Inputs, got: Outputs, want: Outputs) -> str | None:
    """Where it fails on special cases only, say on which."""
    failed = {name for name, values in got.items() if np.isnan(values).any()}
    if not failed or not failed <= _SPECIAL:
        return None
    said = (oracle.complaint(inputs, got) for oracle in _ORACLES)
    return next((sentence for sentence in said if sentence is not None), None)


DIVERGENCE = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=_ORACLES,
    diagnose=_diagnose,
    mutants=MUTANTS,
    variants=VARIANTS,
)
