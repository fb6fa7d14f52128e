"""Lecture 3, two ways to follow a velocity: 03.5 euler_step, 03.6 heun_step."""

import numpy as np
from torch import Tensor

from coursekit.checks.spec import (
    BadResult,
    Function,
    Inputs,
    Oracle,
    Outputs,
    Probe,
)
from coursekit.checks.tensors import (
    KINDS,
    array,
    column,
    must_equal,
    tensor,
)
from coursekit.workbook.exercises.flow_batch import Watched, flow_batch, to_point
from coursekit.workbook.exercises.flow_steps_versions import (
    EULER_MUTANTS,
    EULER_VARIANTS,
    HEUN_MUTANTS,
    HEUN_VARIANTS,
)


def _inputs(seed: int) -> Inputs:
    rng, inputs = flow_batch(seed, "x", "x0", "eps", earliest=0.3)
    share = rng.uniform(0.1, 0.8, len(inputs["t"]))
    inputs["s"] = (share * inputs["t"]).astype(inputs["t"].dtype)
    return inputs


def _rising(x: Tensor, t: Tensor) -> Tensor:
    """A velocity that looks at the time only: the clock itself, everywhere."""
    return t.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1)).expand_as(x)


def _towards_zero(x: Tensor, t: Tensor) -> Tensor:
    return x


def _call(fn: Function, inputs: Inputs) -> Outputs:
    names = ("x", "x0", "eps", "t", "s")
    x, x0, eps, t, s = (tensor(inputs[name]) for name in names)
    field = Watched()
    moved = array(fn(field, x, t, s))
    if not field.times:
        raise BadResult("the velocity is never asked: call velocity(x, t)")
    time = t.reshape(-1, *[1] * (x.ndim - 1))
    return {
        "the step": moved,
        "t that the velocity sees": field.seen(),
        "evaluations": np.array([float(len(field.times))]),
        "the step up, from s to t": array(fn(Watched(), x, s, t)),
        "the step on a straight line": array(
            fn(to_point(x0), (1 - time) * x0 + time * eps, t, s)
        ),
        "the step where the velocity is x": array(fn(_towards_zero, x, t, s)),
        "the step where the velocity is t": array(fn(_rising, x, t, s)),
    }


def _along(inputs: Inputs, outputs: Outputs) -> str | None:
    """On a straight path any solver is exact, however long the step."""
    s = column(inputs["s"], inputs["x0"])
    return must_equal(
        outputs["the step on a straight line"],
        inputs["x0"] + s * (inputs["eps"].astype(float) - inputs["x0"]),
        "on a straight line it must arrive exactly at the line's point of time s",
    )


def _growth(terms: int) -> Oracle:
    """Where the velocity is x, the step is the first terms of e^(s - t)."""

    def complaint(inputs: Inputs, outputs: Outputs) -> str | None:
        h = column(inputs["s"], inputs["x"]) - column(inputs["t"], inputs["x"])
        factor = 1 + h if terms == 2 else 1 + h + h**2 / 2
        return must_equal(
            outputs["the step where the velocity is x"],
            factor * inputs["x"],
            "where the velocity is x itself, the factor is not "
            + ("1 + h" if terms == 2 else "1 + h + h^2 / 2, which is e^h to order 2"),
        )

    return Oracle("a velocity that is x", complaint)


def _clock(order: int) -> Oracle:
    """Where the velocity is t: the area of a rectangle, or of the true trapezium."""

    def complaint(inputs: Inputs, outputs: Outputs) -> str | None:
        t, s = column(inputs["t"], inputs["x"]), column(inputs["s"], inputs["x"])
        way = (s - t) * t if order == 1 else (s**2 - t**2) / 2
        return must_equal(
            outputs["the step where the velocity is t"],
            inputs["x"] + way,
            "where the velocity is t itself, x must move by "
            + ("(s - t) * t" if order == 1 else "(s^2 - t^2) / 2, the exact integral"),
        )

    return Oracle("a velocity that is t", complaint)


def _asked(wanted: tuple[str, ...]) -> Oracle:
    """The times at which the velocity is looked up, in order."""

    def complaint(inputs: Inputs, outputs: Outputs) -> str | None:
        if outputs["evaluations"][0] != len(wanted):
            return f"the velocity is asked {outputs['evaluations'][0]:.0f} times"
        return must_equal(
            outputs["t that the velocity sees"],
            np.stack([inputs[name].astype(float) for name in wanted]),
            f"the velocity is not asked at {' and '.join(wanted)}",
        )

    return Oracle("when the velocity is asked", complaint)


EULER_STEP = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("exact on straight lines", _along),
        _growth(2),
        _clock(1),
        _asked(("t",)),
    ),
    mutants=EULER_MUTANTS,
    variants=EULER_VARIANTS,
)

HEUN_STEP = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("exact on straight lines", _along),
        _growth(3),
        _clock(2),
        _asked(("t", "s")),
    ),
    mutants=HEUN_MUTANTS,
    variants=HEUN_VARIANTS,
)
