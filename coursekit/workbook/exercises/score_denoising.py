"""Lecture 2, add noise and ask for it back: 02.5 dsm_loss."""

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
    Watched,
    bent,
    flat,
    score_batch,
)
from coursekit.workbook.exercises.score_denoising_versions import MUTANTS, VARIANTS


def _inputs(seed: int) -> Inputs:
    rng, inputs = score_batch(seed, "x0", "eps")
    return inputs | {"sigma": float(rng.uniform(0.3, 0.7))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x0, eps, sigma = tensor(inputs["x0"]), tensor(inputs["eps"]), inputs["sigma"]

    def home(x: Tensor) -> Tensor:
        """The score of the noised data when all data are one point."""
        found: Tensor = (x0[:1] - x) / sigma**2
        return found

    net, point = Net(inputs), x0[:1].expand_as(x0).clone()
    watched = Watched(net)
    loss = fn(watched, x0, sigma, eps)
    value = array(loss, scalar=True)
    return {
        "loss": value,
        "x that the score sees": watched.seen(),
        "gradient": net.slope(loss),
        "loss of a score that says 0": array(fn(torch.zeros_like, x0, sigma, eps)),
        "loss of the score that leads home": array(fn(home, point, sigma, eps)),
    }


def _noised(inputs: Inputs) -> Array:
    found: Array = inputs["x0"].astype(float) + inputs["sigma"] * inputs["eps"]
    return found


def _seen(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["x that the score sees"],
        _noised(inputs),
        "the score must be asked at x0 + sigma * eps",
    )


def _zero(inputs: Inputs) -> Array:
    squares = (flat(inputs["eps"]) ** 2).sum(1)
    return np.asarray(np.mean(squares) / inputs["sigma"] ** 2)


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    shown = bent(inputs, _noised(inputs))
    error = inputs["weight"] * shown + flat(inputs["eps"]) / inputs["sigma"]
    return must_equal(
        outputs["loss"],
        np.asarray(np.mean((error**2).sum(1))),
        "for a score weight * tanh(A x) it is not the known one",
    ) or must_equal(
        outputs["gradient"],
        np.asarray(np.mean(2 * (error * shown).sum(1))),
        "the gradient that reaches the network's weight is wrong",
    )


DSM_LOSS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("what the score sees", _seen),
        equals(
            "the way home",
            "loss of the score that leads home",
            lambda inputs: np.zeros(()),
            "when all data are one point x0, the score (x0 - x) / sigma^2 must cost "
            "nothing",
        ),
        equals(
            "a score that says 0",
            "loss of a score that says 0",
            _zero,
            "a score that says 0 must cost the mean of |eps|^2 / sigma^2",
        ),
        Oracle("a score that bends", _by_hand),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
