"""Lecture 2, the score of a mixture of Gaussians: 02.1 mixture_score."""

import numpy as np

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    Array,
    array,
    generator,
    must_equal,
    tensor,
)
from coursekit.workbook.exercises.score_mixture_versions import MUTANTS, VARIANTS

_NAMES = ("weights", "means", "stds")


def _inputs(seed: int) -> Inputs:
    """Seven points, four components of unlike width: no axis fits by luck."""
    rng, dims = generator(seed), 2 + seed % 2
    away = rng.standard_normal((7, dims))
    away *= rng.uniform(60, 90, (7, 1)) / np.linalg.norm(away, axis=1, keepdims=True)
    return {
        "x": 1.2 * rng.standard_normal((7, dims)),
        "far": away,
        "weights": rng.dirichlet([3.0] * 4),
        "means": rng.standard_normal((4, dims)),
        "stds": rng.permutation([0.3, 0.5, 0.7, 0.9]) + rng.uniform(0, 0.15, 4),
    }


def _alone(inputs: Inputs) -> tuple[Array, Array]:
    """Means and stds of four components that are one and the same."""
    return np.tile(inputs["means"][0], (4, 1)), np.full(4, inputs["stds"][0])


def _call(fn: Function, inputs: Inputs) -> Outputs:
    weights, means, stds = (tensor(inputs[name]) for name in _NAMES)
    single = (inputs[name].astype(np.float32) for name in ("x", *_NAMES))
    same = (tensor(a) for a in _alone(inputs))
    return {
        "score": array(fn(tensor(inputs["x"]), weights, means, stds)),
        "score far away": array(fn(tensor(inputs["far"]), weights, means, stds)),
        "score in float32": array(fn(*(tensor(a) for a in single))),
        "score of one Gaussian": array(fn(tensor(inputs["x"]), weights, *same)),
    }


def _log_density(inputs: Inputs, x: Array) -> Array:
    """log p up to a constant; x may be complex."""
    squares = ((x[:, None] - inputs["means"]) ** 2).sum(-1)
    terms = np.log(inputs["weights"]) - x.shape[1] * np.log(inputs["stds"])
    terms = terms - squares / (2 * inputs["stds"] ** 2)
    top = terms.real.max(1)
    found: Array = top + np.log(np.exp(terms - top[:, None]).sum(1))
    return found


def _slope(inputs: Inputs, x: Array) -> Array:
    """The slope of log p by a tiny imaginary step: no difference, so no rounding."""
    columns = []
    for i in range(x.shape[1]):
        step = np.zeros(x.shape[1], complex)
        step[i] = 1e-30j
        columns.append(_log_density(inputs, x + step).imag / 1e-30)
    return np.stack(columns, axis=1)


def _near(inputs: Inputs, outputs: Outputs) -> str | None:
    want = _slope(inputs, inputs["x"])
    sentence = "it is not the slope of log p, taken numerically"
    return must_equal(outputs["score"], want, sentence) or must_equal(
        outputs["score in float32"], want, f"in float32 {sentence}"
    )


def _away(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["score far away"],
        _slope(inputs, inputs["far"]),
        "far from all means it is not the slope of log p",
    )


def _one(inputs: Inputs, outputs: Outputs) -> str | None:
    means, stds = _alone(inputs)
    return must_equal(
        outputs["score of one Gaussian"],
        (means[0] - inputs["x"]) / stds[0] ** 2,
        "when all components are the same Gaussian it must be (mean - x) / std^2",
    )


MIXTURE_SCORE = Probe(
    inputs=_inputs,
    call=_call,
    cases=("points (B, 2)", "points (B, 3)"),
    oracles=(
        Oracle("one Gaussian", _one),
        Oracle("the slope of log p", _near),
        Oracle("far away", _away),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
