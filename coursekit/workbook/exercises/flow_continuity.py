"""Lecture 3, nothing is lost on the way: 03.7 continuity_residual."""

from collections.abc import Callable

import numpy as np
from torch import Tensor

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    Array,
    array,
    equals,
    generator,
    must_equal,
    tensor,
)
from coursekit.theory.flow import (
    Density,
    Velocity,
    marginal_density,
    marginal_velocity,
)
from coursekit.workbook.exercises.flow_batch import PLANES
from coursekit.workbook.exercises.flow_continuity_versions import MUTANTS, VARIANTS


def _inputs(seed: int) -> Inputs:
    rng, dims = generator(seed), 2 + seed % 2
    return {
        "x": 0.7 * rng.standard_normal((7, dims)),
        "t": rng.uniform(0.35, 0.9, 7),
        "data": 0.8 * rng.standard_normal((4, dims)),
        # A Gaussian bump that drifts, and a linear field that does not fit it.
        "drift": rng.standard_normal(dims),
        "matrix": 0.8 * rng.standard_normal((dims, dims)),
        "shift": rng.standard_normal(dims),
        "width": float(rng.uniform(0.7, 1.3)),
    }


def _bump(inputs: Inputs) -> Density:
    """exp(-|x - drift t|^2 / (2 width^2)): a density need not be normalised."""
    drift, width = tensor(inputs["drift"]), inputs["width"]

    def density(x: Tensor, t: Tensor) -> Tensor:
        offset = x - t[:, None] * drift
        found: Tensor = (-(offset**2).sum(1) / (2 * width**2)).exp()
        return found

    return density


def _linear(inputs: Inputs) -> Velocity:
    matrix, shift = tensor(inputs["matrix"]), tensor(inputs["shift"])
    return lambda x, t: x @ matrix.T + (1 + t[:, None]) * shift


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, t, data = (tensor(inputs[name]) for name in ("x", "t", "data"))
    drift = tensor(inputs["drift"])
    bump, linear = _bump(inputs), _linear(inputs)

    def density(x: Tensor, t: Tensor) -> Tensor:
        return marginal_density(x, t, data)

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        return marginal_velocity(x, t, data)

    def twice(x: Tensor, t: Tensor) -> Tensor:
        return 2 * velocity(x, t)

    def still(x: Tensor, t: Tensor) -> Tensor:
        return 0 * x

    def ride(x: Tensor, t: Tensor) -> Tensor:
        return drift.expand_as(x) + 0 * x

    def flat(x: Tensor, t: Tensor) -> Tensor:
        return (0 * x).sum(1) + 1.5 + 0 * t

    fields: dict[str, tuple[Density, Callable[[Tensor, Tensor], Tensor]]] = {
        "residual of the exact flow": (density, velocity),
        "residual at twice the speed": (density, twice),
        "residual of a drifting bump": (bump, ride),
        "residual of a field that does not fit": (bump, linear),
        "residual when nothing moves": (bump, still),
        "residual of an even density": (flat, linear),
    }
    return {name: array(fn(p, u, x, t)) for name, (p, u) in fields.items()}


def _bump_terms(inputs: Inputs) -> tuple[Array, Array, Array]:
    """Density, its slope in x and its slope in t, by hand."""
    offset = inputs["x"] - inputs["t"][:, None] * inputs["drift"]
    density = np.exp(-(offset**2).sum(1) / (2 * inputs["width"] ** 2))
    slope = -density[:, None] * offset / inputs["width"] ** 2
    return density, slope, -(slope @ inputs["drift"])


def _misfit(inputs: Inputs) -> Array:
    density, slope, rate = _bump_terms(inputs)
    field = inputs["x"] @ inputs["matrix"].T
    field = field + (1 + inputs["t"][:, None]) * inputs["shift"]
    found: Array = rate + (slope * field).sum(1) + density * np.trace(inputs["matrix"])
    return found


def _kept(inputs: Inputs, outputs: Outputs) -> str | None:
    for name in ("residual of the exact flow", "residual of a drifting bump"):
        said = must_equal(
            outputs[name],
            np.zeros(len(inputs["x"])),
            "where the velocity really moves the density, the residual must be 0",
        )
        if said is not None:
            return said
    return None


def _even(inputs: Inputs) -> Array:
    return np.full(len(inputs["x"]), 1.5 * np.trace(inputs["matrix"]))


CONTINUITY_RESIDUAL = Probe(
    inputs=_inputs,
    call=_call,
    cases=PLANES,
    oracles=(
        Oracle("flows that keep their mass", _kept),
        equals(
            "a linear field across a bump",
            "residual of a field that does not fit",
            _misfit,
            "for a Gaussian bump and a linear field it is not what the derivatives say",
        ),
        equals(
            "nothing moves",
            "residual when nothing moves",
            lambda inputs: _bump_terms(inputs)[2],
            "when the velocity is 0 it must be dp/dt",
        ),
        equals(
            "an even density",
            "residual of an even density",
            _even,
            "for a density that is the same everywhere and always it must be that "
            "density times div(velocity)",
        ),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
