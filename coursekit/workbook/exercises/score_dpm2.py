"""Lecture 2, a look at the middle of the step: 02.14 dpm2_step."""

import math

import numpy as np

from coursekit.checks.spec import Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import KINDS, Array, must_equal
from coursekit.workbook.exercises.score_dpm1 import (
    EXACT,
    between,
    solver_call,
    solver_inputs,
)
from coursekit.workbook.exercises.score_dpm2_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.score_walks import bend_by_hand, by_hand, routes


def _time_of(inputs: Inputs, name: str, log_ratio: Array) -> Array:
    """The time at which log(alpha / sigma) has that value, solved by hand."""
    k = np.exp(-log_ratio)  # sigma / alpha
    if name == "VPPath":
        low, rise = inputs["beta_min"], inputs["beta_max"] - inputs["beta_min"]
        area = np.log(1 + k**2)  # of beta, from 0 to the time
        found = (np.sqrt(low**2 + 2 * rise * area) - low) / rise
    elif name == "VEPath":
        grown = math.log(inputs["sigma_max"] / inputs["sigma_min"])
        found = np.log(k / inputs["sigma_min"]) / grown
    elif name == "LinearPath":
        found = k / (1 + k)
    elif name == "CosinePath":
        found = np.arctan(k) * 2 / math.pi
    else:
        a, b = inputs["bend"] * k, inputs["rest"] - k
        found = (np.sqrt(1 - 4 * a * b) - 1) / (2 * a)
    return np.asarray(found)


def _middle(inputs: Inputs, name: str) -> Array:
    ends = [by_hand(inputs, name, inputs[time]).log_ratio for time in ("t", "s")]
    return _time_of(inputs, name, (ends[0] + ends[1]) / 2)


def _through_the_middle(inputs: Inputs, outputs: Outputs) -> str | None:
    x, t, s = inputs["x"].astype(float), inputs["t"], inputs["s"]
    for name in routes(inputs):
        m = _middle(inputs, name)
        there = between(inputs, name, (t, m), x, bend_by_hand(x, t))
        said = must_equal(
            outputs[f"the step on {name}"],
            between(inputs, name, (t, s), x, bend_by_hand(there, m)),
            f"on {name} it must be the whole step from x, with the noise that the "
            "network sees in the middle",
        )
        if said is not None:
            return said
    return None


def _asked(inputs: Inputs, outputs: Outputs) -> str | None:
    if (outputs["evaluations"] != 2).any():
        count = outputs["evaluations"][0]
        return f"the network is asked {count:.0f} times: it must be twice"
    times = [[inputs["t"], _middle(inputs, name)] for name in routes(inputs)]
    wanted = np.repeat(np.array(times)[..., None], len(inputs["x"]), axis=2)
    return must_equal(
        outputs["t that the network sees"],
        wanted,
        "the network must be asked at t, and where log(alpha / sigma) is the mean of "
        "both ends",
    )


DPM2_STEP = Probe(
    inputs=solver_inputs,
    call=solver_call,
    cases=KINDS,
    oracles=(
        EXACT,
        Oracle("when the network is asked", _asked),
        Oracle("through the middle", _through_the_middle),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
