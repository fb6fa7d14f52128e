"""Lecture 2, one step back in time: 02.11 reverse_sde_step."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    column,
    must_equal,
    tensor,
)
from coursekit.theory.paths import Path
from coursekit.workbook.exercises.score_reverse_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.score_walks import by_hand, routes, walk_batch

_TINY = 1e-6  # a step so small that what is of second order does not show


def _inputs(seed: int) -> Inputs:
    rng, inputs = walk_batch(seed, "x", "score", "noise")
    return inputs | {"spread": float(rng.uniform(0.3, 0.8))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    names = ("x", "score", "noise", "t", "s")
    x, score, noise, t, s = (tensor(inputs[name]) for name in names)
    still = torch.zeros_like(x)
    found: Outputs = {}
    for name, path in routes(inputs).items():
        found[f"the step on {name}"] = array(fn(x, score, t, s, noise, path))
    vp, ve = (routes(inputs)[name] for name in ("VPPath", "VEPath"))
    return found | {
        "the step without noise": array(fn(x, score, t, s, still, vp)),
        "the step without drift": array(fn(still, still, t, s, noise, vp)),
        "the step without score": array(fn(x, still, t, s, still, vp)),
        "the pull of the score": array(fn(still, score, t, s, still, ve)),
        "variance after a tiny step": _variances(fn, inputs),
    }


def _variances(fn: Function, inputs: Inputs) -> Array:
    """The crowd N(0, spread^2) noised to t: its variance after one tiny step."""
    t = torch.from_numpy(inputs["t"].astype(float))[:, None]
    found = []
    for name, path in routes(inputs).items():
        var = torch.from_numpy(_variance(inputs, name, inputs["t"]))[:, None]
        moved = _column(fn, torch.ones_like(t), -1 / var, t, 0 * t, path)
        shaken = _column(fn, 0 * t, 0 * t, t, torch.ones_like(t), path)
        found.append(array(moved**2 * var + shaken**2)[:, 0])
    return np.stack(found)


def _column(
    fn: Function, x: Tensor, score: Tensor, t: Tensor, noise: Tensor, path: Path
) -> Tensor:
    moved: Tensor = fn(x, score, t[:, 0], t[:, 0] - _TINY, noise, path)
    return torch.from_numpy(array(moved))


def _variance(inputs: Inputs, name: str, t: Array) -> Array:
    path = by_hand(inputs, name, t)
    found: Array = (path.alpha * inputs["spread"]) ** 2 + path.sigma**2
    return found


def _keeps_the_crowd(inputs: Inputs, outputs: Outputs) -> str | None:
    got = outputs["variance after a tiny step"]
    for row, name in zip(got, routes(inputs), strict=True):
        path = by_hand(inputs, name, inputs["t"])
        grows = 2 * path.alpha * path.d_alpha * inputs["spread"] ** 2
        grows = grows + 2 * path.sigma * path.d_sigma
        fell = (_variance(inputs, name, inputs["t"]) - row) / _TINY
        if not np.allclose(fell, grows, rtol=0.01, atol=0.01):
            return (
                "in a tiny step back, the variance of a Gaussian crowd does not change "
                "as that of the path does, alpha^2 var + sigma^2"
            )
    return None


def _by_formula(inputs: Inputs, outputs: Outputs) -> str | None:
    """f and g by hand: -beta/2 and sqrt(beta) on VPPath, and so on."""
    x, score = inputs["x"].astype(float), inputs["score"].astype(float)
    dt = column(inputs["s"].astype(float) - inputs["t"].astype(float), x)
    for name in routes(inputs):
        path = by_hand(inputs, name, inputs["t"])
        f, g2 = column(path.f, x), column(path.g2, x)
        want = x + (f * x - g2 * score) * dt + np.sqrt(g2 * -dt) * inputs["noise"]
        said = must_equal(
            outputs[f"the step on {name}"],
            want,
            f"on {name}, with f and g by hand, it is not "
            "x + (f x - g^2 score) dt + g sqrt(|dt|) noise",
        )
        if said is not None:
            return said
    return None


def _parts(inputs: Inputs, outputs: Outputs) -> str | None:
    """On VPPath, beta is all one needs to know; on VEPath nothing but the score."""
    x = inputs["x"].astype(float)
    t, back = inputs["t"].astype(float), inputs["t"].astype(float) - inputs["s"]
    low, high = inputs["beta_min"], inputs["beta_max"]
    area = column((low + t * (high - low)) * back, x)
    blur = by_hand(inputs, "VEPath", t)
    slope = column(2 * blur.sigma * blur.d_sigma * back, x)
    return (
        must_equal(
            outputs["the step without score"],
            x * (1 + area / 2),
            "on VPPath, without score and noise, x must grow by the share beta/2 * "
            "(t - s): backwards, what had shrunk grows",
        )
        or must_equal(
            outputs["the step without drift"],
            np.sqrt(area) * inputs["noise"],
            "on VPPath, at x = 0 without score, the noise must have the factor "
            "sqrt(beta * (t - s))",
        )
        or must_equal(
            outputs["the pull of the score"],
            slope * inputs["score"],
            "on VEPath, without noise, x must move along the score, by g^2 (t - s) "
            "times it",
        )
    )


REVERSE_SDE_STEP = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("its parts", _parts),
        Oracle("f and g by hand", _by_formula),
        Oracle("a Gaussian crowd", _keeps_the_crowd),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
    tolerances={"variance after a tiny step": (1e-9, 1e-12)},
)
