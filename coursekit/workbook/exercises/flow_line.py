"""Lecture 3, one line from data to noise: 03.1 conditional_path."""

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
    array,
    column,
    must_equal,
    tensor,
)
from coursekit.theory.paths import expand_as
from coursekit.workbook.exercises.flow_batch import BACKWARDS, UNSHAPED, flow_batch


def _inputs(seed: int) -> Inputs:
    rng, inputs = flow_batch(seed, "x0", "eps")
    return inputs | {"sigma_min": float(rng.uniform(0.1, 0.3))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x0, eps, t = (tensor(inputs[name]) for name in ("x0", "eps", "t"))
    return {
        "x_t": array(fn(x0, eps, t)),
        "x_t with sigma_min": array(fn(x0, eps, t, inputs["sigma_min"])),
    }


def _ends(inputs: Inputs, outputs: Outputs) -> str | None:
    t, x0, eps = inputs["t"], inputs["x0"].astype(float), inputs["eps"].astype(float)
    for name, left in zip(outputs, (0.0, inputs["sigma_min"]), strict=True):
        got, start = outputs[name], (x0 + left * eps)
        said = must_equal(
            got[t == 1], eps[t == 1], "at t = 1 it must be eps, and nothing else"
        ) or must_equal(
            got[t == 0], start[t == 0], "at t = 0 it must be x0 + sigma_min * eps"
        )
        if said is not None:
            return said
    return None


def _straight(inputs: Inputs, outputs: Outputs) -> str | None:
    """Both ends are known, so a straight line is known everywhere."""
    x0, eps = inputs["x0"].astype(float), inputs["eps"].astype(float)
    t = column(inputs["t"], x0)
    for name, left in zip(outputs, (0.0, inputs["sigma_min"]), strict=True):
        start = x0 + left * eps
        said = must_equal(
            outputs[name],
            start + t * (eps - start),
            "it is not the straight line between its two ends",
        )
        if said is not None:
            return said
    return None


def _path(signal: Function, noise: Function) -> Function:
    """A version from the two coefficients, functions of (t, sigma_min)."""

    def conditional_path(
        x0: Tensor, eps: Tensor, t: Tensor, sigma_min: float = 0.0
    ) -> Tensor:
        a, b = signal(t, sigma_min), noise(t, sigma_min)
        return expand_as(a, x0) * x0 + expand_as(b, x0) * eps

    return conditional_path


def _noise(t: Tensor, left: float) -> Tensor:
    return left + (1 - left) * t


def _unshaped(x0: Tensor, eps: Tensor, t: Tensor, sigma_min: float = 0.0) -> Tensor:
    return (1 - t) * x0 + _noise(t, sigma_min) * eps


def _lerp(x0: Tensor, eps: Tensor, t: Tensor, sigma_min: float = 0.0) -> Tensor:
    start = torch.add(x0, eps, alpha=sigma_min)
    return torch.lerp(start, eps, t[(...,) + (None,) * (x0.ndim - 1)])


def _loop(x0: Tensor, eps: Tensor, t: Tensor, sigma_min: float = 0.0) -> Tensor:
    rows = []
    for a, b, time in zip(x0, eps, t.tolist(), strict=True):
        paper = 1 - time  # the papers' clock, and their formula
        rows.append((1 - (1 - sigma_min) * paper) * b + paper * a)
    return torch.stack(rows)


CONDITIONAL_PATH = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(Oracle("both ends", _ends), Oracle("straight between them", _straight)),
    mutants=(
        Mutant(
            "clock reversed",
            _path(lambda t, m: t, lambda t, m: 1 - (1 - m) * t),
            BACKWARDS,
        ),
        Mutant(
            "half translated",
            _path(lambda t, m: 1 - t, lambda t, m: 1 - (1 - m) * t),
            "eps still has the papers' clock: its coefficient grows with t here",
        ),
        Mutant(
            "sigma_min ignored",
            _path(lambda t, m: 1 - t, lambda t, m: t),
            "sigma_min changes nothing: at t = 0 that much noise must be left",
        ),
        Mutant(
            "sigma_min on top",
            _path(lambda t, m: 1 - t, lambda t, m: m + t),
            "sigma_min is added at all times: at t = 1 the coefficient of eps must be "
            "1, so the rest shrinks to 1 - sigma_min",
        ),
        Mutant(
            "sigma_min on the data",
            _path(lambda t, m: 1 - (1 - m) * t, _noise),
            "sigma_min is left of the data at t = 1: only the noise has a smallest "
            "size, the data vanishes",
        ),
        Mutant(
            "larger of the two",
            _path(lambda t, m: 1 - t, lambda t, m: t.clamp(min=m)),
            "the noise is clamped from below at sigma_min: the line must stay straight "
            "until t = 0",
        ),
        Mutant(
            "variance kept",
            _path(lambda t, m: (1 - t**2).clamp(min=0).sqrt(), _noise),
            "the data is scaled with sqrt(1 - t^2): that keeps the variance, as in "
            "lecture 1; here the path is a straight line",
        ),
        Mutant(
            "minus",
            _path(lambda t, m: 1 - t, lambda t, m: -_noise(t, m)),
            "the noise is subtracted: the line leads to eps, not to -eps",
        ),
        Mutant("not reshaped", _unshaped, UNSHAPED),
    ),
    variants=(
        Variant("lerp from the noisy start", _lerp),
        Variant("a loop on the papers' clock", _loop),
    ),
)
