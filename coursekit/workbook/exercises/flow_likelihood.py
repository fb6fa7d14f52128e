"""Lecture 3, what the flow thinks of a data point: 03.12 log_likelihood."""

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    array,
    equals,
    generator,
    must_equal,
    tensor,
)
from coursekit.theory.likelihood import hutchinson
from coursekit.workbook.exercises.flow_batch import PLANES, bend, grid
from coursekit.workbook.exercises.flow_likelihood_versions import MUTANTS, VARIANTS


def _inputs(seed: int) -> Inputs:
    rng, dims = generator(seed), 2 + seed % 2
    return {
        "x0": rng.standard_normal((7, dims)),
        "ts": grid(rng, 5),
        "matrix": 0.6 * rng.standard_normal((dims, dims)) + 0.5 * np.eye(dims),
        "probe": rng.choice([-1.0, 1.0], (7, dims)),
        "spread": rng.uniform(0.4, 0.8, dims),
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    names = ("x0", "ts", "matrix", "probe", "spread")
    x0, ts, matrix, probe, spread = (tensor(inputs[name]) for name in names)

    def linear(x: Tensor, t: Tensor) -> Tensor:
        return x @ matrix.T

    def stirred(x: Tensor, t: Tensor) -> Tensor:
        return bend(x @ matrix.T, t)

    def still(x: Tensor, t: Tensor) -> Tensor:
        return 0 * x

    def gaussian(x: Tensor, t: Tensor) -> Tensor:
        """The exact velocity when x0 is N(0, spread^2) on the straight path."""
        time = t[:, None]
        var = ((1 - time) * spread) ** 2 + time**2
        return (time - (1 - time) * spread**2) / var * x

    fine = torch.linspace(1, 0, 9, dtype=torch.float64)
    return {
        "log p": array(fn(stirred, x0, ts)),
        "log p under a linear field": array(fn(linear, x0, ts)),
        "log p when nothing moves": array(fn(still, x0, ts)),
        "log p of a Gaussian": array(fn(gaussian, spread * x0, fine)),
        "log p with another trace": array(fn(linear, x0, ts, hutchinson(probe))),
    }


def _normal(x: np.ndarray) -> np.ndarray:
    found: np.ndarray = -(x**2).sum(1) / 2 - x.shape[1] * math.log(2 * math.pi) / 2
    return found


def _linear(inputs: Inputs, spread: np.ndarray | float | None = None) -> np.ndarray:
    """A Heun step multiplies by 1 + hA + (hA)^2 / 2; the trace is constant."""
    matrix, x = inputs["matrix"], inputs["x0"]
    spread = np.trace(matrix) if spread is None else spread
    for h in np.diff(inputs["ts"][::-1]):
        step = np.eye(len(matrix)) + h * matrix + (h * matrix) @ (h * matrix) / 2
        x = x @ step.T
    found: np.ndarray = _normal(x) + spread * (inputs["ts"][0] - inputs["ts"][-1])
    return found


def _by_hand(inputs: Inputs) -> np.ndarray:
    """Heun steps for a field whose Jacobian's diagonal is known."""
    matrix, x, total = inputs["matrix"], inputs["x0"], np.zeros(7)

    def velocity(x: np.ndarray, t: float) -> np.ndarray:
        found: np.ndarray = np.tanh(x @ matrix.T) * (0.3 + t) - 0.4 * t**2
        return found

    def spread(x: np.ndarray, t: float) -> np.ndarray:
        found: np.ndarray = (0.3 + t) * np.cosh(x @ matrix.T) ** -2.0 @ np.diag(matrix)
        return found

    for t, s in pairwise(inputs["ts"][::-1]):
        guess = x + (s - t) * velocity(x, t)
        total = total + (s - t) / 2 * (spread(x, t) + spread(guess, s))
        x = x + (s - t) / 2 * (velocity(x, t) + velocity(guess, s))
    return _normal(x) + total


def _estimate(inputs: Inputs) -> np.ndarray:
    """probe^T A probe: what Hutchinson's estimate says about a linear field."""
    probe = inputs["probe"]
    found: np.ndarray = ((probe @ inputs["matrix"].T) * probe).sum(1)
    return found


def _known(inputs: Inputs, outputs: Outputs) -> str | None:
    x0, spread = inputs["x0"], inputs["spread"]
    want = _normal(x0) - np.log(spread).sum()
    got = outputs["log p of a Gaussian"]
    if got.shape == want.shape and np.abs(got - want).max() < 0.2:
        return None
    return (
        "for data whose density is known, with the exact velocity and 8 steps, it is "
        "not that density"
    )


def _still(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["log p when nothing moves"],
        _normal(inputs["x0"]),
        "when nothing moves the data is noise already: it must be the log density of "
        "the noise",
    )


LOG_LIKELIHOOD = Probe(
    inputs=_inputs,
    call=_call,
    cases=PLANES,
    oracles=(
        Oracle("nothing moves", _still),
        equals(
            "a linear field",
            "log p under a linear field",
            _linear,
            "under a linear field it is not the known one: the divergence is constant "
            "there, and a Heun step multiplies by 1 + hA + (hA)^2 / 2",
        ),
        equals(
            "another trace",
            "log p with another trace",
            lambda inputs: _linear(inputs, _estimate(inputs)),
            "`trace` is not what the integral is made of",
        ),
        equals(
            "a field that bends",
            "log p",
            _by_hand,
            "under a field that is not linear it is not what Heun steps give",
        ),
        Oracle("a density that is known", _known),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
