"""Lecture 2, the divergence along one random line: 02.4 ssm_loss."""

from itertools import product

import numpy as np
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
    bent,
    flat,
    linear,
    score_batch,
    turn,
)
from coursekit.workbook.exercises.score_sliced_versions import MUTANTS, VARIANTS

_SIGNS = np.array(list(product([-1.0, 1.0], repeat=2)))  # (4, 2)


def _inputs(seed: int) -> Inputs:
    """Signs `v` for clips, normal ones else; `points` for every sign in turn."""
    rng, inputs = score_batch(seed, "x", "v")
    if inputs["x"].ndim == 5:
        inputs["v"] = np.sign(inputs["v"])
    inputs["points"] = rng.standard_normal((5, 2))
    inputs["guess"] = rng.standard_normal((2, 2)) - np.eye(2)
    return inputs


def _crossed(inputs: Inputs) -> tuple[Array, Array]:
    """Every point with every sign vector: the mean over v without any chance."""
    return np.repeat(inputs["points"], 4, axis=0), np.tile(_SIGNS, (5, 1))


def _call(fn: Function, inputs: Inputs) -> Outputs:
    def x() -> Tensor:
        return tensor(inputs["x"])  # a fresh one, in case gradients are switched on

    net, turning = Net(inputs), linear(turn(inputs["matrix"]))
    v = tensor(inputs["v"])
    loss = fn(net, x(), v)
    points, signs = (tensor(a) for a in _crossed(inputs))
    return {
        "loss": array(loss, scalar=True),
        "gradient": net.slope(loss),
        "loss of a score that turns": array(fn(turning, x(), v)),
        "loss with v twice as long": array(fn(Net(inputs), x(), 2 * v)),
        "loss over all signs": array(fn(linear(inputs["guess"]), points, signs)),
    }


def _terms(inputs: Inputs) -> tuple[Array, Array]:
    """v . J v and |score|^2 for a `Net` of weight 1."""
    found, v = bent(inputs, inputs["x"]), flat(inputs["v"])
    along = v @ inputs["matrix"].astype(float).T  # J = diag(1 - tanh^2) matrix
    return (v * (1 - found**2) * along).sum(1), (found**2).sum(1)


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    (line, size), weight = _terms(inputs), inputs["weight"]
    for name, times in (("loss", 1), ("loss with v twice as long", 4)):
        said = must_equal(
            outputs[name],
            np.asarray(np.mean(times * weight * line + weight**2 * size / 2)),
            f"{name}: for a score weight * tanh(A x) it is not the known one",
        )
        if said is not None:
            return said
    return must_equal(
        outputs["gradient"],
        np.asarray(np.mean(line + weight * size)),
        "the gradient that reaches the network's weight is wrong",
    )


def _turning(inputs: Inputs) -> Array:
    score = flat(inputs["x"]) @ turn(inputs["matrix"].astype(float)).T
    return np.asarray(np.mean((score**2).sum(1) / 2))


def _implicit(inputs: Inputs) -> Array:
    score = inputs["points"] @ inputs["guess"].T
    return np.asarray(np.trace(inputs["guess"]) + np.mean((score**2).sum(1)) / 2)


SSM_LOSS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        equals(
            "implicit score matching on average",
            "loss over all signs",
            _implicit,
            "averaged over all sign vectors v it must be the loss of implicit score "
            "matching",
        ),
        equals(
            "a score that turns",
            "loss of a score that turns",
            _turning,
            "for a score that only turns v . J v is 0, whatever v: its loss must be "
            "the mean of |score|^2 / 2",
        ),
        Oracle("a score that bends", _by_hand),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
