"""Lecture 2, the same crowd without chance: 02.12 probability_flow."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    column,
    equals,
    must_equal,
    tensor,
)
from coursekit.theory.paths import Path, expand_as
from coursekit.theory.prediction import convert
from coursekit.theory.sde import drift_diffusion
from coursekit.workbook.exercises.score_walks import (
    UNSHAPED,
    by_hand,
    routes,
    walk_batch,
)


def _inputs(seed: int) -> Inputs:
    _, inputs = walk_batch(seed, "x", "score", "x0", "eps")
    del inputs["s"]
    return inputs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, score, t = (tensor(inputs[name]) for name in ("x", "score", "t"))
    found: Outputs = {}
    for name, path in routes(inputs).items():
        found[f"dx/dt on {name}"] = array(fn(x, score, t, path))
        # One data point: the score is -eps / sigma, and all is known.
        here = by_hand(inputs, name, inputs["t"])
        alpha, sigma = (column(c, inputs["x0"]) for c in (here.alpha, here.sigma))
        xt = alpha * inputs["x0"] + sigma * inputs["eps"]
        known = [torch.from_numpy(a).to(x) for a in (xt, -inputs["eps"] / sigma)]
        found[f"one data point on {name}"] = array(fn(*known, t, path))
    return found


def _along(inputs: Inputs, outputs: Outputs) -> str | None:
    """With one data point, the flow is the slope of alpha x0 + sigma eps."""
    x0, eps = inputs["x0"].astype(float), inputs["eps"].astype(float)
    for name in routes(inputs):
        path = by_hand(inputs, name, inputs["t"])
        want = column(path.d_alpha, x0) * x0 + column(path.d_sigma, x0) * eps
        said = must_equal(
            outputs[f"one data point on {name}"],
            want,
            f"with one data point only, on {name}, it must be the slope of the path, "
            "alpha' x0 + sigma' eps",
        )
        if said is not None:
            return said
    return None


def _shrinking(inputs: Inputs) -> Array:
    """On VPPath the flow is -beta/2 (x + score)."""
    low, high = inputs["beta_min"], inputs["beta_max"]
    beta = low + inputs["t"].astype(float) * (high - low)
    found: Array = -column(beta / 2, inputs["x"]) * (
        inputs["x"].astype(float) + inputs["score"]
    )
    return found


def _exploding(inputs: Inputs) -> Array:
    """On VEPath nothing shrinks: -sigma sigma' score."""
    path = by_hand(inputs, "VEPath", inputs["t"])
    half = column(path.sigma * path.d_sigma, inputs["x"])
    return np.asarray(-half * inputs["score"])


def _flow(combine: Function) -> Function:
    """A version from (f x, g, score, g^2) -> dx/dt."""

    def flow(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
        f, g = (expand_as(c, x) for c in drift_diffusion(path, t))
        found: Tensor = combine(f * x, g, score, g**2)
        return found

    return flow


def _unshaped(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
    f, g = drift_diffusion(path, t)
    return f * x - g**2 / 2 * score


def _first_only(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
    f, g = drift_diffusion(path, t[0])
    return f * x - g**2 / 2 * score


def _converted(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
    return convert(score, x, t, path, "score").velocity


def _by_belief(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
    """Guess the noise and the data from the score, then take the path's slopes."""
    alpha, sigma, d_alpha, d_sigma = (
        expand_as(c, x) for c in (path.alpha(t), path.sigma(t), *path.derivatives(t))
    )
    x0 = (x + sigma**2 * score) / alpha
    return d_alpha * x0 - d_sigma * sigma * score


def _loop(x: Tensor, score: Tensor, t: Tensor, path: Path) -> Tensor:
    rows = []
    for point, pull, time in zip(x, score, t, strict=True):
        f, g = drift_diffusion(path, time)
        rows.append(f * point - 0.5 * g.square() * pull)
    return torch.stack(rows)


PROBABILITY_FLOW = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("one data point", _along),
        equals(
            "on VPPath",
            "dx/dt on VPPath",
            _shrinking,
            "on VPPath it must be -beta/2 * (x + score)",
        ),
        equals(
            "on VEPath",
            "dx/dt on VEPath",
            _exploding,
            "on VEPath it must be -sigma sigma' * score",
        ),
    ),
    mutants=(
        Mutant(
            "whole score",
            _flow(lambda fx, g, score, g2: fx - g2 * score),
            "the score has g^2: that is the drift of the reverse SDE, without noise "
            "half of it is enough",
        ),
        Mutant(
            "sign of the score",
            _flow(lambda fx, g, score, g2: fx + g2 * score / 2),
            "the sign of the score is flipped: the flow leads to the noise, against "
            "the score, so - g^2 score / 2",
        ),
        Mutant(
            "towards the data",
            _flow(lambda fx, g, score, g2: g2 * score / 2 - fx),
            "it points towards the data: dx/dt points to the noise, as time does; a "
            "negative step turns it round",
        ),
        Mutant(
            "half of everything",
            _flow(lambda fx, g, score, g2: (fx - g2 * score) / 2),
            "f x is halved, too: only the score has the half",
        ),
        Mutant(
            "g not squared",
            _flow(lambda fx, g, score, g2: fx - g * score / 2),
            "the score has g / 2: it has g^2 / 2",
        ),
        Mutant(
            "half squared",
            _flow(lambda fx, g, score, g2: fx - (g / 2) ** 2 * score),
            "the half is squared, too: it is g^2 / 2, not (g / 2)^2",
        ),
        Mutant(
            "no g",
            _flow(lambda fx, g, score, g2: fx - score / 2),
            "g is missing: the score has g^2 / 2",
        ),
        Mutant(
            "no f x",
            _flow(lambda fx, g, score, g2: -g2 * score / 2),
            "f x is missing: the crowd shrinks with the path, also without the score",
        ),
        Mutant(
            "sign of f x",
            _flow(lambda fx, g, score, g2: -fx - g2 * score / 2),
            "the sign of f x is flipped: f is negative already where the data shrinks",
        ),
        Mutant(
            "no score",
            _flow(lambda fx, g, score, g2: fx),
            "the score is missing: without it the crowd would only shrink",
        ),
        Mutant(
            "f without x",
            lambda x, score, t, path: _flow(
                lambda fx, g, score, g2: fx - g2 * score / 2
            )(torch.ones_like(x), score, t, path),
            "f is not multiplied by x: what lies far out moves faster",
        ),
        Mutant(
            "one time for all",
            _first_only,
            "all samples have the time of the first one: each has its own",
        ),
        Mutant("not reshaped", _unshaped, UNSHAPED),
    ),
    variants=(
        Variant("through convert", _converted),
        Variant("through x0 and eps", _by_belief),
        Variant("a loop over samples", _loop),
    ),
)
