"""Lecture 3, the velocity of one line: 03.2 conditional_velocity."""

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
    must_equal,
    tensor,
)
from coursekit.theory.paths import expand_as
from coursekit.workbook.exercises.flow_batch import PAPER_SIGN, UNSHAPED, flow_batch


def _inputs(seed: int) -> Inputs:
    rng, inputs = flow_batch(seed, "xt", "x0", "eps", earliest=0.2)
    return inputs | {"sigma_min": float(rng.uniform(0.1, 0.3))}


def _line(inputs: Inputs) -> Array:
    """Where the line from x0 to eps is at time t."""
    t, left = column(inputs["t"], inputs["x0"]), inputs["sigma_min"]
    point = (1 - t) * inputs["x0"] + (left + (1 - left) * t) * inputs["eps"]
    found: Array = point.astype(inputs["x0"].dtype)
    return found


def _call(fn: Function, inputs: Inputs) -> Outputs:
    xt, x0, t = (tensor(inputs[name]) for name in ("xt", "x0", "t"))
    left = inputs["sigma_min"]
    return {
        "velocity": array(fn(xt, x0, t)),
        "velocity with sigma_min": array(fn(xt, x0, t, left)),
        "velocity on the line": array(fn(tensor(_line(inputs)), x0, t, left)),
    }


def _slope(inputs: Inputs, outputs: Outputs) -> str | None:
    slope = (1 - inputs["sigma_min"]) * inputs["eps"].astype(float) - inputs["x0"]
    return must_equal(
        outputs["velocity on the line"],
        slope,
        "on the line from x0 to eps it must be the slope (1 - sigma_min) * eps - x0",
    )


def _arrives(inputs: Inputs, outputs: Outputs) -> str | None:
    t = column(inputs["t"], inputs["xt"])
    return must_equal(
        (inputs["xt"] - t * outputs["velocity"]).astype(inputs["xt"].dtype),
        inputs["x0"],
        "for sigma_min = 0, going back from x_t along it for the time t must arrive at "
        "x0",
    )


def _centre(inputs: Inputs, outputs: Outputs) -> str | None:
    """Follow the centre of the law, (1 - t) x0, and its spread, which both are known.

    x_t = (1 - t) x0 + spread * e moves with -x0 + spread' * e, whatever e is.
    """
    xt, x0 = inputs["xt"].astype(float), inputs["x0"].astype(float)
    t, left = column(inputs["t"], xt), inputs["sigma_min"]
    unit = (xt - (1 - t) * x0) / (t + left * (1 - t))
    return must_equal(
        outputs["velocity with sigma_min"],
        unit - left * unit - x0,
        "away from the line it does not move the noise around x0 as it should",
    )


def _field(top: Function | None = None, bottom: Function | None = None) -> Function:
    """A version from its numerator (xt, x0, t, m) and its denominator (t, m)."""

    def conditional_velocity(
        xt: Tensor, x0: Tensor, t: Tensor, sigma_min: float = 0.0
    ) -> Tensor:
        above = (top or _top)(xt, x0, expand_as(t, xt), sigma_min)
        below = (bottom or _noise)(t, sigma_min)
        found: Tensor = above / expand_as(below, xt)
        return found

    return conditional_velocity


def _top(xt: Tensor, x0: Tensor, t: Tensor, left: float) -> Tensor:
    return (1 - left) * xt - x0


def _noise(t: Tensor, left: float) -> Tensor:
    return left + (1 - left) * t


def _unshaped(xt: Tensor, x0: Tensor, t: Tensor, sigma_min: float = 0.0) -> Tensor:
    return ((1 - sigma_min) * xt - x0) / _noise(t, sigma_min)


def _by_noise(xt: Tensor, x0: Tensor, t: Tensor, sigma_min: float = 0.0) -> Tensor:
    time = t.view(-1, *[1] * (xt.ndim - 1))
    eps = (xt - (1 - time) * x0) / torch.lerp(
        torch.full_like(time, sigma_min), torch.ones_like(time), time
    )
    return (1 - sigma_min) * eps - x0


def _by_slopes(xt: Tensor, x0: Tensor, t: Tensor, sigma_min: float = 0.0) -> Tensor:
    """spread' / spread * (x - mean) + mean', row by row."""
    rows = []
    for x, point, time in zip(xt, x0, t.tolist(), strict=True):
        rate = (1 - sigma_min) / (sigma_min + time - sigma_min * time)
        rows.append(rate * (x - (1 - time) * point) - point)
    return torch.stack(rows)


CONDITIONAL_VELOCITY = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("slope of the line", _slope),
        Oracle("arrives at the data", _arrives),
        Oracle("moves centre and spread", _centre),
    ),
    mutants=(
        Mutant(
            "papers' sign",
            _field(lambda xt, x0, t, m: x0 - (1 - m) * xt),
            PAPER_SIGN,
        ),
        Mutant(
            "papers' clock below",
            _field(bottom=lambda t, m: 1 - (1 - m) * t),
            "the denominator still has the papers' clock: the noise level at t is "
            "sigma_min + (1 - sigma_min) * t",
        ),
        Mutant(
            "not divided",
            _field(bottom=lambda t, m: torch.ones_like(t)),
            "the division by the noise level is missing: x_t is only part of the way "
            "to eps",
        ),
        Mutant(
            "sigma_min ignored",
            _field(lambda xt, x0, t, m: xt - x0, lambda t, m: t),
            "sigma_min changes nothing: it belongs above and below",
        ),
        Mutant(
            "no sigma_min below",
            _field(bottom=lambda t, m: t),
            "sigma_min is missing in the denominator: the noise level at t = 0 is "
            "sigma_min, not 0",
        ),
        Mutant(
            "no sigma_min above",
            _field(lambda xt, x0, t, m: xt - x0),
            "sigma_min is missing in the numerator: the slope has (1 - sigma_min) * "
            "eps",
        ),
        Mutant(
            "data does not move",
            _field(lambda xt, x0, t, m: (1 - m) * (xt - (1 - t) * x0)),
            "this is (1 - sigma_min) * eps only: the data moves too, so -x0 belongs to "
            "the slope",
        ),
        Mutant(
            "just the noise",
            _field(lambda xt, x0, t, m: xt - (1 - t) * x0),
            "this is eps: the velocity is the slope (1 - sigma_min) * eps - x0",
        ),
        Mutant("not reshaped", _unshaped, UNSHAPED),
    ),
    variants=(
        Variant("solve for eps first", _by_noise),
        Variant("slopes of mean and spread", _by_slopes),
    ),
)
