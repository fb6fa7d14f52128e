"""Lecture 2, one step with chance in it: 02.10 euler_maruyama_step."""

import numpy as np
import torch

from coursekit.checks.spec import (
    Function,
    Inputs,
    Outputs,
    Probe,
)
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    column,
    equals,
    tensor,
)
from coursekit.workbook.exercises.score_maruyama_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.score_walks import walk_batch


def _inputs(seed: int) -> Inputs:
    rng, inputs = walk_batch(seed, "x", "drift", "noise")
    t, s = inputs["t"], inputs["s"]
    return {name: inputs[name] for name in ("x", "drift", "noise")} | {
        "g": rng.uniform(0.5, 3.0, len(t)).astype(t.dtype),
        "dt": (t - s).astype(t.dtype),
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, drift, noise, g, dt = (
        tensor(inputs[name]) for name in ("x", "drift", "noise", "g", "dt")
    )
    nothing = torch.zeros_like(x)
    return {
        "the step forwards": array(fn(x, drift, g, dt, noise)),
        "the step back": array(fn(x, drift, g, -dt, noise)),
        "the step without noise": array(fn(x, drift, g, -dt, nothing)),
        "the step without drift": array(fn(x, nothing, g, -dt, noise)),
        "the step forwards without drift": array(fn(x, nothing, g, dt, noise)),
    }


def _pulled(inputs: Inputs) -> Array:
    x = inputs["x"]
    return np.asarray(x - column(inputs["dt"], x) * inputs["drift"])


def _shaken(inputs: Inputs) -> Array:
    x = inputs["x"]
    size = np.abs(inputs["g"].astype(float)) * np.abs(inputs["dt"].astype(float)) ** 0.5
    return np.asarray(x + column(size, x) * inputs["noise"])


def _both(inputs: Inputs) -> Array:
    """Pull and shake do not know of each other, so their changes add up."""
    return np.asarray(_pulled(inputs) + _shaken(inputs) - inputs["x"])


EULER_MARUYAMA_STEP = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        equals(
            "the pull",
            "the step without noise",
            _pulled,
            "without noise it must be an Euler step, x + drift * dt, also for a "
            "negative dt",
        ),
        equals(
            "the shake",
            "the step without drift",
            _shaken,
            "without drift a step back must add g * sqrt(|dt|) * noise",
        ),
        equals(
            "the shake forwards",
            "the step forwards without drift",
            _shaken,
            "without drift a step forwards must add g * sqrt(dt) * noise",
        ),
        equals(
            "both together",
            "the step back",
            _both,
            "it is not the sum of the pull and the shake",
        ),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
