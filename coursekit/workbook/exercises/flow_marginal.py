"""Lecture 3, the velocity of the whole flow: 03.3 marginal_velocity."""

import numpy as np

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    column,
    must_equal,
    tensor,
)
from coursekit.workbook.exercises.flow_batch import flow_batch
from coursekit.workbook.exercises.flow_marginal_versions import MUTANTS, VARIANTS

_POINTS = 5  # data points; the batch has seven


def _inputs(seed: int) -> Inputs:
    rng, inputs = flow_batch(seed, "xt", earliest=0.3)
    like = inputs["xt"]
    # As many dimensions there are, as close the points: several of them must count.
    data = rng.standard_normal((_POINTS, *like.shape[1:])) * 2 / np.sqrt(like[0].size)
    t = column(inputs["t"], like)
    start = data[rng.integers(0, _POINTS, len(like))]
    inputs["data"] = data.astype(like.dtype)
    inputs["xt"] = ((1 - t) * start + t * like).astype(like.dtype)
    return inputs | {"sigma_min": float(rng.uniform(0.1, 0.3))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    xt, t, data = (tensor(inputs[name]) for name in ("xt", "t", "data"))
    return {
        "velocity": array(fn(xt, t, data)),
        "velocity with sigma_min": array(fn(xt, t, data, inputs["sigma_min"])),
        "velocity for one data point": array(fn(xt, t, data[:1])),
        "velocity far away": array(fn(100 * xt, t, data)),
    }


def _by_hand(inputs: Inputs, scale: float = 1.0, left: float = 0.0) -> Array:
    """Sample by sample, data point by data point."""
    found = np.zeros(inputs["xt"].shape)
    for row, (x, t) in enumerate(zip(inputs["xt"] * scale, inputs["t"], strict=True)):
        noise = left + (1 - left) * float(t)
        units = [(x.astype(float) - (1 - float(t)) * y) / noise for y in inputs["data"]]
        energies = np.array([(unit**2).sum() / 2 for unit in units])
        weights = np.exp(energies.min() - energies)
        slopes = [
            (1 - left) * unit - y for unit, y in zip(units, inputs["data"], strict=True)
        ]
        found[row] = sum(
            w * v for w, v in zip(weights / weights.sum(), slopes, strict=True)
        )
    return found


def _average(inputs: Inputs, outputs: Outputs) -> str | None:
    for name, left in (
        ("velocity", 0.0),
        ("velocity with sigma_min", inputs["sigma_min"]),
    ):
        said = must_equal(
            outputs[name],
            _by_hand(inputs, left=left),
            "it is not the average of the conditional velocities, weighted with the "
            "probability of each data point",
        )
        if said is not None:
            return said
    return None


def _one(inputs: Inputs, outputs: Outputs) -> str | None:
    t = column(inputs["t"], inputs["xt"])
    return must_equal(
        outputs["velocity for one data point"],
        (inputs["xt"] - inputs["data"][:1]) / t,
        "for a single data point it must be its conditional velocity",
    )


def _at_noise(inputs: Inputs, outputs: Outputs) -> str | None:
    last = inputs["t"] == 1
    return must_equal(
        outputs["velocity"][last],
        inputs["xt"][last] - inputs["data"].mean(axis=0),
        "at t = 1 x_t says nothing about x0: it must be x_t minus the mean of the data",
    )


def _far(inputs: Inputs, outputs: Outputs) -> str | None:
    want = _by_hand(inputs, scale=100.0)
    # x is large there: rounding is relative to it
    size = np.abs(want).max()
    return must_equal(
        (outputs["velocity far away"] / size).astype(inputs["xt"].dtype),
        want / size,
        "far away from all data, where every density is tiny, it goes wrong",
    )


MARGINAL_VELOCITY = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("average of conditional velocities", _average),
        Oracle("a single data point", _one),
        Oracle("pure noise", _at_noise),
        Oracle("far away", _far),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
