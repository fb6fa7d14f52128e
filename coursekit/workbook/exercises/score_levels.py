"""Lecture 2, all noise levels at once: 02.6 ncsn_loss."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    column,
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
from coursekit.workbook.exercises.score_levels_versions import MUTANTS, VARIANTS


def _inputs(seed: int) -> Inputs:
    """Levels from small to large, in any order; far enough from 1 to tell powers."""
    rng, inputs = score_batch(seed, "x0", "eps")
    exponents = np.linspace(-1.6, 0.8, 7) + rng.uniform(-0.15, 0.15, 7)
    inputs["sigma"] = rng.permutation(np.exp(exponents)).astype(inputs["x0"].dtype)
    return inputs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x0, sigma, eps = (tensor(inputs[name]) for name in ("x0", "sigma", "eps"))
    net, point = Net(inputs), x0[:1].expand_as(x0).clone()

    def told(x: Tensor, level: Tensor) -> Tensor:
        """A network that looks at its level."""
        factor = 1 + level.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
        return net(x) * factor

    def silent(x: Tensor, level: Tensor) -> Tensor:
        return torch.zeros_like(x)

    def home(x: Tensor, level: Tensor) -> Tensor:
        """The score of the noised data when all data are one point."""
        return (x0[:1] - x) / level.reshape(-1, *[1] * (x.ndim - 1)) ** 2

    watched = Watched(told)
    loss = fn(watched, x0, sigma, eps)
    value = array(loss, scalar=True)
    return {
        "loss": value,
        "x that the score sees": watched.seen(),
        "sigma that the score is told": watched.seen("levels"),
        "gradient": net.slope(loss),
        "loss of a score that says 0": array(fn(silent, x0, sigma, eps)),
        "loss of the score that leads home": array(fn(home, point, sigma, eps)),
    }


def _noised(inputs: Inputs) -> Array:
    level = column(inputs["sigma"], inputs["x0"])
    found: Array = inputs["x0"].astype(float) + level * inputs["eps"]
    return found


def _seen(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["x that the score sees"],
        _noised(inputs),
        "the score must be asked at x0 + sigma * eps, with each sample's own sigma",
    ) or must_equal(
        outputs["sigma that the score is told"],
        inputs["sigma"].astype(float),
        "the score must be told sigma itself, of shape (B,)",
    )


def _zero(inputs: Inputs) -> Array:
    return np.asarray(np.mean((flat(inputs["eps"]) ** 2).sum(1)))


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    sigma = inputs["sigma"].astype(float)[:, None]
    shown = bent(inputs, _noised(inputs)) * (1 + sigma)
    error = sigma * inputs["weight"] * shown + flat(inputs["eps"])
    return must_equal(
        outputs["loss"],
        np.asarray(np.mean((error**2).sum(1))),
        "for a score weight * tanh(A x) * (1 + sigma) it is not the known one",
    ) or must_equal(
        outputs["gradient"],
        np.asarray(np.mean(2 * (error * sigma * shown).sum(1))),
        "the gradient that reaches the network's weight is wrong",
    )


NCSN_LOSS = Probe(
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
            "a score that says 0 must cost the mean of |eps|^2: all levels count alike",
        ),
        Oracle("a score that bends", _by_hand),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
